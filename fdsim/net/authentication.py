"""CRAM-MD5 in both directions over a connection (DIR-AUTH, SD-AUTH).

The called side challenges first; then the calling side challenges in its turn. Each returns only when both have proved
that they know the key.
"""

from __future__ import annotations

import secrets
import time
from typing import Final

from fdsim.net.connection import Connection
from fdsim.net.errors import AuthenticationError
from fdsim.wire import cram
from fdsim.wire.frames import Packet
from fdsim.wire.messages.base import shorten
from fdsim.wire.messages.greeting import (
    AuthFailed,
    AuthOk,
    Challenge,
    ChallengeResponse,
    CompatibleChallenge,
)

RESPONSE_TIMEOUT: Final = 180.0
"""Seconds each side waits for a response or a verdict (DIR-AUTH-14)."""

TLS_NONE: Final = 0
TLS_REQUIRED: Final = 2


def as_server(connection: Connection, key: bytes, name: str) -> None:
    """Authenticate as the side that was called.

    Args:
        connection: right after the peer's Hello.
        key: what both sides know (``cram.secret_of`` a password, or a session key).
        name: our own name, for the challenge.

    Raises:
        AuthenticationError: a side does not know the key, or the peer requires TLS.
        NetworkError: the peer was silent or went away.
    """
    _challenge(connection, key, name)
    _respond(connection, key)


def as_client(connection: Connection, key: bytes, name: str) -> None:
    """Authenticate as the side that called; arguments and errors as for ``as_server``."""
    _respond(connection, key)
    _challenge(connection, key, name)


def _challenge(connection: Connection, key: bytes, name: str) -> None:
    text = cram.challenge(secrets.randbelow(1 << 32), int(time.time()), name.replace(" ", "\x01"))
    connection.send(Challenge(text, TLS_NONE))
    answer = _packet(connection, "the response to our challenge")
    response = ChallengeResponse.match(answer)
    if response is None or not cram.is_right(key, text, response.message.answer):
        connection.send(AuthFailed())
        raise AuthenticationError(f"{connection} does not know the password that is configured here")
    connection.send(AuthOk())


def _respond(connection: Connection, key: bytes) -> None:
    payload = _packet(connection, "its challenge")
    compatible = CompatibleChallenge.match(payload)
    parsed = compatible or Challenge.match(payload)
    if parsed is None:
        connection.send(AuthFailed())
        raise AuthenticationError(
            f"{connection} refused our Hello: it sent {shorten(payload)} where its challenge was due. "
            "Does it know our name?"
        )
    challenge = parsed.message
    connection.send(ChallengeResponse(cram.response(key, challenge.text, compatible=compatible is not None)))
    verdict = _packet(connection, "its verdict on our response")
    if verdict != AuthOk().encode():
        raise AuthenticationError(
            f"{connection} rejected our password: it said {shorten(verdict)}. Is it the one that is configured there?"
        )
    if challenge.tls == TLS_REQUIRED:
        raise AuthenticationError(f"{connection} requires TLS, which this version does not speak")


def _packet(connection: Connection, what: str) -> bytes:
    frame = connection.receive(min(RESPONSE_TIMEOUT, connection.timeout))
    if isinstance(frame, Packet):
        return frame.payload
    raise AuthenticationError(f"{connection} sent the signal {frame.name} where {what} was due")
