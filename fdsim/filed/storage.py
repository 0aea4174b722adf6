"""The File daemon's side towards a Storage daemon: getting in touch, and its commands and replies."""

from __future__ import annotations

from typing import TypeVar

from fdsim.filed.session import Session
from fdsim.net import authentication
from fdsim.net.connection import Connection
from fdsim.net.dialing import connect
from fdsim.net.errors import AuthenticationError, ConnectFailed, NetworkError
from fdsim.net.signs import receive
from fdsim.wire.errors import ProtocolError, RemoteProtocolError
from fdsim.wire.frames import Packet
from fdsim.wire.jobs import MessageType
from fdsim.wire.messages.base import Message
from fdsim.wire.messages.greeting import SdClientHello, SdHello
from fdsim.wire.messages.orders import StorageOrder
from fdsim.wire.messages.replies import BadStorage, StorageOk
from fdsim.wire.messages.shape import text_of
from fdsim.wire.roles import Role

_ATTEMPT = 30.0
_RETRY_EVERY = 10.0

M = TypeVar("M", bound=Message)


def contact_storage(session: Session, payload: bytes) -> bool:
    """``storage``: connect to the Storage daemon and authenticate with the session key (DIR-STO-1 to DIR-STO-9)."""
    parsed = StorageOrder.match(payload)
    if parsed is None or not 0 <= parsed.message.port < 1 << 16:
        session.report(MessageType.FATAL, f"Bad storage command: {text_of(payload)}")
    elif parsed.message.port == 0:
        session.report(MessageType.FATAL, "A Storage daemon that calls the client is not supported by this version.\n")
    elif _connect(session, parsed.message):
        session.director.send(StorageOk())
        return True
    session.director.send(BadStorage())
    return False


def _connect(session: Session, order: StorageOrder) -> bool:
    job, file_daemon = session.job, session.configuration.file_daemon
    job.take_key(order.key or "")
    job.close_storage()
    if not job.key:
        session.report(MessageType.FATAL, "There is no session key for the Storage daemon: each serves once.\n")
        return False
    try:
        sock = connect(
            order.address,
            order.port,
            what=Role.STORAGE_DAEMON.title,
            timeout=_ATTEMPT,
            retry_for=file_daemon.sd_connect_timeout,
            retry_every=_RETRY_EVERY,
            source=file_daemon.fd_source_address,
            stop=session.stop,
        )
    except ConnectFailed as error:
        session.report(
            MessageType.FATAL,
            f"Failed to connect to Storage daemon: {order.address}:{order.port} ({error.__cause__})\n",
        )
        return False
    storage = Connection(sock, me=Role.FILE_DAEMON, peer=Role.STORAGE_DAEMON, timeout=session.settings.timeout)
    job.storage = storage
    key, job.key = job.key, ""
    try:
        storage.send(SdClientHello(job.name, session.settings.dialect.fd_version))
        authentication.as_client(storage, key.encode("utf-8", "surrogateescape"), session.name)
        hello = SdHello.match(_packet(storage))
    except AuthenticationError as error:
        session.report(MessageType.FATAL, f"Authorization key rejected by Storage daemon. {error}\n")
        session.stop.wait(session.settings.close_pause)
    except (NetworkError, ProtocolError) as error:
        session.report(MessageType.FATAL, f"Failed to connect to Storage daemon: {error}\n")
    else:
        # Whatever it says is good enough; the version only decides on compression (SD-HELLO-12, SD-COMP-4).
        storage.compress = hello is not None and hello.message.version >= 1 and file_daemon.comm_compression
        return True
    job.close_storage()
    return False


def ask(storage: Connection, command: Message, wanted: type[M]) -> M:
    """Give a command and read its reply.

    Raises:
        RemoteProtocolError: the reply is another one; fixed replies are compared to the letter (SD-APP-3).
        NetworkError: the Storage daemon was silent or went away.
    """
    storage.send(command)
    return reply(storage, text_of(command.encode()).rstrip(), wanted)


def reply(storage: Connection, command: str, wanted: type[M]) -> M:
    """Read the reply to ``command``; errors as for ``ask``."""
    payload = _packet(storage)
    parsed = wanted.match(payload)
    if parsed is None or (parsed.deviations and not wanted.shape.field_names):
        raise RemoteProtocolError(
            f"Bad response from SD to {command} command. Wanted {wanted.shape.text.rstrip()}, "
            f"got len={len(payload)} msg={text_of(payload).rstrip()}"
        )
    return parsed.message


def _packet(storage: Connection) -> bytes:
    frame = receive(storage)
    if isinstance(frame, Packet):
        return frame.payload
    raise RemoteProtocolError(f"{storage} sent the signal {frame.name} where a reply was due")
