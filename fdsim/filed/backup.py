"""``backup``: the dialogues with Director and Storage daemon around the records (DIR-BKP, SD-APP)."""

from __future__ import annotations

from typing import Final

from fdsim.content.digest import digest_for
from fdsim.filed.heartbeat import Heartbeat
from fdsim.filed.saver import Saver
from fdsim.filed.session import Session
from fdsim.filed.storage import ask, reply
from fdsim.files.patterns import PathFilter
from fdsim.files.walk import Walker
from fdsim.net.connection import Connection
from fdsim.net.errors import NetworkError
from fdsim.wire.errors import ProtocolError
from fdsim.wire.fileset import Block
from fdsim.wire.frames import Packet, Signal
from fdsim.wire.jobs import JobStatus, MessageType
from fdsim.wire.messages.orders import BackupOrder
from fdsim.wire.messages.replies import BackupOk, BadBackup
from fdsim.wire.messages.shape import text_of
from fdsim.wire.messages.storage import (
    AppendClose,
    AppendData,
    AppendDataOk,
    AppendEnd,
    AppendOpen,
    CloseOk,
    DataOk,
    EndOk,
    OpenOk,
)
from fdsim.wire.options import Option, parse_letters

_HEARTBEAT_AT_LEAST: Final = 5.0
_GOOD_CLOSE: Final = frozenset({JobStatus.TERMINATED.code, JobStatus.WARNINGS.code, JobStatus.INCOMPLETE.code})


def backup(session: Session, payload: bytes) -> bool:
    """Run a backup; it always ends the session (DIR-BKP-7)."""
    job = session.job
    order = BackupOrder.match(payload)
    if order is not None and order.message.file_index:
        session.report(MessageType.FATAL, "Going on with an incomplete job is not supported by this version.\n")
        session.director.send(BadBackup())
        return False
    storage = job.storage
    if storage is None:
        session.report(MessageType.FATAL, "Cannot contact Storage daemon\n")
        session.director.send(BadBackup())
        return False
    job.kind = "B"
    job.set_status(JobStatus.BLOCKED)
    session.director.send(BackupOk())
    storage.watch = True
    # The real FD's watcher wakes every five seconds, whatever the interval (DIR-BNET-24).
    interval = session.configuration.file_daemon.heartbeat_interval
    with Heartbeat(session.director, max(interval, _HEARTBEAT_AT_LEAST) if interval else 0):
        try:
            _dialogue(session, storage)
        except NetworkError as error:
            _network_failure(session, storage, error)
        except ProtocolError as error:
            session.report(MessageType.FATAL, f"{error}\n")
    return False


def _dialogue(session: Session, storage: Connection) -> None:
    job = session.job
    ticket = ask(storage, AppendOpen(), OpenOk).ticket
    ask(storage, AppendData(ticket), DataOk)
    job.set_status(JobStatus.RUNNING)
    _save_all(session, storage)
    storage.queue_signal(Signal.EOD)
    storage.flush()
    reply(storage, "end of data", AppendDataOk)
    if job.status is not JobStatus.RUNNING:
        return  # a failed job leaves the rest of the dialogue out (SD-APP-16)
    ask(storage, AppendEnd(ticket), EndOk)
    status = ask(storage, AppendClose(ticket), CloseOk).status
    if status not in _GOOD_CLOSE:
        session.report(MessageType.FATAL, f"Bad status {status} {chr(status)} returned from Storage Daemon.\n")
        return
    job.set_status(JobStatus.TERMINATED)


def _network_failure(session: Session, storage: Connection, error: NetworkError) -> None:
    """Report a lost Storage daemon, with its last words if it left any (SD-APP-13)."""
    words = []
    while storage.arrived:
        frame = storage.receive()
        if isinstance(frame, Packet):
            words.append(text_of(frame.payload).strip())
    said = f" Its last words: {' '.join(words)}" if words else ""
    cause = error.__cause__
    reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(error)
    session.report(MessageType.ERROR, f"{error}.{said}\n")
    session.report(MessageType.FATAL, f"backup.c:847 Network send error to SD. ERR={reason}\n")


def _save_all(session: Session, storage: Connection) -> None:
    fileset = session.job.fileset
    if fileset is None:
        return
    excluded = PathFilter(path for block in fileset.excludes for path in block.files)
    listed = frozenset(path for block in (*fileset.includes, *fileset.excludes) for path in block.files)
    saver = Saver(session, storage, listed)
    for block in fileset.includes:
        options = _options(block)
        letters = {option.letter for option in options}
        saver.set_options(digest_for(options), hard_links="H" not in letters)
        walker = Walker(session.settings.host, excluded, one_filesystem="f" not in letters, recurse="h" not in letters)
        for top in block.files:
            for entry in walker.walk(top):
                saver.save(entry)


def _options(block: Block) -> tuple[Option, ...]:
    """The letters of all Options blocks of an Include together (DIR-SEL-2)."""
    return tuple(option for options in block.options for option in parse_letters(options.letters))
