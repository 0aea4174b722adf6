"""Append sessions: a File daemon's backup comes in and goes into the archive (SD-APP, SD-HDR, SD-FIDX)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from fdsim.net.connection import Connection
from fdsim.stored.archive import Archive, JobWriter
from fdsim.stored.errors import ArchiveError
from fdsim.stored.expected import ExpectedJob
from fdsim.stored.receiving import receive
from fdsim.stored.session import Refusal
from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.frames import Packet, Signal
from fdsim.wire.jobs import JobStatus
from fdsim.wire.messages.storage import (
    AlreadyOpen,
    AppendDataOk,
    AppendError,
    AppendFailed,
    CloseOk,
    DataOk,
    EndOk,
    NotOpen,
    OpenOk,
)
from fdsim.wire.records import StreamHeader

_STREAMS: Final = range(-(1 << 31), 1 << 31)


class AppendSession:
    """The commands of a backup. Tickets are not checked, and ``append end`` may be left out (SD-APP-11)."""

    def __init__(self, archive: Archive, roots: tuple[bytes, ...], job: ExpectedJob, connection: Connection) -> None:
        self._archive = archive
        self._roots = roots
        self._job = job
        self._connection = connection
        self._writer: JobWriter | None = None
        self._complete = False
        """Whether the last EOD was seen and all records are on disk."""
        self.table: Mapping[bytes, Callable[[bytes], None]] = {
            b"append open": self._open,
            b"append data": self._data,
            b"append end": self._end,
            b"append close": self._close,
        }

    def end(self) -> None:
        """Leave nothing of a job that was not closed."""
        if self._writer is not None:
            self._writer.discard()

    def _open(self, _: bytes) -> None:
        if self._writer is not None:
            raise Refusal("the session is open already", AlreadyOpen())
        job = self._job
        try:
            self._writer = self._archive.begin(job.name, job.session_id, job.session_time, self._roots)
        except (OSError, ArchiveError) as error:
            raise _failure(error) from error
        self._connection.send(OpenOk(job.session_id))

    def _data(self, _: bytes) -> None:
        writer = self._opened()
        if self._complete:
            raise Refusal("the data have come already", AlreadyOpen())
        self._connection.send(DataOk())
        try:
            self._receive_streams(writer)
            writer.sync()
        except (RemoteProtocolError, OSError) as error:
            raise _failure(error) from error
        self._complete = True
        self._connection.send(AppendDataOk())

    def _end(self, _: bytes) -> None:
        self._opened()
        self._connection.send(EndOk())

    def _close(self, _: bytes) -> None:
        writer = self._opened()
        if not self._complete:
            raise Refusal("the job was closed before its data had come", NotOpen())
        status = JobStatus.TERMINATED
        try:
            stored = writer.finish(self._job.files)
        except OSError as error:
            status = JobStatus.FATAL
            self._job.fail(f"the archive cannot be written: {error}")
        else:
            self._writer = None
            self._job.succeed(stored)
        self._connection.send(CloseOk(status.code))
        self._connection.send_signal(Signal.EOD)

    def _opened(self) -> JobWriter:
        if self._writer is None:
            raise Refusal("the session is not open", NotOpen())
        return self._writer

    def _receive_streams(self, writer: JobWriter) -> None:
        """Streams, each ended by an EOD, until the EOD that stands where a header is due (SD-APP-4)."""
        job, connection = self._job, self._connection
        while (frame := receive(connection)) is not Signal.EOD:
            if not isinstance(frame, Packet) or not frame.payload:
                what = "an empty packet" if isinstance(frame, Packet) else f"the signal {frame.name}"
                raise RemoteProtocolError(f"Error reading data header from FD: {what} came")
            file_index, stream, _ = StreamHeader.parse(frame.payload)
            if file_index <= 0 or file_index - job.files not in {0, 1}:
                raise RemoteProtocolError(f"FI={file_index} from FD not positive or last_FI={job.files}")
            if stream not in _STREAMS:
                raise RemoteProtocolError(f"Malformed data header from FD: stream {stream}")
            job.files = file_index
            while isinstance(data := receive(connection), Packet) and data.payload:
                writer.add(file_index, stream, data.payload)
                job.bytes += len(data.payload)
            # An empty packet ends a stream as an EOD does (SD-FRAME-6).
            if data is not Signal.EOD and not isinstance(data, Packet):
                raise RemoteProtocolError(f"the signal {data.name} came in the middle of stream {stream}")


def _failure(error: Exception) -> Refusal:
    """The answer to a failed data phase (SD-APP-13)."""
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        why = f"the archive cannot be written: {reason}"
    else:
        reason = why = str(error)
    return Refusal(why, AppendFailed(), AppendError(f"{reason}\n"))
