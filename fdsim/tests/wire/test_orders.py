"""The table of orders against the orders of a real Director and the answers of a real File daemon."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.wire.orders import ORDERS, Answer, Follow, Order, find_order

# Every kind of order that bacula-dir 9.6.7 gave in the lab, and the first answer of bacula-fd 9.6.7, None where there
# was none (2026-11-24).
CONVERSATIONS = [
    (
        (
            b"JobId=1 Job=Basic.2026-11-24_20.49.21_04 SDid=1 SDtime=1795553361 "
            b"Authorization=ELMD-AOIC-DOCA-ILNI-IMKL-CCFF-KPIL-ELAO\n"
        ),
        "job",
        b"2000 OK Job 9.6.7 (10Dec20) x86_64-pc-linux-gnu,debian,bookworm/sid",
    ),
    (b"level = full  mtime_only=0 \n", "level", b"2000 OK level\n"),
    (b"level = full rerunning  mtime_only=0 \n", "level", b"2000 OK level\n"),
    (b"level = base  mtime_only=0 \n", "level", b"2000 OK level\n"),
    (b"level = incremental  mtime_only=0 \n", "level", None),
    (b"level = accurate_differential  mtime_only=0 \n", "level", None),
    (
        b"level = since_utime 1795553363 mtime_only=0 prev_job=Basic.2026-11-24_20.49.21_04\n",
        "since",
        b"2000 OK level\n",
    ),
    (b"fileset vss=1\n", "fileset", b"2000 OK include\n"),
    (b"fileset\n", "fileset", b"2000 OK include\n"),
    (b"fileset vss=1 snap=1\n", "fileset", b"2000 OK include\n"),
    (b"storage address=127.0.0.1 port=19513 ssl=0\n", "storage", b"2000 OK storage\n"),
    (b"accurate files=16\n", "accurate", None),
    (b"backup FileIndex=0\n", "backup", b"2000 OK backup\n"),
    (b"backup FileIndex=0\n", "backup", b"2902 Bad backup\n"),
    (
        b"restore files=16 replace=a prelinks=0 where=/srv/fdsim-lab/back\x01to\n",
        "restore",
        b"2000 OK restore\n",
    ),
    (b"endrestore", "endrestore", None),
    (b"verify level=init\n", "verify", b"2000 OK verify\n"),
    (b"estimate listing=0\n", "estimate", b"2000 OK estimate files=17 bytes=201,898\n"),
    (b".status current", ".status", b"2000 OK .status\n"),
    (b"RunBeforeJob echo\x01before\x01%n\x01%j\n", "RunBeforeJob", b"2000 OK RunBefore\n"),
    (b"RunAfterJob echo\x01after\n", "RunAfterJob", b"2000 OK RunAfter\n"),
    (
        b"Run OnSuccess=1 OnFailure=0 AbortOnError=0 When=2 Command=echo\x01run\x01'a\x01b'\n",
        "Run",
        b"2000 OK RunScript\n",
    ),
    (b"RunBeforeNow\n", "RunBeforeNow", b"2000 OK RunBeforeNow\n"),
    (b"setbandwidth=3000000 Job=Limited.2026-11-24_20.50.38_54\n", "setbandwidth", b"2000 OK Bandwidth\n"),
    (b"setbandwidth=10 Job=nosuch\n", "setbandwidth", b"2901 Job nosuch not found.\n"),
    (
        b"cancel Job=Slow.2026-11-24_20.50.54_20\n",
        "cancel",
        b'2001 Job "Slow.2026-11-24_20.50.54_20" marked to be canceled.\n',
    ),
    (b"cancel Job=nosuch\n", "cancel", b"2901 Job nosuch not found.\n"),
    (
        b"stop Job=Slow.2026-11-24_20.50.56_24\n",
        "stop",
        b'2001 Job "Slow.2026-11-24_20.50.56_24" marked to be stopped.\n',
    ),
]
# What it gave but this table knows no reply of.
OTHERS = [
    (b"status", "status"),
    (b".status header api=0 api_opts=", ".status"),
    (b"setdebug=0 trace=-1 hangup=-1 blowup=-1 options= tags=\n", "setdebug"),
]


def order_named(name: str) -> Order:
    (order,) = (order for order in ORDERS if order.name == name)
    return order


@pytest.mark.parametrize(("payload", "name", "answer"), CONVERSATIONS)
def test_orders_and_replies_of_real_daemons(payload: bytes, name: str, answer: bytes | None) -> None:
    order = find_order(payload)
    assert order is order_named(name)
    assert order.message is not None
    assert order.message.parse(payload).deviations == ()
    if answer is not None:
        matches = [parsed for reply in order.replies if (parsed := reply.match(answer))]
        assert len(matches) == 1
        assert matches[0].deviations == ()
        assert order.answer is not Answer.NONE


@pytest.mark.parametrize(("payload", "name"), OTHERS)
def test_other_orders_of_a_real_director(payload: bytes, name: str) -> None:
    order = find_order(payload)
    assert order is order_named(name)
    assert order.message is not None
    assert order.message.parse(payload).deviations == ()


def test_sequence() -> None:
    # DIR-LOOP-3 without what came after 9.6; the two orders with a more special form of their own stand before theirs.
    assert [order.prefix for order in ORDERS] == [
        b"backup",
        b"cancel",
        b"setdebug=",
        b"setbandwidth=",
        b"snapshot",
        b"estimate",
        b"Hello",
        b"fileset",
        b"JobId=",
        b"level = since_utime",
        b"level = ",
        b"restore ",
        b"endrestore",
        b"session",
        b"status",
        b".status",
        b"storage ",
        b"verify",
        b"component",
        b"RunBeforeNow",
        b"RunBeforeJob",
        b"RunAfterJob",
        b"Run",
        b"accurate",
        b"restoreobject end",
        b"restoreobject",
        b"sm_dump",
        b"stop",
        b"proxy",
        b"testnetwork",
        b"statistics",
    ]


def test_every_order_can_be_reached() -> None:
    assert [find_order(order.prefix) for order in ORDERS] == list(ORDERS)
    assert len({order.name for order in ORDERS}) == len(ORDERS)


@given(st.sampled_from(ORDERS), st.binary(max_size=20))
def test_first_prefix_that_fits_wins(order: Order, rest: bytes) -> None:
    payload = order.prefix + rest
    found = find_order(payload)
    assert found is not None
    assert payload.startswith(found.prefix)
    assert not any(payload.startswith(earlier.prefix) for earlier in ORDERS[: ORDERS.index(found)])


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (b"statusXYZ", "status"),
        (b"Runfoo", "Run"),
        (b"RunBeforeJobs\n", "RunBeforeJob"),
        (b"restoreobject JobId=1\n", "restoreobject"),
        (b"stop", "stop"),
        (b"level = since_utime5", "since"),
        (b"backup", "backup"),
    ],
)
def test_prefixes_are_enough(payload: bytes, name: str) -> None:
    assert find_order(payload) is order_named(name)  # DIR-SCAN-7


@pytest.mark.parametrize(
    "payload", [b"nonsense\n", b"", b"Backup", b" backup", b"restore\n", b"storage", b"level =full", b"Ru"]
)
def test_unknown_orders(payload: bytes) -> None:
    assert find_order(payload) is None


def test_what_a_monitor_may_ask() -> None:
    # A real bacula-fd 9.6.7 refused "JobId=" to a Director with Monitor = yes but not ".status header" (2026-11-24).
    assert {order.name for order in ORDERS if order.monitor} == {"status", ".status"}


def test_what_follows() -> None:
    assert {order.name: order.follow for order in ORDERS if order.follow is not Follow.NOTHING} == {
        "fileset": Follow.FILESET,
        "since": Follow.CLOCK,
        "component": Follow.LINES,
        "accurate": Follow.ACCURATE,
        "restoreobject": Follow.OBJECT,
    }


def test_forms_of_the_answers() -> None:
    lists = {"cancel", "stop", "estimate", "status", ".status", "testnetwork", "statistics"}
    assert {order.name for order in ORDERS if order.answer is Answer.LINES} == lists
    assert {order.name for order in ORDERS if order.answer is Answer.RECORDS} == {"verify"}
    assert {order.name for order in ORDERS if order.answer is Answer.NONE} == {
        "endrestore",
        "accurate",
        "restoreobject",
    }
