"""A Director's first words, and whether it is let in (DIR-CONN-3 to DIR-CONN-6, DIR-HELLO, DIR-AUTH)."""

from __future__ import annotations

import logging
import threading

from fdsim.config.fd import Director, FileDaemonConfiguration
from fdsim.filed.session import Settings
from fdsim.net import authentication
from fdsim.net.connection import Connection
from fdsim.net.errors import AuthenticationError
from fdsim.wire.frames import Signal
from fdsim.wire.messages.base import Message, shorten
from fdsim.wire.messages.greeting import (
    AuthenticationFailed,
    BareDirectorHello,
    DirectorHello,
    FdHello,
    Ping,
    PingOk,
    SdCallsFd,
)
from fdsim.wire.messages.shape import bytes_of, text_of

log = logging.getLogger(__name__)

_SHORTEST, _LONGEST = 25, 500
# Failures wait one after the other, so that guessing passwords in parallel gains nothing (DIR-HELLO-7).
_refusals = threading.Lock()


def greet(
    connection: Connection, configuration: FileDaemonConfiguration, settings: Settings, stop: threading.Event
) -> tuple[Director, int] | None:
    """Read the first packet and authenticate.

    Returns:
        The Director's resource and its protocol version, or None if the connection is not to be served; the peer has
        been told then what the real FD would have told it, and the reason is logged.

    Raises:
        NetworkError: the peer was silent or went away.
        RemoteProtocolError: it sent something that is no frame.
    """
    payload = _first_packet(connection, settings, stop)
    if payload is None:
        return None
    hello = DirectorHello.match(payload) or BareDirectorHello.match(payload)
    peer = connection.address.rpartition(":")[0]
    if hello is None:
        _refuse(connection, f"hello.c:91 Bad Hello command from Director at {peer}: {text_of(payload)}", settings, stop)
        return None
    name, version = hello.message.name, hello.message.version
    director = configuration.director(name)
    if director is None:
        unknown = f"hello.c:109 Connection from unknown Director {name} at {peer} rejected.\n"
        _refuse(connection, unknown, settings, stop)
        return None
    try:
        authentication.as_server(connection, director.secret, configuration.file_daemon.name)
    except AuthenticationError as error:
        log.warning("Director %s: %s", name, error)
        stop.wait(settings.reject_pause)
        _refuse(connection, AuthenticationFailed(), settings, stop)
        return None
    connection.send(FdHello(settings.dialect.fd_version))
    # The Director's own direction is its own affair (DIR-HELLO-15, DIR-BNET-13).
    connection.compress = version >= 1 and configuration.file_daemon.comm_compression
    return director, version


def _first_packet(connection: Connection, settings: Settings, stop: threading.Event) -> bytes | None:
    """What may be a Director's Hello; anything else is dealt with (DIR-CONN-3 to DIR-CONN-6)."""
    first = connection.receive(min(settings.timeout, authentication.RESPONSE_TIMEOUT))
    if isinstance(first, Signal):
        log.warning("%s sent the signal %s instead of a Hello", connection, first.name)
        return None
    payload = first.payload
    if payload.startswith(Ping().encode()):
        connection.send(PingOk())
    elif not _SHORTEST <= len(payload) <= _LONGEST or not payload.startswith(b"Hello "):
        log.warning("%s sent no Hello but %s", connection, shorten(payload))
        stop.wait(settings.reject_pause)
    elif payload.startswith(SdCallsFd.shape.prefix[:20]):
        log.warning("%s: a Storage daemon called, which this version does not support", connection)
    else:
        return payload
    return None


def _refuse(connection: Connection, last_words: str | Message, settings: Settings, stop: threading.Event) -> None:
    """Tell the peer that it is not wanted, and let it wait (DIR-HELLO-7, DIR-HELLO-8, DIR-AUTH-13)."""
    if isinstance(last_words, str):
        log.warning("%s", last_words.rstrip())
    connection.send(bytes_of(last_words) if isinstance(last_words, str) else last_words)
    with _refusals:
        stop.wait(settings.close_pause)
    connection.send_signal(Signal.TERMINATE)
