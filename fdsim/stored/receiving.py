"""Waiting for a frame that means something (SD-HB)."""

from __future__ import annotations

from fdsim.net.connection import Connection
from fdsim.wire.frames import Frame, Packet, Signal
from fdsim.wire.messages.observed import StatusAnswer
from fdsim.wire.messages.storage import PollOk


def receive(connection: Connection) -> Frame:
    """The next packet or signal that the caller has to know of.

    Heartbeats are dropped and requests for a sign of life answered, wherever they come (SD-HB-2 to SD-HB-5).

    Raises:
        NetworkError: the File daemon was silent or went away.
        RemoteProtocolError: what came is no frame.
    """
    while True:
        frame = connection.receive()
        if isinstance(frame, Packet):
            return frame
        if frame is Signal.POLL:
            connection.send(PollOk())
        elif frame is Signal.EOD_POLL:
            connection.send(PollOk())
            return Signal.EOD
        elif frame is Signal.STATUS:
            connection.send(StatusAnswer())
            connection.send_signal(Signal.EOD)
        elif frame not in {Signal.HEARTBEAT, Signal.HB_RESPONSE}:
            return frame
