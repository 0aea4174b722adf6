"""What a File daemon tells a Director (DIR-FD.md sections 4, 5 and 7)."""

from __future__ import annotations

from dataclasses import dataclass

from fdsim.wire.messages.base import Message


@dataclass(frozen=True, slots=True)
class JobOk(Message, shape="2000 OK Job {version:rest}"):
    """The session's job is set; the text names version, date and platform and has no newline (DIR-JOB-3)."""

    version: str


@dataclass(frozen=True, slots=True)
class BadJob(Message, shape="2901 Bad Job\n"):
    """The job line could not be read (DIR-JOB-6)."""


@dataclass(frozen=True, slots=True)
class LevelOk(Message, shape="2000 OK level\n"):
    """DIR-LEVEL-4, DIR-LEVEL-7."""


@dataclass(frozen=True, slots=True)
class IncludeOk(Message, shape="2000 OK include\n"):
    """The list of what to save is complete (DIR-FSET-2)."""


@dataclass(frozen=True, slots=True)
class StorageOk(Message, shape="2000 OK storage\n"):
    """The Storage daemon has accepted us (DIR-STO-6)."""


@dataclass(frozen=True, slots=True)
class BadStorage(Message, shape="2902 Bad storage\n"):
    """It has not, or the order could not be read (DIR-STO-6)."""


@dataclass(frozen=True, slots=True)
class BackupOk(Message, shape="2000 OK backup\n"):
    """The backup begins (DIR-BKP-3)."""


@dataclass(frozen=True, slots=True)
class BadBackup(Message, shape="2902 Bad backup\n"):
    """There is no connection to a Storage daemon (DIR-BKP-2)."""


@dataclass(frozen=True, slots=True)
class RestoreOk(Message, shape="2000 OK restore\n"):
    """The restore begins (DIR-RST-8)."""


@dataclass(frozen=True, slots=True)
class StorageEndOk(Message, shape="2000 OK storage end\n"):
    """All that this Storage daemon had to send is done (DIR-RST-10)."""


@dataclass(frozen=True, slots=True)
class ObjectRestored(Message, shape="2000 OK ObjectRestored\n"):
    """All restore objects were taken (DIR-OBJ-2)."""


@dataclass(frozen=True, slots=True)
class VerifyOk(Message, shape="2000 OK verify\n"):
    """DIR-VER-3."""


@dataclass(frozen=True, slots=True)
class RunScriptOk(Message, shape="2000 OK RunScript\n"):
    """DIR-RUN-2."""


@dataclass(frozen=True, slots=True)
class RunBeforeNowOk(Message, shape="2000 OK RunBeforeNow\n"):
    """DIR-RUN-5."""


@dataclass(frozen=True, slots=True)
class RunBeforeOk(Message, shape="2000 OK RunBefore\n"):
    """DIR-RUN-12."""


@dataclass(frozen=True, slots=True)
class RunAfterOk(Message, shape="2000 OK RunAfter\n"):
    """DIR-RUN-12."""


@dataclass(frozen=True, slots=True)
class BandwidthOk(Message, shape="2000 OK Bandwidth\n"):
    """DIR-BW-1."""


@dataclass(frozen=True, slots=True)
class EstimateResult(Message, shape="2000 OK estimate files={files:token} bytes={bytes:token}\n"):
    """Numbers in groups of three digits (DIR-EST-2)."""

    files: str
    bytes: str


@dataclass(frozen=True, slots=True)
class StatusOk(Message, shape="2000 OK .status\n"):
    """Opens the answer to ``.status current`` and ``.status last`` (DIR-STA-4)."""


@dataclass(frozen=True, slots=True)
class InvalidCommand(Message, shape="2999 Invalid command\n"):
    """The order is unknown; the session ends (DIR-LOOP-5)."""


@dataclass(frozen=True, slots=True)
class MonitorRefusal(Message, shape="2997 Invalid command for a Director with Monitor directive enabled.\n"):
    """The order is not for a Director that may only look (DIR-LOOP-6)."""


@dataclass(frozen=True, slots=True)
class JobMarked(Message, shape='2001 Job "{job:quoted}" marked to be {what:word}.\n'):
    """The job will be ``canceled`` or ``stopped`` (DIR-CAN-2)."""

    job: str
    what: str


@dataclass(frozen=True, slots=True)
class JobNotFound(Message, shape="2901 Job {job:token} not found.\n"):
    """DIR-CAN-3."""

    job: str


@dataclass(frozen=True, slots=True)
class EndJob(
    Message,
    shape="2800 End Job TermCode={status:int} JobFiles={files:int} ReadBytes={read_bytes:int} JobBytes={job_bytes:int} "
    "Errors={errors:int}[ VSS={vss:int} Encrypt={encrypt:int}][ CommBytes={comm_bytes:int} "
    "CompressCommBytes={compressed_comm_bytes:int}]\n",
):
    """The job is over (DIR-END-2, DIR-END-4). ``status`` is the ASCII code of the job status (DIR-END-5).

    ``job_bytes`` are what was sent, or written by a restore, ``read_bytes`` what was read (SD-ACCT-1, SD-ACCT-2,
    SD-ACCT-5); the two last fields count the payload sent to the Storage daemon before and after line compression
    (SD-ACCT-7).
    """

    status: int
    files: int
    read_bytes: int
    job_bytes: int
    errors: int
    vss: int | None = 0
    encrypt: int | None = 0
    comm_bytes: int | None = 0
    compressed_comm_bytes: int | None = 0


@dataclass(frozen=True, slots=True)
class JobMessage(Message, shape="Jmsg JobId={job_id:int} type={type:int} level={time:int} {text:rest}"):
    """A message for the job's log (DIR-MSG-1); ``time`` is in seconds (DIR-MSG-2), the text has its own newline."""

    job_id: int
    type: int
    time: int
    text: str


@dataclass(frozen=True, slots=True)
class Progress(Message, shape="Progress JobId={job_id:int} files={files:int} bytes={bytes:int} bps={rate:int}\n"):
    """How far a running job is (DIR-MSG-12)."""

    job_id: int
    files: int
    bytes: int
    rate: int
