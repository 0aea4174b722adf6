"""Read sessions: a stored job goes back to a File daemon (SD-READ)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fdsim.net.connection import Connection
from fdsim.stored.archive import StoredJob
from fdsim.stored.errors import ArchiveError
from fdsim.stored.expected import ExpectedJob
from fdsim.stored.recordfile import RecordReader
from fdsim.stored.session import Refusal
from fdsim.wire.frames import Signal
from fdsim.wire.jobs import JobStatus
from fdsim.wire.messages.storage import (
    AlreadyOpen,
    BadParameters,
    CloseOk,
    DataOk,
    NotOpen,
    OpenOk,
    ReadError,
    ReadOpen,
)
from fdsim.wire.records import RecordHeader


class ReadSession:
    """The commands of a restore or of a verification."""

    def __init__(self, stored: StoredJob, job: ExpectedJob, connection: Connection) -> None:
        self._stored = stored
        self._job = job
        self._connection = connection
        self._open = False
        self._complete = False
        """Whether every record was sent."""
        self.table: Mapping[bytes, Callable[[bytes], None]] = {
            b"read open": self._open_session,
            b"read data": self._data,
            b"read close": self._close,
            b"read control": self._control,
        }

    def end(self) -> None:
        """It was a good one if every record was sent, whether the File daemon closed it or not."""
        if self._complete:
            self._job.succeed()

    def _open_session(self, payload: bytes) -> None:
        if self._open:
            raise Refusal("the session is open already", AlreadyOpen())
        # Which job is read was said when this one was announced: the ids are those of the restore itself (SD-READ-2).
        if ReadOpen.match(payload) is None:
            raise Refusal("the command to open cannot be read", BadParameters())
        self._open = True
        self._connection.send(OpenOk(self._job.session_id))

    def _data(self, _: bytes) -> None:
        if not self._open:
            raise Refusal("the session is not open", NotOpen())
        try:
            reader = self._stored.open_records()
        except ArchiveError as error:
            raise Refusal(str(error), ReadError()) from error
        with reader:
            self._connection.send(DataOk())
            self._send_records(reader)
        self._connection.queue_signal(Signal.EOD)
        self._connection.flush()
        self._complete = True

    def _send_records(self, reader: RecordReader) -> None:
        """Each record behind its header; no EOD stands between streams (SD-READ-7, SD-READ-8).

        Where the archive turns out to be damaged the error leaves the session without the last EOD, so that the File
        daemon cannot take what it got for everything.
        """
        queue, job = self._connection.queue, self._job
        session_id, session_time = self._stored.session_id, self._stored.session_time
        for file_index, stream, payload in reader:
            queue(RecordHeader(session_id, session_time, file_index, stream, len(payload)).encode())
            queue(payload)
            job.files = file_index
            job.bytes += len(payload)

    def _close(self, _: bytes) -> None:
        # The status is that of a job still running; nobody looks at it (SD-READ-15).
        self._connection.send(CloseOk(JobStatus.RUNNING.code))
        self._connection.send_signal(Signal.EOD)

    def _control(self, _: bytes) -> None:
        """Nothing is defined to come of it (SD-READ-4)."""
