"""The observer as a whole: ends, broken frames, and what no input may do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.tests.wire.scripts import (
    APPEND,
    BACKUP,
    DIRECTOR_GREETING,
    READ,
    SESSION,
    STORAGE_GREETING,
    D,
    F,
    S,
    Script,
    encoded,
    kinds,
    link_of,
    observe,
)
from fdsim.wire.conversation import Conversation, Link
from fdsim.wire.errors import LocalProtocolError
from fdsim.wire.events import Event, Kind
from fdsim.wire.frames import Packet, Signal
from fdsim.wire.roles import Role


def test_end_of_a_direction() -> None:
    conversation = Conversation(Link.DIRECTOR)
    conversation.feed(D, encoded(b"Hello Director lab-dir calling 103\n"))
    assert kinds(conversation.end(D)) == [Kind.CLOSED]
    assert conversation.end(D) == []
    assert conversation.feed(D, encoded(b"more")) == []
    assert conversation.feed(F, encoded(b"auth cram-md5 <1.2@lab-fd> ssl=0\n")[:10]) == []
    (event,) = conversation.end(F)
    assert event.kind is Kind.BROKEN
    assert event.deviations == ("closed in the middle of a frame, 10 bytes of which came",)
    assert event.frame is None


def test_broken_frame_is_the_last_event_of_its_direction_only() -> None:
    conversation = Conversation(Link.DIRECTOR)
    events = conversation.feed(D, encoded(b"Hello Director lab-dir calling 103\n") + bytes.fromhex("1fffffff"))
    assert kinds(events) == [Kind.HELLO, Kind.BROKEN]
    assert events[1].deviations == ("packet of 536870911 bytes announced (word 0x1fffffff), 1000000 are allowed",)
    assert conversation.feed(D, encoded(b"more")) == []
    assert kinds(conversation.feed(F, encoded(b"auth cram-md5 <1.2@lab-fd> ssl=0\n"))) == [Kind.CHALLENGE]


def test_daemon_that_has_no_part() -> None:
    with pytest.raises(LocalProtocolError, match="a Storage daemon has no part in this conversation"):
        Conversation(Link.DIRECTOR).feed(S, b"")


@given(data=st.data(), script=st.sampled_from([BACKUP, SESSION]))
def test_pieces_do_not_matter(data: st.DataObject, script: Script) -> None:
    """A frame may begin to arrive before the other side's last one is complete."""
    frames = [(sender, encoded(content)) for sender, content in script]
    conversation = Conversation(link_of(script))
    events: list[Event] = []
    ahead = dict.fromkeys(Role, 0)
    for number, (sender, frame) in enumerate(frames):
        following = next(((who, what) for who, what in frames[number + 1 :] if who is not sender), None)
        if following is not None:
            who, what = following
            early = data.draw(st.integers(ahead[who], len(what) - 1))
            events += conversation.feed(who, what[ahead[who] : early])
            ahead[who] = early
        cut = data.draw(st.integers(ahead[sender], len(frame)))
        events += conversation.feed(sender, frame[ahead[sender] : cut])
        events += conversation.feed(sender, frame[cut:])
        ahead[sender] = 0
    assert events == observe(script)


@given(script=st.sampled_from([BACKUP, SESSION]))
def test_runs_of_one_sender_may_come_at_once(script: Script) -> None:
    conversation = Conversation(link_of(script))
    events: list[Event] = []
    run = b""
    for number, (sender, content) in enumerate(script):
        run += encoded(content)
        if number + 1 == len(script) or script[number + 1][0] is not sender:
            events += conversation.feed(sender, run)
            run = b""
    assert events == observe(script)


LINKS = st.sampled_from(Link)
CONTENT = st.one_of(
    st.integers(-(1 << 31), -1),
    st.integers(-10, -1),
    st.binary(max_size=60),
    st.sampled_from([content for _, content in (*BACKUP, *SESSION, *READ)]),
    st.sampled_from([b"rechdr 1 1 1 1 3", b"accurate files=1\n", b"verify level=init\n", b"restoreobject x\n"]),
    st.sampled_from([b"estimate\n", b"cancel Job=x\n", b"1 1 0", b"\x80\xff \xf0", b"\0", b""]),
)


@given(link=LINKS, pieces=st.lists(st.tuples(st.booleans(), st.binary(max_size=40))))
def test_no_bytes_raise_an_error(link: Link, pieces: list[tuple[bool, bytes]]) -> None:
    conversation = Conversation(link)
    events = [event for first, piece in pieces for event in conversation.feed(link.roles[not first], piece)]
    events += [event for role in link.roles for event in conversation.end(role)]
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert len([event for event in events if event.kind in {Kind.CLOSED, Kind.BROKEN}]) == 2


@given(link=LINKS, lines=st.lists(st.tuples(st.booleans(), CONTENT), max_size=30))
def test_no_frames_raise_an_error(link: Link, lines: list[tuple[bool, bytes | int]]) -> None:
    conversation = Conversation(link)
    for sender, content in DIRECTOR_GREETING if link is Link.DIRECTOR else STORAGE_GREETING:
        conversation.feed(sender, encoded(content))
    for first, content in lines:
        (event,) = conversation.feed(link.roles[not first], encoded(content))
        expected = Packet(content) if isinstance(content, bytes) else Signal(content)
        assert event.frame == expected


@pytest.mark.parametrize(
    ("script", "line"),
    [
        (DIRECTOR_GREETING, (D, b"JobId=" + b"9" * 5000 + b" Job=x SDid=1 SDtime=1 Authorization=x\n")),
        ([*DIRECTOR_GREETING, (D, b"cancel Job=x\n")], (F, b'2001 Job "x" marked to be _.\n')),
        ([*STORAGE_GREETING, *APPEND], (F, b"9" * 5000 + b" 1 1")),
        ([*STORAGE_GREETING, *APPEND, (F, b"1 1 0")], (F, b"9" * 5000 + b" 1 x\0\0\0\0")),
        ([*STORAGE_GREETING, *APPEND, (F, b"1 1 0")], (F, b"1 1 x\0\0\0\0" + b"9" * 5000)),
    ],
)
def test_no_absurd_number_or_word_raises_an_error(script: Script, line: tuple[Role, bytes]) -> None:
    *_, event = observe(script, [line])
    assert event.frame == Packet(line[1])
