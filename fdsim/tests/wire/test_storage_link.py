"""What File daemon and Storage daemon say, after the protocol document; ``test_captures`` shows what real ones said."""

from __future__ import annotations

import pytest

from fdsim.tests.wire.scripts import (
    APPEND,
    EOD,
    HEARTBEAT,
    LSTAT,
    POLL,
    READ,
    STORAGE_GREETING,
    TERMINATE,
    F,
    S,
    Script,
    after,
    clean,
    kinds,
)
from fdsim.wire.events import Kind
from fdsim.wire.messages import storage
from fdsim.wire.records import RecordHeader, StreamHeader


def test_append_session() -> None:
    events = clean(
        after(
            STORAGE_GREETING,
            APPEND,
            [
                (F, b"1 1 0"),
                (F, b"1 3 /srv/tree/a\0" + LSTAT + b"\0\0\0" + b"0\0"),
                (F, EOD),
                (F, b"1 2 12"),
                (S, HEARTBEAT),
                (F, b"hello "),
                (S, POLL),
                (F, b"2000 OK\n"),
                (F, b"world\n"),
                (F, EOD),
                (F, b"1 3 0"),
                (F, bytes.fromhex("6f5902ac237024bdd0c176cb93063dc4")),
                (F, EOD),
                (F, EOD),
                (S, b"3000 OK append data\n"),
                (F, b"append end session 1\n"),
                (S, b"3000 OK end\n"),
                (F, b"append close session 1\n"),
                (S, b"3000 OK close Status = 84\n"),
                (S, EOD),
                (F, TERMINATE),
            ],
        )
    )
    assert kinds(events) == [
        Kind.SESSION_COMMAND,
        Kind.SESSION_REPLY,
        Kind.SESSION_COMMAND,
        Kind.SESSION_REPLY,
        Kind.STREAM_HEADER,
        Kind.ATTRIBUTES,
        Kind.END_OF_STREAM,
        Kind.STREAM_HEADER,
        Kind.HEARTBEAT,
        Kind.DATA,
        Kind.POLL,
        Kind.POLL,
        Kind.DATA,
        Kind.END_OF_STREAM,
        Kind.STREAM_HEADER,
        Kind.DIGEST,
        Kind.END_OF_STREAM,
        Kind.END_OF_DATA,
        Kind.SESSION_REPLY,
        Kind.SESSION_COMMAND,
        Kind.SESSION_REPLY,
        Kind.SESSION_COMMAND,
        Kind.SESSION_REPLY,
        Kind.END_OF_LIST,
        Kind.TERMINATE,
    ]
    assert events[4].message == StreamHeader(1, 1, 0)
    assert events[4].note == "FileIndex 1, UNIX_ATTRIBUTES"
    assert events[5].note == "REG"
    assert events[15].note == "6f5902ac237024bdd0c176cb93063dc4"


def test_read_session() -> None:
    attributes = b"1 3 /srv/tree/a\0" + LSTAT + b"\0\0\0" + b"0\0"
    events = clean(
        after(
            STORAGE_GREETING,
            READ,
            [
                (S, b"rechdr 1 1795392655 1 1 %d" % len(attributes)),
                (S, attributes),
                (S, HEARTBEAT),
                (S, b"rechdr 1 1795392655 1 2 6"),
                (S, POLL),
                (F, b"2000 OK\n"),
                (S, b"hello\n"),
                (S, EOD),
                (F, b"read close session 2\n"),
                (S, b"3000 OK close Status = 82\n"),
                (F, TERMINATE),
                (S, EOD),
                (F, TERMINATE),
            ],
        )
    )
    assert kinds(events)[4:] == [
        Kind.RECORD_HEADER,
        Kind.ATTRIBUTES,
        Kind.HEARTBEAT,
        Kind.RECORD_HEADER,
        Kind.POLL,
        Kind.POLL,
        Kind.DATA,
        Kind.END_OF_DATA,
        Kind.SESSION_COMMAND,
        Kind.SESSION_REPLY,
        Kind.TERMINATE,
        Kind.END_OF_LIST,
        Kind.TERMINATE,
    ]
    assert events[7].message == RecordHeader(1, 1795392655, 1, 2, 6)


def test_nothing_to_read() -> None:
    events = clean(after(STORAGE_GREETING, READ[:3], [(S, b"3000 error\n"), (F, TERMINATE)]))
    assert events[3].message == storage.ReadError()


def test_append_that_fails_at_the_storage_daemon() -> None:
    failure: Script = [(S, b"3999 Failed append\n"), (S, b"3903 Error append data: \n"), (S, TERMINATE)]
    events = clean(after(STORAGE_GREETING, APPEND, [(F, b"1 1 0")], failure, [(F, TERMINATE)]))
    assert kinds(events)[-4:] == [Kind.SESSION_REPLY, Kind.SESSION_REPLY, Kind.TERMINATE, Kind.TERMINATE]
    assert events[-1].note == "in the middle of a stream"


@pytest.mark.parametrize(
    ("script", "deviation"),
    [
        ([(F, b"2 1 0"), (F, EOD), (F, b"4 1 0")], "FileIndex 4 follows 2"),
        ([(F, b"0 1 0")], "FileIndex 0 follows 0"),
        ([(F, b"1 1 0"), (F, EOD), (F, b"2 2 0")], "FileIndex 2 begins without attributes"),
        ([(F, b"1  1 0")], "the exact form is b'1 1 0'"),
        ([(F, b"1 1 0"), (F, EOD), (F, b"1 2 0"), (F, b"x"), (F, b"")], "an empty packet instead of an EOD"),
        ([(F, b"1 1 0"), (F, b"2 3 /a\0" + LSTAT + b"\0\0\0" + b"0\0")], "FileIndex 2 in a stream whose header says 1"),
        ([(F, b"1 1 0"), (F, b"nonsense")], "an attributes record starts with two numbers and a name"),
        ([(F, b"nonsense")], "malformed stream header b'nonsense'"),
        ([(S, EOD)], "ends nothing"),
        ([(S, b"3000 OK end\n")], "stands where a reply to append data was due"),
    ],
)  # fmt: skip
def test_what_has_no_place_in_an_append_session(script: Script, deviation: str) -> None:
    *before, last = after(STORAGE_GREETING, APPEND, script)
    assert {event.deviations for event in before} == {()}
    assert last.deviations[0].startswith(deviation)


@pytest.mark.parametrize(
    ("script", "deviation"),
    [
        ([(S, b"rechdr 1 2 3 2 6"), (S, b"hello")], "5 bytes where the header says 6"),
        ([(S, b"rechdr 1 2 3 2 6"), (S, EOD)], "stands where the packet of a record was due"),
        ([(S, b"nonsense")], "malformed record header b'nonsense'"),
        ([(F, b"nonsense")], "stands where a command was due"),
        ([(F, EOD)], "ends nothing"),
    ],
)
def test_what_has_no_place_in_a_read_session(script: Script, deviation: str) -> None:
    *before, last = after(STORAGE_GREETING, READ, script)
    assert {event.deviations for event in before} == {()}
    assert last.deviations == (deviation,)
