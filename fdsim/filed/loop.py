"""The command loop: one order of the Director after the other (DIR-LOOP, DIR-END)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from fdsim.filed.backup import backup
from fdsim.filed.registry import Registry
from fdsim.filed.restore import end_restore, restore
from fdsim.filed.session import Session
from fdsim.filed.setup import read_fileset, set_job, set_level
from fdsim.filed.status import status
from fdsim.filed.storage import contact_storage
from fdsim.net.errors import NetworkError
from fdsim.wire.errors import ProtocolError
from fdsim.wire.frames import IS_CMD, Signal
from fdsim.wire.jobs import MessageType
from fdsim.wire.messages.base import shorten
from fdsim.wire.messages.replies import InvalidCommand, MonitorRefusal
from fdsim.wire.orders import find_order

log = logging.getLogger(__name__)

Handler = Callable[[Session, bytes], bool]
"""Carries an order out and says whether the session goes on."""

_HANDLERS: Final[dict[str, Handler]] = {
    "backup": backup,
    "endrestore": end_restore,
    "fileset": read_fileset,
    "job": set_job,
    "level": set_level,
    "restore": restore,
    "since": set_level,
    "storage": contact_storage,
}


def serve_orders(session: Session, registry: Registry) -> None:
    """Carry out orders until the Director or one of them ends the session, and report how the job went."""
    job = session.job
    try:
        while _next(session, registry):
            pass
    except ProtocolError as error:
        # The real FD says no more on a connection that has lost its synchronisation (DIR-BNET-16).
        log.warning("JobId %d: the Director's connection is given up: %s", job.job_id, error)
        job.close_storage()
        return
    except NetworkError as error:
        log.warning("JobId %d: session ended early: %s", job.job_id, error)
    except BaseException:
        # A fault of ours: whoever waits for the job's end hears of it all the same.
        session.report(MessageType.FATAL, "The File daemon has failed; its log tells why.\n")
        _end(session)
        raise
    _end(session)


def _next(session: Session, registry: Registry) -> bool:
    frame = session.director.receive()
    # Any signal where an order is due ends the session, and so does an empty packet (DIR-BNET-3, DIR-BNET-27) or a
    # command of deduplication (DIR-BNET-10).
    if isinstance(frame, Signal) or not frame.payload or (frame.flags or 0) & IS_CMD:
        return False
    order = find_order(frame.payload)
    if order is None:
        log.warning("JobId %d: unknown order %s", session.job.job_id, shorten(frame.payload))
        session.director.send(InvalidCommand())
        return False
    if session.resource.monitor and not order.monitor:
        session.director.send(MonitorRefusal())
        session.director.send_signal(Signal.EOD)
        return True
    if order.name == "status":
        status(session, registry)
        return True
    handler = _HANDLERS.get(order.name)
    if handler is None:
        session.report(MessageType.FATAL, f"The command {order.name} is not supported by this version of the client.\n")
        session.director.send(InvalidCommand())
        return False
    return handler(session, frame.payload)


def _end(session: Session) -> None:
    """End the session: the Storage daemon first, then the report, then the Director (DIR-END-1)."""
    job = session.job
    job.close_storage()
    try:
        if job.job_id:
            session.director.send(job.end())
        session.director.send_signal(Signal.TERMINATE)
    except NetworkError as error:
        log.warning("JobId %d: the Director was not told how the job ended: %s", job.job_id, error)
