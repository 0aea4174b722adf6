"""Append sessions: a File daemon's backup comes in and goes into the archive (SD-APP, SD-HDR, SD-FIDX)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from fdsim.net.connection import Connection
from fdsim.net.signs import answer
from fdsim.stored.archive import Archive, JobWriter
from fdsim.stored.errors import ArchiveError
from fdsim.stored.expected import ExpectedJob
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
_STEPS: Final = range(2)
_ENDS: Final = frozenset({Signal.EOD, Signal.EOD_POLL})


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
            with self._connection.bulk():
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
        header: StreamHeader | None = None
        while True:
            for frame in connection.receive_many():
                if isinstance(frame, Packet):
                    payload = frame.payload
                    if header is None:
                        header = self._header(payload)
                        file_index, stream = header.file_index, header.stream
                    elif payload:
                        writer.add(file_index, stream, payload)
                        job.bytes += len(payload)
                    else:
                        header = None  # an empty packet ends a stream as an EOD does (SD-FRAME-6)
                elif frame in _ENDS:
                    if frame is Signal.EOD_POLL:
                        answer(connection, frame)
                    if header is None:
                        return
                    header = None
                elif not answer(connection, frame):
                    where = "where a header was due" if header is None else f"in the middle of stream {header.stream}"
                    raise RemoteProtocolError(f"the signal {frame.name} came {where}")

    def _header(self, payload: bytes) -> StreamHeader:
        """The header of the next stream, if the rules allow it (SD-HDR-8, SD-FIDX-1)."""
        if not payload:
            raise RemoteProtocolError("Error reading data header from FD: an empty packet came")
        header = StreamHeader.parse(payload)
        job = self._job
        if header.file_index <= 0 or header.file_index - job.files not in _STEPS:
            raise RemoteProtocolError(f"FI={header.file_index} from FD not positive or last_FI={job.files}")
        if header.stream not in _STREAMS:
            raise RemoteProtocolError(f"Malformed data header from FD: stream {header.stream}")
        job.files = header.file_index
        return header


def _failure(error: Exception) -> Refusal:
    """The answer to a failed data phase (SD-APP-13)."""
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        why = f"the archive cannot be written: {reason}"
    else:
        reason = why = str(error)
    return Refusal(why, AppendFailed(), AppendError(f"{reason}\n"))
