"""Events as text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.tests.wire.scripts import APPEND, DIRECTOR_GREETING, STORAGE_GREETING, D, F, encoded, observe
from fdsim.wire import linecomp
from fdsim.wire.conversation import Conversation, Link
from fdsim.wire.events import Event, Kind, Meaning
from fdsim.wire.frames import Packet
from fdsim.wire.roles import Role
from fdsim.wire.transcript import direction, escape, line, lines


def test_lines_of_a_conversation() -> None:
    events = observe(DIRECTOR_GREETING[:1], [(F, b"auth cram-md5 <1.2@lab-fd> ssl=0"), (D, -4)])
    assert "\n".join(lines(events)) == (
        r"     1 D>F  hello                     35  Hello Director lab-dir calling 103\n"
        "  -- Director lab-dir, version 103\n"
        "     2 F>D  challenge                 32  auth cram-md5 <1.2@lab-fd> ssl=0"
        "  !! the newline at the end is missing\n"
        "     3 D>F  terminate          TERMINATE"
    )


def test_note_and_deviation_on_one_line() -> None:
    event = Event(7, D, F, Packet(b"x"), Meaning(Kind.UNKNOWN, "a note", None, ("first", "second")))
    assert line(event) == "     7 D>F  unknown                    1  x  -- a note  !! first; second"


def test_compressed_packet_is_marked_and_shown_in_clear() -> None:
    conversation = Conversation(Link.STORAGE)
    for sender, content in (*STORAGE_GREETING, *APPEND, (F, b"1 1 0"), (F, -1), (F, b"1 2 0")):
        conversation.feed(sender, encoded(content))
    block = linecomp.compress(b"hello " * 40)
    assert block is not None
    (event,) = conversation.feed(F, (0x40000000 | len(block)).to_bytes(4, "big") + block)
    assert line(event, limit=12) == "    16 F>S  data                     240z hello hello ...  -- FILE_DATA"


def test_end_of_a_direction() -> None:
    conversation = Conversation(Link.DIRECTOR)
    assert [line(event) for event in conversation.end(D)] == ["     1 D>F  closed"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain ~\n", r"plain ~\n"),
        (b"\0\t\r\\\x1b\x7f\x80\xff", r"\0\t\r\\\x1b\x7f\x80\xff"),
        (b"", ""),
    ],
)
def test_escape(data: bytes, text: str) -> None:
    assert escape(data) == text


def test_escape_cuts() -> None:
    assert escape(b"0123456789", 10) == "0123456789"
    assert escape(b"0123456789\n", 10) == "0123456789..."


@given(st.binary())
def test_escape_loses_nothing(data: bytes) -> None:
    text = escape(data, limit=len(data))
    assert text.isascii()
    assert text == "" or text.isprintable()
    python = re.sub(r"\\(\\|0)", lambda found: r"\x00" if found[1] == "0" else r"\x5c", text)
    assert python.encode("ascii").decode("unicode-escape").encode("latin-1") == data


def test_direction() -> None:
    assert direction(Role.FILE_DAEMON, Role.STORAGE_DAEMON) == "F>S"


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_every_event_is_one_printable_line(payloads: list[bytes]) -> None:
    events = observe(DIRECTOR_GREETING, [(D, payload) for payload in payloads])
    for text in lines(events):
        assert text.isascii()
        assert text.isprintable()
