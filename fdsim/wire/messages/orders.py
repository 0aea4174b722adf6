"""What a Director tells a File daemon (DIR-FD.md sections 4 and 6)."""

from __future__ import annotations

from dataclasses import dataclass

from fdsim.wire.messages.base import Message


@dataclass(frozen=True, slots=True)
class JobOrder(
    Message,
    shape="JobId={job_id:int} Job={job:token} SDid={sd_id:int} SDtime={sd_time:int} Authorization={key:token}\n",
):
    """Which job this session is about; the first order of every session (DIR-JOB-1, DIR-JOB-2).

    ``sd_id`` and ``sd_time`` are the Storage daemon's volume session; ``key`` is the session key for the Storage
    daemon,
    ``dummy`` where there will be none.
    """

    job_id: int
    job: str
    sd_id: int
    sd_time: int
    key: str


@dataclass(frozen=True, slots=True)
class LevelOrder(Message, shape="level = {level:token}[ rerunning|rerunning]  mtime_only={mtime_only:int} \n"):
    """How much to save: full, base, differential, incremental, with ``accurate_`` in front (DIR-LEVEL-1)."""

    level: str
    rerunning: bool = False
    mtime_only: int = 0


@dataclass(frozen=True, slots=True)
class SinceOrder(
    Message, shape="level = since_utime {since:int} mtime_only={mtime_only:int}[ prev_job={previous:token}]\n"
):
    """Since when, in seconds of the Director's Unix time (DIR-LEVEL-6)."""

    since: int
    mtime_only: int = 0
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class FilesetOrder(Message, shape="fileset[ vss={vss:int}][ snap={snap:int}]\n"):
    """Opens the list of what to save, which ends with an EOD (DIR-FSET-1)."""

    vss: int | None = 1
    snap: int | None = None


@dataclass(frozen=True, slots=True)
class StorageOrder(
    Message, shape="storage address={address:token} port={port:int} ssl={tls:int}[ Authorization={key:token}]\n"
):
    """Where the Storage daemon is; port 0 means that it will call (DIR-STO-1 to DIR-STO-3)."""

    address: str
    port: int
    tls: int = 0
    key: str | None = None


@dataclass(frozen=True, slots=True)
class BackupOrder(Message, shape="backup[ FileIndex={file_index:int}]\n"):
    """Start saving; ``file_index`` objects are stored already (DIR-BKP-1)."""

    file_index: int | None = 0


@dataclass(frozen=True, slots=True)
class RestoreOrder(
    Message,
    shape="restore [files={files:int} ]replace={replace:token} prelinks={prelinks:int}[ where={where:path}]"
    "[ regexwhere={regexwhere:bashed}]\n",
):
    """Start restoring (DIR-RST-1): how many objects to expect, what to do with existing files, where to put them."""

    replace: str = "a"
    prelinks: int = 0
    where: bytes | None = None
    regexwhere: str | None = None
    files: int | None = None


@dataclass(frozen=True, slots=True)
class EndRestoreOrder(Message, shape="endrestore"):
    """No further storage follows; the session ends (DIR-RST-11)."""


@dataclass(frozen=True, slots=True)
class RestoreObjectEnd(Message, shape="restoreobject end\n"):
    """No further restore object follows (DIR-OBJ-2)."""


@dataclass(frozen=True, slots=True)
class EstimateOrder(Message, shape="estimate listing={listing:int}[ limit={limit:int}]\n"):
    """Count, and list, what a backup would save (DIR-EST-1)."""

    listing: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class VerifyOrder(Message, shape="verify level={level:token}\n"):
    """Compare with the catalog or with a volume (DIR-VER-1)."""

    level: str


@dataclass(frozen=True, slots=True)
class AccurateOrder(Message, shape="accurate files={files:int}\n"):
    """Opens the list of what the last backups hold, which ends with an EOD (DIR-ACC-1)."""

    files: int


@dataclass(frozen=True, slots=True)
class StatusOrder(Message, shape="status"):
    """Tell how things are, for people (DIR-STA-1)."""


@dataclass(frozen=True, slots=True)
class DotStatusOrder(Message, shape=".status {what:token}[ api={api:int} api_opts={options:token}]"):
    """Tell how things are, for programs (DIR-STA-3)."""

    what: str
    api: int | None = None
    options: str | None = None


@dataclass(frozen=True, slots=True)
class CancelOrder(Message, shape="cancel Job={job:token}\n"):
    """Cancel another session's job (DIR-CAN-1)."""

    job: str


@dataclass(frozen=True, slots=True)
class StopOrder(Message, shape="stop Job={job:token}\n"):
    """Stop another session's job so that it can be restarted (DIR-CAN-1)."""

    job: str


@dataclass(frozen=True, slots=True)
class SetBandwidthOrder(Message, shape="setbandwidth={rate:int} Job={job:token}\n"):
    """Limit a job, or with an empty name the daemon, to ``rate`` bytes per second (DIR-BW-1)."""

    rate: int
    job: str


@dataclass(frozen=True, slots=True)
class SetDebugOrder(
    Message,
    shape="setdebug={level:int} trace={trace:int}[ hangup={hangup:int}][ blowup={blowup:int}]"
    "[ options={options:token} tags={tags:token}]\n",
):
    """Set the level of debugging messages; -1 leaves a value alone (DIR-DBG-1)."""

    level: int
    trace: int
    hangup: int | None = None
    blowup: int | None = None
    options: str | None = None
    tags: str | None = None


@dataclass(frozen=True, slots=True)
class RunScriptOrder(
    Message,
    shape="Run OnSuccess={on_success:int} OnFailure={on_failure:int} AbortOnError={abort_on_error:int} "
    "When={when:int} Command={command:bashed}\n",
):
    """Keep a script to be run later; ``when`` is a mask: 1 after, 2 before, 4 after the snapshot (DIR-RUN-1)."""

    on_success: int
    on_failure: int
    abort_on_error: int
    when: int
    command: str


@dataclass(frozen=True, slots=True)
class RunBeforeNowOrder(Message, shape="RunBeforeNow\n"):
    """Run the scripts kept for before the job (DIR-RUN-3)."""


@dataclass(frozen=True, slots=True)
class RunBeforeJobOrder(Message, shape="RunBeforeJob {command:bashed}\n"):
    """Run this now (DIR-RUN-12)."""

    command: str


@dataclass(frozen=True, slots=True)
class RunAfterJobOrder(Message, shape="RunAfterJob {command:bashed}\n"):
    """Run this at the end of the job (DIR-RUN-12)."""

    command: str


@dataclass(frozen=True, slots=True)
class ClockAnswer(Message, shape="btime {microseconds:int}\n"):
    """The Director's clock in microseconds of Unix time, in answer to BTIME (DIR-LEVEL-7, DIR-BNET-26)."""

    microseconds: int


@dataclass(frozen=True, slots=True)
class PollAnswer(Message, shape="1000 OK\n"):
    """The Director is there, in answer to POLL (DIR-BNET-26)."""
