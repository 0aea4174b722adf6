"""What Director and File daemon say, after the protocol document; ``test_captures`` shows what real ones said."""

from __future__ import annotations

import pytest

from fdsim.tests.wire.scripts import (
    BTIME,
    CONSOLE,
    DIRECTOR_GREETING,
    END_JOB,
    EOD,
    FILESET,
    HEARTBEAT,
    JOB,
    LSTAT,
    POLL,
    TERMINATE,
    D,
    F,
    Script,
    after,
    clean,
    kinds,
)
from fdsim.wire.events import Kind
from fdsim.wire.jobs import JobStatus
from fdsim.wire.messages import orders, replies
from fdsim.wire.roles import Role


def test_full_backup() -> None:
    events = clean(
        after(
            DIRECTOR_GREETING,
            JOB,
            [(D, b"level = full  mtime_only=0 \n"), (F, b"2000 OK level\n")],
            FILESET,
            [
                (D, b"setbandwidth=3000000 Job=Nightly.2026-11-23_00.32.55_02\n"),
                (F, b"2000 OK Bandwidth\n"),
                (D, b"storage address=127.0.0.1 port=9103 ssl=0\n"),
                (F, b"2000 OK storage\n"),
                (D, b"backup FileIndex=0\n"),
                (F, b"2000 OK backup\n"),
                (F, HEARTBEAT),
                (
                    F,
                    b'Jmsg JobId=7 type=8 level=1795392655 lab-fd JobId 7:      Could not stat "/x": ERR=...\n',
                ),
                (F, b"Progress JobId=7 files=12 bytes=3000 bps=1000\n"),
                (F, END_JOB),
                (F, TERMINATE),
            ],
        )
    )
    assert kinds(events) == [
        Kind.ORDER,
        Kind.REPLY,
        Kind.ORDER,
        Kind.REPLY,
        Kind.ORDER,
        *[Kind.FILESET_LINE] * 7,
        Kind.END_OF_LIST,
        Kind.REPLY,
        Kind.ORDER,
        Kind.REPLY,
        Kind.ORDER,
        Kind.REPLY,
        Kind.ORDER,
        Kind.REPLY,
        Kind.HEARTBEAT,
        Kind.JOB_MESSAGE,
        Kind.PROGRESS,
        Kind.END_OF_JOB,
        Kind.TERMINATE,
    ]
    assert [event.note for event in events[5:12]] == [
        "include",
        "options",
        "wild file",
        "end options",
        "file",
        "end options",
        "end options",
    ]
    assert events[-4].note == "NOTSAVED"
    assert events[-2].note == "OK, 20 files, 91650 bytes, 1 errors"
    end = events[-2].message
    assert isinstance(end, replies.EndJob)
    assert end.status == JobStatus.TERMINATED.code


def test_incremental_backup_compares_clocks_and_has_one_answer_to_two_lines() -> None:
    clock: Script = [line for _ in range(10) for line in ((F, BTIME), (D, b"btime 1795393329096375\n"))]
    events = clean(
        after(
            DIRECTOR_GREETING,
            JOB,
            [
                (D, b"level = accurate_incremental  mtime_only=0 \n"),
                (D, b"level = since_utime 1795393325 mtime_only=0 prev_job=Nightly.2026-11-22_00.00.00_01\n"),
            ],
            clock,
            [
                (F, b"Jmsg JobId=7 type=6 level=1 lab-fd JobId 7: DIR and FD clocks differ by 5 seconds, FD ...\n"),
                (F, EOD),
                (F, b"2000 OK level\n"),
                (D, b"accurate files=2\n"),
                (D, b"/srv/tree/a\0" + LSTAT + b"\0OJFkIXhVsLF33U9BdTOGrw\0" + b"0"),
                (D, b"/srv/tree/\0" + LSTAT + b"\0\0" + b"0"),
                (D, EOD),
                (D, b"backup FileIndex=0\n"),
                (F, b"2000 OK backup\n"),
            ],
        )
    )
    assert kinds(events) == [
        Kind.ORDER,
        Kind.REPLY,
        Kind.ORDER,
        Kind.ORDER,
        *[Kind.CLOCK] * 20,
        Kind.JOB_MESSAGE,
        Kind.END_OF_LIST,
        Kind.REPLY,
        Kind.ORDER,
        Kind.ACCURATE_ENTRY,
        Kind.ACCURATE_ENTRY,
        Kind.END_OF_LIST,
        Kind.ORDER,
        Kind.REPLY,
    ]
    assert events[5].message == orders.ClockAnswer(1795393329096375)


def test_restore_is_answered_twice() -> None:
    events = clean(
        after(
            DIRECTOR_GREETING,
            JOB,
            [
                (D, b"storage address=127.0.0.1 port=9103 ssl=0 Authorization=ABCD-EFGH\n"),
                (F, b"2000 OK storage\n"),
                (D, b"restore files=20 replace=a prelinks=0 where=/tmp/restore\n"),
                (F, b"2000 OK restore\n"),
                (F, b"2000 OK storage end\n"),
                (D, b"endrestore"),
                (F, b"2800 End Job TermCode=84 JobFiles=20 ReadBytes=1 JobBytes=1 Errors=0\n"),
                (F, TERMINATE),
            ],
        )
    )
    assert [type(event.message) for event in events[-6:-1]] == [
        orders.RestoreOrder,
        replies.RestoreOk,
        replies.StorageEndOk,
        orders.EndRestoreOrder,
        replies.EndJob,
    ]


def test_orders_may_be_pipelined() -> None:
    events = after(
        DIRECTOR_GREETING,
        [JOB[0], (D, b"level = full  mtime_only=0 \n"), *FILESET[:-1]],
        [JOB[1], (F, b"2000 OK level\n"), FILESET[-1]],
    )
    assert kinds(clean(events))[-3:] == [Kind.REPLY] * 3


def test_verify_of_the_catalog() -> None:
    events = clean(
        after(
            DIRECTOR_GREETING,
            JOB,
            [
                (D, b"verify level=init\n"),
                (F, b"2000 OK verify\n"),
                (F, b"1 1 VVpins5 /srv/tree/a b\0" + LSTAT + b"\0\0"),
                (F, b"1 3 OJFkIXhVsLF33U9BdTOGrw *MD5-1*"),
                (F, b"Jmsg JobId=7 type=8 level=1 lab-fd JobId 7:      Could not stat /srv/x: ERR=...\n"),
                (F, b"2901 1 VVpins5 /srv/tree/l\0" + LSTAT + b"\0a\0"),
                (F, EOD),
            ],
        )
    )
    assert kinds(events)[2:] == [
        Kind.ORDER,
        Kind.REPLY,
        Kind.VERIFY_ATTRIBUTES,
        Kind.VERIFY_DIGEST,
        Kind.JOB_MESSAGE,
        Kind.VERIFY_ATTRIBUTES,
        Kind.END_OF_LIST,
    ]


@pytest.mark.parametrize(
    ("order", "answer"),
    [
        (b"status", [b"\n", b"lab-fd Version: 9.6.7\n\0", b"2000 is no reply here\n\0"]),
        (b".status terminated api=0 api_opts=", [b"  1234\tFull\n\0"]),
        (b".status current", [b"2000 OK .status\n", b"JobId=7 JobStatus=R JobErrors=0\n"]),
        (b"estimate listing=1\n", [b"-rw-r--r--   1 root\n", b"2000 OK estimate files=20 bytes=91,650\n"]),
        (b"cancel Job=x\n", [b'2001 Job "x" marked to be canceled.\n']),
        (b"stop Job=x\n", [b"2901 Job x not found.\n"]),
        (b".status nonsense", [b"2900 Bad .status command, wrong argument.\n"]),
        (b"status", []),
    ],
)
def test_answers_of_lines_end_with_an_eod(order: bytes, answer: list[bytes]) -> None:
    answered: Script = [(F, line) for line in answer]
    events = clean(after(DIRECTOR_GREETING, CONSOLE, [(D, order), *answered, (F, EOD), (D, TERMINATE)]))
    assert set(kinds(events[3:-2])) <= {Kind.LISTING, Kind.REPLY}
    assert kinds(events)[-2:] == [Kind.END_OF_LIST, Kind.TERMINATE]


@pytest.mark.parametrize(
    "script",
    [
        [(D, b"setdebug=1 trace=0 hangup=-1 blowup=-1 options= tags=\n"), (F, b"2000 OK setdebug=1\n")],
        [(D, b"setbandwidth=1 Job=x\n"), (F, b"2901 Job x not found.\n"), (F, b"2000 OK Bandwidth\n")],
        [(D, b"RunBeforeJob /bin/true\x01now\n"), (F, b"2000 OK RunBefore\n")],
        [(D, b"RunBeforeNow\n"), (F, b"2905 Bad RunBeforeNow command.\n")],
        [(D, b"restoreobject JobId=1 5,5,1,27,0,1,plugin\n"), (D, b"name"), (D, b"bytes"), (D, b"status"), (F, EOD)],
        [(D, b"component_info\n"), (D, b"one"), (D, EOD), (F, b"2000 OK ComponentInfo\n")],
        [(D, b"testnetwork bytes=10"), (F, b"2000 OK bytes=10 duration=1ms write_speed=1B/s\n"), (F, -15)],
        [(F, POLL), (D, b"1000 OK\n"), (D, b"status"), (F, EOD)],
        [(F, -3), (D, b"Status OK\n"), (D, EOD), (D, b"status"), (F, EOD)],
        [(D, b"session x 1 2 3 4 5 6\n"), (F, b"2000 OK session\n")],
        # Without a job there is no header for messages (DIR-MSG-4), and what was queued comes before anything else.
        [(F, b"job.c:2015 Unknown backup level: weird\n")],
        [(F, b"Jmsg JobId=0 type=14 level=1 lab-fd JobId 0: Security Alert: Invalid connection\n")],
        [(D, b"JobId=1 nonsense\n"), (F, b"2901 Bad Job\n"), (F, TERMINATE)],
    ],
)  # fmt: skip
def test_other_legal_exchanges(script: Script) -> None:
    events = after(DIRECTOR_GREETING, script)
    assert [event for event in events if event.kind is Kind.UNKNOWN] == []
    assert {event.deviations for event in events if event.sender is F} == {()}


def test_wrong_answer() -> None:
    events = after(DIRECTOR_GREETING, JOB, [(D, b"level = full  mtime_only=0 \n"), (F, b"2000 OK storage\n")])
    assert events[-1].kind is Kind.REPLY
    assert events[-1].deviations == ("stands where a reply to level was due",)


def test_missing_answer() -> None:
    events = after(
        DIRECTOR_GREETING,
        JOB,
        [(D, b"level = full  mtime_only=0 \n"), (D, b"backup FileIndex=0\n"), (F, b"2000 OK backup\n")],
        [(D, b"endrestore"), (F, b"2000 OK backup\n")],
    )
    assert events[4].deviations == ("stands where a reply to level was due",)
    assert events[6].deviations == ("stands where no answer was due",)


def test_inexact_answer() -> None:
    events = after(DIRECTOR_GREETING, JOB, [(D, b"level = full  mtime_only=0 \n"), (F, b"2000 OK level")])
    assert events[-1].message == replies.LevelOk()
    assert events[-1].deviations == ("the newline at the end is missing",)


@pytest.mark.parametrize(
    ("line", "deviation"),
    [
        ((D, b"nonsense\n"), "no order begins like this"),
        ((D, b""), "no order begins like this"),
        ((D, HEARTBEAT), "stands where an order was due and ends the session"),
        ((D, b"storage nonsense\n"), "not of the form 'storage address="),
        ((F, b"nonsense\n"), "stands where a message was due"),
        ((F, EOD), "ends nothing"),
        ((F, BTIME), "nobody wants to compare clocks here"),
        ((F, b"2000 OK level\n"), "stands where no answer was due"),
    ],
)  # fmt: skip
def test_what_has_no_place_in_a_director_session(line: tuple[Role, bytes | int], deviation: str) -> None:
    (event,) = after(DIRECTOR_GREETING, JOB, [line])[2:]
    assert event.deviations[0].startswith(deviation)


def test_signal_other_than_eod_ends_a_fileset() -> None:
    events = after(DIRECTOR_GREETING, JOB, FILESET[:-2], [(D, HEARTBEAT)])
    assert events[-1].kind is Kind.END_OF_LIST
    assert events[-1].deviations == ("ends FileSet lines and an EOD",)


def test_unknown_fileset_line() -> None:
    events = after(DIRECTOR_GREETING, JOB, [FILESET[0], (D, b"? what\n")])
    assert events[-1].kind is Kind.FILESET_LINE
    assert events[-1].deviations == ("unknown line b'? what\\n' in a FileSet",)


def test_more_orders_than_can_be_followed() -> None:
    many: Script = [(D, b"level = full  mtime_only=0 \n")] * 257
    events = after(DIRECTOR_GREETING, JOB, many)
    assert {event.deviations for event in events[:-1]} == {()}
    assert events[-1].deviations == ("too many orders are unanswered",)
