"""The orders of a Director as a table: how each is recognised, what follows it and what answers it.

An order is recognised by its first bytes, in the sequence of this table and case-sensitively (DIR-SCAN-7, DIR-LOOP-3):
``statusXYZ`` is ``status``, and ``Runfoo`` is ``Run``. The File daemon dispatches by this table, the observer and the
mock Director know from it what an answer means.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from fdsim.wire.messages import orders as o
from fdsim.wire.messages import replies as r
from fdsim.wire.messages.base import Message
from fdsim.wire.messages.greeting import DirectorHello


class Follow(Enum):
    """What the Director sends after an order, before the File daemon may answer."""

    NOTHING = "nothing"
    FILESET = "FileSet lines and an EOD"
    ACCURATE = "accurate entries and an EOD"
    CLOCK = "answers to BTIME signals"
    OBJECT = "the name and the bytes of a restore object"
    LINES = "lines and an EOD"


class Answer(Enum):
    """The form of the File daemon's answer."""

    NONE = "nothing"
    ONE = "one reply"
    LINES = "lines, then an EOD"
    RECORDS = "a reply, then attributes and digests of files and an EOD"


@dataclass(frozen=True, slots=True)
class Order:
    """One order."""

    name: str
    prefix: bytes
    message: type[Message] | None = None
    """Its definition, if this version has one."""
    replies: tuple[type[Message], ...] = ()
    follow: Follow = Follow.NOTHING
    answer: Answer = Answer.ONE
    monitor: bool = False
    """Whether a Director that may only look is allowed to give it (DIR-LOOP-6)."""


ORDERS: Final = (
    Order("backup", b"backup", o.BackupOrder, (r.BackupOk, r.BadBackup)),
    Order("cancel", b"cancel", o.CancelOrder, (r.JobMarked, r.JobNotFound), answer=Answer.LINES),
    Order("setdebug", b"setdebug=", o.SetDebugOrder),
    Order("setbandwidth", b"setbandwidth=", o.SetBandwidthOrder, (r.BandwidthOk, r.JobNotFound)),
    Order("snapshot", b"snapshot"),
    Order("estimate", b"estimate", o.EstimateOrder, (r.EstimateResult,), answer=Answer.LINES),
    Order("hello", b"Hello", DirectorHello),
    Order("fileset", b"fileset", o.FilesetOrder, (r.IncludeOk,), Follow.FILESET),
    Order("job", b"JobId=", o.JobOrder, (r.JobOk, r.BadJob)),
    Order("since", b"level = since_utime", o.SinceOrder, (r.LevelOk,), Follow.CLOCK),
    Order("level", b"level = ", o.LevelOrder, (r.LevelOk,)),
    Order("restore", b"restore ", o.RestoreOrder, (r.RestoreOk, r.StorageEndOk)),
    Order("endrestore", b"endrestore", o.EndRestoreOrder, answer=Answer.NONE),
    Order("session", b"session"),
    Order("status", b"status", o.StatusOrder, answer=Answer.LINES, monitor=True),
    Order(".status", b".status", o.DotStatusOrder, (r.StatusOk,), answer=Answer.LINES, monitor=True),
    Order("storage", b"storage ", o.StorageOrder, (r.StorageOk, r.BadStorage)),
    Order("verify", b"verify", o.VerifyOrder, (r.VerifyOk,), answer=Answer.RECORDS),
    Order("component", b"component", follow=Follow.LINES),
    Order("RunBeforeNow", b"RunBeforeNow", o.RunBeforeNowOrder, (r.RunBeforeNowOk,)),
    Order("RunBeforeJob", b"RunBeforeJob", o.RunBeforeJobOrder, (r.RunBeforeOk,)),
    Order("RunAfterJob", b"RunAfterJob", o.RunAfterJobOrder, (r.RunAfterOk,)),
    Order("Run", b"Run", o.RunScriptOrder, (r.RunScriptOk,)),
    Order("accurate", b"accurate", o.AccurateOrder, follow=Follow.ACCURATE, answer=Answer.NONE),
    Order("restoreobject end", b"restoreobject end", o.RestoreObjectEnd, (r.ObjectRestored,)),
    Order("restoreobject", b"restoreobject", follow=Follow.OBJECT, answer=Answer.NONE),
    Order("sm_dump", b"sm_dump"),
    Order("stop", b"stop", o.StopOrder, (r.JobMarked, r.JobNotFound), answer=Answer.LINES),
    Order("proxy", b"proxy"),
    Order("testnetwork", b"testnetwork", answer=Answer.LINES),
    Order("statistics", b"statistics", answer=Answer.LINES),
)
"""The orders of Bacula 9.6 in the sequence in which they are tried."""


def find_order(payload: bytes) -> Order | None:
    """The order that ``payload`` gives, None if it is unknown."""
    return next((order for order in ORDERS if payload.startswith(order.prefix)), None)
