"""The passive observer: fed with the bytes of both sides, it says what each frame means in its place.

Bytes go in, in pieces of any size and in the order in which they passed; events come out, one for each frame. Nothing
that is sent can make the observer raise an error: what is no frame ends its direction with one event of the kind
BROKEN, what is a frame but has no place becomes UNKNOWN or carries deviations. Held are the incomplete frame of each
direction and a small state, never the traffic.

The links differ in their tables only: ``handshake`` for the beginning of both, ``orders`` and ``director_link`` for
Director and File daemon, ``storage_link`` for File daemon and Storage daemon.
"""

from __future__ import annotations

from enum import Enum

from fdsim.wire.director_link import DirectorLink
from fdsim.wire.errors import LocalProtocolError, RemoteProtocolError
from fdsim.wire.events import Event, Kind, Meaning
from fdsim.wire.frames import Frame, FrameDecoder, Packet, Signal
from fdsim.wire.roles import Role
from fdsim.wire.storage_link import StorageLink


class Link(Enum):
    """Which daemons talk to each other."""

    DIRECTOR = "Director and File daemon"
    STORAGE = "File daemon and Storage daemon"

    @property
    def roles(self) -> tuple[Role, Role]:
        """The side that calls as a rule, and the other."""
        link = _LINKS[self]
        return link.caller, link.called


_LINKS: dict[Link, type[DirectorLink | StorageLink]] = {
    Link.DIRECTOR: DirectorLink,
    Link.STORAGE: StorageLink,
}


class Conversation:
    """Observes one connection."""

    def __init__(self, link: Link) -> None:
        self._link = _LINKS[link]()
        caller, called = link.roles
        self._peers = {caller: called, called: caller}
        self._decoders: dict[Role, FrameDecoder] = {role: FrameDecoder() for role in self._peers}
        self._number = 0

    def feed(self, sender: Role, data: bytes) -> list[Event]:
        """Take in what ``sender`` has sent.

        Args:
            sender: one of the two daemons of the link.
            data: the next piece of its bytes, above TLS.

        Returns:
            The events of the frames that are complete now. After BROKEN or CLOSED there are none.

        Raises:
            LocalProtocolError: ``sender`` has no part in this link.
        """
        decoder = self._decoder(sender)
        if decoder is None:
            return []
        decoder.feed(data)
        events = []
        try:
            while (frame := decoder.next()) is not None:
                meaning = self._meaning(sender, frame)
                events.append(self._event(sender, frame, meaning))
        except RemoteProtocolError as error:
            events.append(self._event(sender, None, self._broken(str(error))))
            del self._decoders[sender]
        return events

    def end(self, sender: Role) -> list[Event]:
        """``sender`` has closed its direction; arguments, events and errors as for ``feed``."""
        decoder = self._decoder(sender)
        if decoder is None:
            return []
        del self._decoders[sender]
        meaning = Meaning(Kind.CLOSED)
        if decoder.pending:
            meaning = self._broken(f"closed in the middle of a frame, {decoder.pending} bytes of which came")
        return [self._event(sender, None, meaning)]

    def _decoder(self, sender: Role) -> FrameDecoder | None:
        if sender not in self._peers:
            raise LocalProtocolError(f"a {sender.title} has no part in this conversation")
        return self._decoders.get(sender)

    def _meaning(self, sender: Role, frame: Frame) -> Meaning:
        if isinstance(frame, Signal):
            return self._link.signal(sender, frame)
        return self._link.packet(sender, frame.payload)

    def _broken(self, what: str) -> Meaning:
        if self._link.handshake.tls_agreed:
            return Meaning(Kind.BROKEN, "TLS was agreed on, what follows can't be read here")
        return Meaning(Kind.BROKEN, deviations=(what,))

    def _event(self, sender: Role, frame: Frame | None, meaning: Meaning) -> Event:
        self._number += 1
        return Event(self._number, sender, self._peers[sender], frame, meaning)


__all__ = ["Conversation", "Event", "Kind", "Link", "Meaning", "Packet", "Signal"]
