"""What File daemon and Storage daemon tell each other around the records (FD-SD.md sections 2 and 3)."""

from __future__ import annotations

from dataclasses import dataclass

from fdsim.wire.messages.base import Message


@dataclass(frozen=True, slots=True)
class AppendOpen(Message, shape="append open session\n"):
    """SD-APP-1."""


@dataclass(frozen=True, slots=True)
class OpenOk(Message, shape="3000 OK open ticket = {ticket:int}\n"):
    """A session is open under this number (SD-APP-1, SD-READ-3)."""

    ticket: int


@dataclass(frozen=True, slots=True)
class AppendData(Message, shape="append data {ticket:int}\n"):
    """SD-APP-2."""

    ticket: int


@dataclass(frozen=True, slots=True)
class DataOk(Message, shape="3000 OK data\n"):
    """Records may follow, or will (SD-APP-2, SD-READ-5)."""


@dataclass(frozen=True, slots=True)
class AppendDataOk(Message, shape="3000 OK append data\n"):
    """The last EOD was seen (SD-APP-5)."""


@dataclass(frozen=True, slots=True)
class AppendEnd(Message, shape="append end session {ticket:int}\n"):
    """SD-APP-6."""

    ticket: int


@dataclass(frozen=True, slots=True)
class EndOk(Message, shape="3000 OK end\n"):
    """SD-APP-6."""


@dataclass(frozen=True, slots=True)
class AppendClose(Message, shape="append close session {ticket:int}\n"):
    """SD-APP-7."""

    ticket: int


@dataclass(frozen=True, slots=True)
class CloseOk(Message, shape="3000 OK close Status = {status:int}\n"):
    """``status`` is the ASCII code of the Storage daemon's job status (SD-APP-7, SD-READ-15)."""

    status: int


@dataclass(frozen=True, slots=True)
class ReadOpen(
    Message,
    shape="read open session = {volume:token} {session_id:int} {session_time:int} {start_file:int} {end_file:int} "
    "{start_block:int} {end_block:int}\n",
):
    """The ids are those of the restore itself; what is read is known to the Storage daemon (SD-READ-1, SD-READ-2)."""

    session_id: int
    session_time: int
    volume: str = "DummyVolume"
    start_file: int = 0
    end_file: int = 0
    start_block: int = 0
    end_block: int = 0


@dataclass(frozen=True, slots=True)
class ReadData(Message, shape="read data {ticket:int}\n"):
    """SD-READ-5."""

    ticket: int


@dataclass(frozen=True, slots=True)
class ReadClose(Message, shape="read close session {ticket:int}\n"):
    """SD-READ-15."""

    ticket: int


@dataclass(frozen=True, slots=True)
class SdInvalidCommand(Message, shape="3900 Invalid command\n"):
    """SD-APP-12."""


@dataclass(frozen=True, slots=True)
class AlreadyOpen(Message, shape="3901 Error session already open\n"):
    """SD-APP-12."""


@dataclass(frozen=True, slots=True)
class NotOpen(Message, shape="3902 Error session not opened\n"):
    """SD-APP-12."""


@dataclass(frozen=True, slots=True)
class AppendError(Message, shape="3903 Error append data: {reason:rest}"):
    """SD-APP-12, SD-APP-13; the reason has its own newline."""

    reason: str


@dataclass(frozen=True, slots=True)
class BadParameters(Message, shape="3904 Error open session, bad parameters\n"):
    """SD-APP-12, SD-READ-3."""


@dataclass(frozen=True, slots=True)
class AppendFailed(Message, shape="3999 Failed append\n"):
    """SD-APP-13."""


@dataclass(frozen=True, slots=True)
class ReadError(Message, shape="3000 error\n"):
    """Nothing can be read (SD-READ-5)."""


@dataclass(frozen=True, slots=True)
class PollOk(Message, shape="2000 OK\n"):
    """Either side is there, in answer to POLL (SD-HB-3)."""
