"""How connections begin."""

from __future__ import annotations

from fdsim.tests.wire.scripts import (
    DIRECTOR_GREETING,
    GREETING_KINDS,
    STORAGE_GREETING,
    TERMINATE,
    D,
    F,
    S,
    Script,
    after,
    clean,
    encoded,
    kinds,
    observe,
)
from fdsim.wire.conversation import Conversation, Link
from fdsim.wire.events import Kind
from fdsim.wire.frames import Packet
from fdsim.wire.messages import greeting


def test_greeting_of_a_director() -> None:
    events = clean(observe(DIRECTOR_GREETING))
    assert kinds(events) == GREETING_KINDS
    assert events[0].message == greeting.DirectorHello("lab-dir", 103)
    assert events[1].message == greeting.Challenge("<1.2@lab-fd>", 0)
    assert events[7].message == greeting.FdHello(214)
    assert [event.number for event in events] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert (events[0].sender, events[0].receiver) == (D, F)
    assert (events[1].sender, events[1].receiver) == (F, D)
    assert events[3].frame == Packet(b"1000 OK auth\n")


def test_greeting_of_a_storage_daemon() -> None:
    assert kinds(clean(observe(STORAGE_GREETING))) == GREETING_KINDS


def test_storage_daemon_calls() -> None:
    call: Script = [(S, b"Hello FD: Bacula Storage calling Start Job Nightly.2026-11-23_00.32.55_02 306\n")]
    assert kinds(clean(observe(call, STORAGE_GREETING))) == [Kind.HELLO, *GREETING_KINDS]


def test_ping() -> None:
    assert kinds(clean(observe([(D, b"Ping"), (F, b"2000 Ping OK\n")]))) == [Kind.PING, Kind.PING]


def test_wrong_password() -> None:
    events = observe(
        DIRECTOR_GREETING[:3],
        [(F, b"1999 Authorization failed.\n"), (F, b"2999 Authentication failed.\n"), (F, TERMINATE)],
    )
    assert kinds(clean(events))[3:] == [Kind.VERDICT, Kind.VERDICT, Kind.TERMINATE]


def test_unknown_director() -> None:
    refusal = b"hello.c:109 Connection from unknown Director other at 127.0.0.1 rejected.\n"
    events = observe(
        [(D, b"Hello Director other-dir calling 103\n"), (F, refusal), (D, b"1999 Authorization failed.\n")]
    )
    assert kinds(clean(events)) == [Kind.HELLO, Kind.JOB_MESSAGE, Kind.VERDICT]


def test_packet_where_a_hello_was_due() -> None:
    events = observe([(D, b"GET / HTTP/1.1\r\n\r\n"), (F, TERMINATE)])
    assert kinds(events) == [Kind.UNKNOWN, Kind.TERMINATE]
    assert events[0].deviations == ("stands where a Hello was due",)


def test_packet_of_the_side_whose_turn_it_is_not() -> None:
    events = observe(DIRECTOR_GREETING[:1], [(D, b"1000 OK auth\n")], DIRECTOR_GREETING[1:])
    assert events[1].deviations == ("stands where the called side's challenge was due",)
    assert kinds(events[2:]) == GREETING_KINDS[1:]


def test_second_hello_starts_the_challenges_again() -> None:
    assert kinds(clean(after(DIRECTOR_GREETING, DIRECTOR_GREETING))) == [Kind.ORDER, *GREETING_KINDS[1:]]


def test_tls_can_not_be_read() -> None:
    script: Script = [
        (sender, content.replace(b"ssl=0", b"ssl=2") if isinstance(content, bytes) else content)
        for sender, content in DIRECTOR_GREETING[:7]
    ]
    conversation = Conversation(Link.DIRECTOR)
    for sender, content in script:
        conversation.feed(sender, encoded(content))
    (event,) = conversation.feed(D, bytes.fromhex("16030100f8010000f40303"))
    assert event.kind is Kind.BROKEN
    assert event.note == "TLS was agreed on, what follows can't be read here"
    assert event.deviations == ()
