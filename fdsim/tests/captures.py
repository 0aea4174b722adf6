"""Loads the captures of real daemons in fixtures/captures, without scapy: a second opinion on what the tap writes."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fdsim.wire.conversation import Conversation, Link
from fdsim.wire.events import Event
from fdsim.wire.roles import Role

CAPTURES = Path(__file__).parents[2] / "fixtures/captures/bacula-9.6.7"

_ROLES = {
    b"\xc0\x00\x02\x01": Role.DIRECTOR,
    b"\xc0\x00\x02\x02": Role.FILE_DAEMON,
    b"\xc0\x00\x02\x03": Role.STORAGE_DAEMON,
}
_FIRST_PORT = 49152
_ETHERNET = 14
_FIN = 0x01


@dataclass(frozen=True)
class Segment:
    """What passed at once."""

    connection: int
    """Counts from 0."""
    sender: Role
    data: bytes
    """Empty where the sender closes its direction."""


@dataclass(frozen=True)
class Capture:
    """One scenario."""

    name: str
    about: dict[str, Any]
    segments: tuple[Segment, ...]

    @property
    def links(self) -> list[Link]:
        """The link of each connection."""
        return [Link[name] for name in self.about["connections"]]

    def only(self, link: Link) -> list[Event]:
        """The events of all connections of one kind, one connection after the other."""
        return [
            event
            for number, this in enumerate(self.links)
            if this is link
            for event in observe(this, [segment for segment in self.segments if segment.connection == number])
        ]

    def sent(self, link: Link, sender: Role) -> bytes:
        """All that one daemon sent over connections of one kind."""
        links = self.links
        return b"".join(
            segment.data for segment in self.segments if links[segment.connection] is link and segment.sender is sender
        )


def observe(link: Link, segments: list[Segment]) -> list[Event]:
    """What the observer makes of one connection."""
    conversation = Conversation(link)
    events: list[Event] = []
    for segment in segments:
        events += conversation.feed(segment.sender, segment.data) if segment.data else conversation.end(segment.sender)
    return events


def names() -> list[str]:
    """The scenarios that were captured."""
    return sorted(path.stem for path in CAPTURES.glob("*.pcap"))


@cache
def load(name: str) -> Capture:
    """One scenario."""
    about = json.loads((CAPTURES / f"{name}.json").read_text("utf-8"))
    return Capture(name, about, tuple(_segments((CAPTURES / f"{name}.pcap").read_bytes())))


def _segments(pcap: bytes) -> Iterator[Segment]:
    """The segments with data or FIN of a capture in the classic format, little-endian, of Ethernet frames."""
    magic, link_type = struct.unpack_from("<I16xI", pcap)
    assert (magic, link_type) == (0xA1B2C3D4, 1)
    position = 24
    expected: dict[tuple[int, Role], int] = {}
    while position < len(pcap):
        (size,) = struct.unpack_from("<8xI", pcap, position)
        frame = pcap[position + 16 : position + 16 + size]
        position += 16 + size
        ip = frame[_ETHERNET:]
        ip = ip[: int.from_bytes(ip[2:4], "big")]
        tcp = ip[(ip[0] & 15) * 4 :]
        source, destination, sequence = struct.unpack_from(">HHI", tcp)
        data, flags, sender = tcp[(tcp[12] >> 4) * 4 :], tcp[13], _ROLES[ip[12:16]]
        connection = max(source, destination) - _FIRST_PORT
        if data or flags & _FIN:
            assert expected.setdefault((connection, sender), 1) == sequence
            expected[connection, sender] += len(data)
            yield Segment(connection, sender, data)
