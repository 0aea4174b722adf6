"""Signs of life between File daemon and Storage daemon: signals that may come anywhere (SD-HB-2 to SD-HB-5)."""

from __future__ import annotations

from fdsim.net.connection import Connection
from fdsim.wire.frames import Frame, Packet, Signal
from fdsim.wire.messages.observed import StatusAnswer
from fdsim.wire.messages.storage import PollOk


def receive(connection: Connection) -> Frame:
    """The next packet or signal that the caller has to know of; an EOD_POLL is answered and comes as an EOD.

    Raises:
        NetworkError: the peer was silent or went away.
        RemoteProtocolError: what came is no frame.
    """
    while True:
        frame = connection.receive()
        if isinstance(frame, Packet) or not answer(connection, frame):
            return frame
        if frame is Signal.EOD_POLL:
            return Signal.EOD


def answer(connection: Connection, signal: Signal) -> bool:
    """Give a signal the answer that it wants, which may be none; False if it is of another kind."""
    if signal in {Signal.POLL, Signal.EOD_POLL}:
        connection.send(PollOk())
    elif signal is Signal.STATUS:
        connection.send(StatusAnswer())
        connection.send_signal(Signal.EOD)
    else:
        return signal in {Signal.HEARTBEAT, Signal.HB_RESPONSE}
    return True
