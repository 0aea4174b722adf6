"""The command loop of a session with a File daemon: a command is recognised by its first bytes (SD-APP-11)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from fdsim.net.connection import Connection
from fdsim.net.errors import NetworkError
from fdsim.net.signs import receive
from fdsim.wire.errors import ProtocolError
from fdsim.wire.frames import Packet, Signal
from fdsim.wire.messages.base import Message, shorten
from fdsim.wire.messages.storage import SdInvalidCommand

_LINGER: Final = 3.0
"""Seconds for which a refused File daemon may go on sending before it is cut off."""


class Refusal(Exception):
    """A command is answered with an error; the session ends (SD-APP-12)."""

    def __init__(self, why: str, *replies: Message) -> None:
        super().__init__(why)
        self.replies = replies


class Commands(Protocol):
    """What a session can do."""

    @property
    def table(self) -> Mapping[bytes, Callable[[bytes], None]]:
        """The beginning of each command, and what it does with the whole packet; it may raise Refusal."""

    def end(self) -> None:
        """The session is over, well or not: let go of what is open."""


def serve_session(connection: Connection, commands: Commands) -> None:
    """Obey a File daemon until it ends the session.

    Raises:
        Refusal: it was refused something, and told so.
        NetworkError: it was silent or went away.
        ProtocolError: what it sent is no frame.
    """
    try:
        while isinstance(frame := receive(connection), Packet):
            try:
                _obey(commands, frame.payload)
            except Refusal as refusal:
                for reply in refusal.replies:
                    connection.send(reply)
                connection.send_signal(Signal.TERMINATE)
                raise
    finally:
        commands.end()


def _obey(commands: Commands, payload: bytes) -> None:
    for prefix, command in commands.table.items():
        if payload.startswith(prefix):
            command(payload)
            return
    raise Refusal(f"unknown command {shorten(payload)}", SdInvalidCommand())


def linger(connection: Connection) -> None:
    """Read on for a while after a refusal: closing a socket with unread data would take our last words with it.

    The real Storage daemon does not take that care (SD-APP-13).
    """
    deadline = time.monotonic() + _LINGER
    try:
        while (left := deadline - time.monotonic()) > 0 and connection.receive(left) is not Signal.TERMINATE:
            pass
    except (NetworkError, ProtocolError):
        return  # it has gone, or sends nothing any more: either way our words are out
