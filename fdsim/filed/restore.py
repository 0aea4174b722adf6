"""``restore``: taking records from the Storage daemon and bringing them back to disk (DIR-RST, SD-READ, SD-RST)."""

from __future__ import annotations

from typing import Final

from fdsim.filed.heartbeat import Heartbeat
from fdsim.filed.session import Session
from fdsim.filed.storage import ask
from fdsim.files.restore import Restorer
from fdsim.net.connection import Connection
from fdsim.net.errors import NetworkError
from fdsim.net.signs import answer, receive
from fdsim.wire.attributes import Attributes
from fdsim.wire.errors import ProtocolError, RemoteProtocolError
from fdsim.wire.frames import Packet, Signal
from fdsim.wire.jobs import JobStatus, MessageType, Replace
from fdsim.wire.messages.orders import RestoreOrder
from fdsim.wire.messages.replies import RestoreOk, StorageEndOk
from fdsim.wire.messages.shape import text_of
from fdsim.wire.messages.storage import DataOk, OpenOk, ReadClose, ReadData, ReadOpen
from fdsim.wire.records import RecordHeader
from fdsim.wire.streams import DIGESTS, STREAM_MASK, Stream, stream_name

# As plain numbers: to look an enumeration's member up for every record is a measurable part of a small file's cost.
_ATTRIBUTES: Final = int(Stream.UNIX_ATTRIBUTES)
_DATA: Final = int(Stream.FILE_DATA)
_DIGESTS: Final = frozenset(map(int, DIGESTS))
_OPEN: Final = frozenset({_ATTRIBUTES, _DATA})
_SUPPORTED_DATA: Final = frozenset({0, _DATA})  # 0: volumes of old daemons (SD-RST-9)


def restore(session: Session, payload: bytes) -> bool:
    """Restore what one Storage daemon sends; more may follow (DIR-RST-8 to DIR-RST-12)."""
    order = _understand(session, payload)
    if order is None:
        return False
    job = session.job
    job.kind = "R"
    job.set_status(JobStatus.BLOCKED)
    session.director.send(RestoreOk())
    storage = job.storage
    if storage is None:
        session.report(MessageType.FATAL, "Improper calling sequence.\n")
        return False
    restorer = Restorer(
        session.settings.host,
        session.report,
        where=order.where or b"",
        replace=Replace(order.replace),
        prefix_links=bool(order.prelinks),
        list_restored=session.report.wants(MessageType.RESTORED),
    )
    with Heartbeat(session.director, session.configuration.file_daemon.heartbeat_interval):
        try:
            _dialogue(session, storage, restorer)
        except (NetworkError, ProtocolError) as error:
            session.report(MessageType.FATAL, f"{error}\n")
        finally:
            restorer.abandon()
    job.close_storage()
    if not job.several_storages:
        end_restore(session, b"")
        return False
    session.director.send(StorageEndOk())
    return job.status is not JobStatus.CANCELED  # a failed one goes on to its end (DIR-RST-13)


def end_restore(session: Session, _: bytes) -> bool:
    """``endrestore``: the restore is over, and has failed if anything in it has (DIR-RST-12)."""
    if session.job.kind == "R":
        session.job.set_status(JobStatus.ERROR if session.job.errors else JobStatus.TERMINATED)
    return False


def _understand(session: Session, payload: bytes) -> RestoreOrder | None:
    parsed = RestoreOrder.match(payload)
    order = parsed.message if parsed else None
    if order is None or order.replace not in list(Replace) or (order.where is None and order.regexwhere is None):
        session.report(MessageType.FATAL, f"Bad replace command. CMD={text_of(payload)}\n")
        return None
    if order.regexwhere is not None:
        session.report(MessageType.FATAL, "regexwhere is not supported by this version of the client.\n")
        return None
    return order


def _dialogue(session: Session, storage: Connection, restorer: Restorer) -> None:
    job = session.job
    ticket = ask(storage, ReadOpen(job.sd_session_id, job.sd_session_time), OpenOk).ticket
    ask(storage, ReadData(ticket), DataOk)
    job.set_status(JobStatus.RUNNING)
    with storage.bulk():
        _Records(session, restorer).take_all(storage)
    storage.send(ReadClose(ticket))
    receive(storage)  # whatever it says (SD-READ-15)


class _Records:
    """Gives each record to the restorer, or says why not."""

    def __init__(self, session: Session, restorer: Restorer) -> None:
        self._job = session.job
        self._report = session.report
        self._restorer = restorer
        self._stop = session.stop
        self._previous = 0
        self._complained: set[int] = set()

    def take_all(self, storage: Connection) -> None:
        """Take records until the Storage daemon says that there are no more (SD-READ-8)."""
        header: RecordHeader | None = None
        while True:
            for frame in storage.receive_many():
                if not isinstance(frame, Packet):
                    if answer(storage, frame) and frame is not Signal.EOD_POLL:
                        continue
                    if frame not in {Signal.EOD, Signal.EOD_POLL} or header is not None:
                        due = "a record or an EOD was" if header is None else "the data of a record were"
                        raise RemoteProtocolError(f"the signal {frame.name} came where {due} due")
                    self._restorer.finish()
                    return
                if header is None:
                    header = RecordHeader.parse(frame.payload)
                    continue
                data = frame.payload
                if len(data) != header.length:
                    raise RemoteProtocolError(f"Actual data size {len(data)} not same as header {header.length}")
                self._take(header.stream & STREAM_MASK, data)
                header = None
            if self._stop.is_set():
                raise RemoteProtocolError("The File daemon is shutting down")

    def _take(self, stream: int, data: bytes) -> None:
        previous, self._previous = self._previous, stream
        if stream == _ATTRIBUTES:
            self._begin(data)
        elif stream == _DATA:
            self._job.read_bytes += len(data)
            # Data that stand anywhere but behind the attributes or other data belong to nothing (SD-RST-5).
            if self._restorer.extracting and previous in _OPEN:
                self._job.job_bytes += self._restorer.write(data)
        elif stream in _DIGESTS:
            return  # the real FD does not look at them either (SD-DIG-6)
        elif stream in Stream._value2member_map_:
            self._complain(stream, f"{stream_name(stream)} records are not restored by this version of the client.")
        else:
            self._restorer.finish()
            self._complain(stream, f"Unknown stream={stream} ignored. This shouldn't happen!")

    def _begin(self, data: bytes) -> None:
        try:
            record = Attributes.parse(data)
            status = record.status
        except RemoteProtocolError as error:
            self._restorer.finish()
            self._job.files += 1
            self._report(MessageType.ERROR, f"Record of attributes can't be read, object not restored: {error}\n")
            return
        data_stream = status.data_stream & STREAM_MASK
        if data_stream not in _SUPPORTED_DATA:
            self._restorer.finish()
            self._complain(data_stream, f"{stream_name(data_stream)} stream not supported on this Client.")
            return
        self._job.files += 1
        self._job.examined += 1
        self._job.current = record.name
        self._restorer.begin(record, status)

    def _complain(self, stream: int, text: str) -> None:
        if stream not in self._complained:
            self._complained.add(stream)
            self._report(MessageType.WARNING, text + "\n")
