"""What listens in on connections: transcripts, packet captures, and several of them at once.

A file holds any number of connections, each of which has a tap of its own. Taps may be called from several threads;
what comes after the file is closed is not recorded.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, Protocol, Self

from fdsim.net.connection import Tap
from fdsim.wire.conversation import Conversation, Link
from fdsim.wire.events import Event
from fdsim.wire.roles import Role
from fdsim.wire.transcript import PAYLOAD_LIMIT, line


class Recorder(Tap, Protocol):
    """A tap that also learns when a direction ends."""

    def end(self, sender: Role) -> None:
        """``sender`` has closed its direction."""


class Tee:
    """Several recorders in the place of one."""

    def __init__(self, *recorders: Recorder) -> None:
        self._recorders = recorders

    def __call__(self, sender: Role, data: bytes) -> None:
        """Pass on what ``sender`` has sent."""
        for recorder in self._recorders:
            recorder(sender, data)

    def end(self, sender: Role) -> None:
        """Pass on that ``sender`` has closed its direction."""
        for recorder in self._recorders:
            recorder.end(sender)


class TranscriptFile:
    """An annotated transcript of one or more connections.

    Every line begins with the number of the connection, counted from 1, behind the time if there is one; ``transcript``
    describes the rest of it.
    """

    def __init__(
        self,
        path: Path,
        *,
        header: Iterable[str] = (),
        limit: int = PAYLOAD_LIMIT,
        clock: Callable[[], float] | None = time.monotonic,
    ) -> None:
        """Create the file.

        Args:
            path: where; what was there is lost.
            header: lines to put at the top, each behind a ``#``.
            limit: how many bytes of a payload to show.
            clock: gives seconds; lines tell those since the file was made. None leaves the times out.
        """
        self._limit = limit
        self._clock = clock
        self._started = clock() if clock else 0.0
        self._connections = 0
        self._lock = threading.Lock()
        self._file = path.open("w", encoding="ascii", errors="backslashreplace")
        self._file.writelines(f"# {text}\n" for text in header)

    def tap(self, link: Link) -> TranscriptTap:
        """A tap for one more connection."""
        with self._lock:
            self._connections += 1
            return TranscriptTap(self, link, self._connections)

    def write(self, connection: int, events: Iterable[Event]) -> None:
        """Add events of a connection."""
        time_text = f"{self._clock() - self._started:10.6f} " if self._clock else ""
        text = "".join([f"{time_text}{connection:2} {line(event, self._limit)}\n" for event in events])
        with self._lock:
            if not self._file.closed:
                self._file.write(text)

    def close(self) -> None:
        """Write out what is buffered and close the file; harmless if it is closed."""
        with self._lock:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class TranscriptTap:
    """Writes what it hears to a ``TranscriptFile``."""

    def __init__(self, file: TranscriptFile, link: Link, connection: int) -> None:
        self._file = file
        self._connection = connection
        self._conversation = Conversation(link)
        self._lock = threading.Lock()

    def __call__(self, sender: Role, data: bytes) -> None:
        """Record what ``sender`` has sent."""
        with self._lock:
            self._file.write(self._connection, self._conversation.feed(sender, data))

    def end(self, sender: Role) -> None:
        """Record that ``sender`` has closed its direction."""
        with self._lock:
            self._file.write(self._connection, self._conversation.end(sender))


ADDRESSES: Final = {
    Role.DIRECTOR: "192.0.2.1",
    Role.FILE_DAEMON: "192.0.2.2",
    Role.STORAGE_DAEMON: "192.0.2.3",
}
"""The addresses of the daemons in a packet capture, from the range for documentation (RFC 5737)."""

PORTS: Final = {Role.DIRECTOR: 9101, Role.FILE_DAEMON: 9102, Role.STORAGE_DAEMON: 9103}
"""Where the daemons listen in a packet capture: Bacula's registered ports."""

_FIRST_CALLER_PORT: Final = 49152
_SEGMENT: Final = 32 * 1024
_WINDOW: Final = 65535
_SEQUENCE_MASK: Final = 0xFFFFFFFF


class PcapFile:
    """A packet capture of one or more connections, which ``wireshark`` reads.

    The bytes are those that a tap heard, above TLS if there was any; Ethernet, IP and TCP around them are made up.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        """Create the file.

        Args:
            path: where; what was there is lost.
            clock: gives the Unix time of a packet in seconds.
        """
        # Scapy takes a second to import, which those who capture nothing need not wait for.
        self._inet: Any = importlib.import_module("scapy.layers.inet")
        self._ether: Any = importlib.import_module("scapy.layers.l2")
        self._clock = clock
        self._connections = 0
        self._lock = threading.Lock()
        self._writer: Any = importlib.import_module("scapy.utils").PcapWriter(str(path), linktype=1)
        self._closed = False

    def tap(self, link: Link) -> PcapTap:
        """A tap for one more connection."""
        with self._lock:
            port = _FIRST_CALLER_PORT + self._connections
            self._connections += 1
        return PcapTap(self, link, port)

    def write(self, sender: tuple[Role, int], receiver: tuple[Role, int], tcp: dict[str, Any], data: bytes) -> None:
        """Add one segment.

        Args:
            sender: who sends, and its port.
            receiver: who receives, and its port.
            tcp: further fields of the TCP header, by scapy's names.
            data: the payload.
        """
        (source, source_port), (destination, destination_port) = sender, receiver
        packet = (
            self._ether.Ether(src=_hardware(source), dst=_hardware(destination))
            / self._inet.IP(src=ADDRESSES[source], dst=ADDRESSES[destination])
            / self._inet.TCP(sport=source_port, dport=destination_port, window=_WINDOW, **tcp)
            / data
        )
        packet.time = self._clock()
        with self._lock:
            if not self._closed:
                self._writer.write(packet)

    def close(self) -> None:
        """Write out what is buffered and close the file; harmless if it is closed."""
        with self._lock:
            if not self._closed:
                self._writer.close()
            self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class PcapTap:
    """Writes what it hears to a ``PcapFile`` as a TCP connection."""

    def __init__(self, file: PcapFile, link: Link, port: int) -> None:
        caller, called = link.roles
        self._file = file
        self._ends = {caller: (caller, port), called: (called, PORTS[called])}
        self._peers = {caller: called, called: caller}
        self._next = dict.fromkeys(self._peers, 0)
        self._lock = threading.Lock()
        self._segment(caller, "S", ack=False)
        self._segment(called, "SA")
        self._segment(caller, "A")

    def __call__(self, sender: Role, data: bytes) -> None:
        """Record what ``sender`` has sent."""
        with self._lock:
            for start in range(0, len(data), _SEGMENT):
                self._segment(sender, "PA", data[start : start + _SEGMENT])
                self._segment(self._peers[sender], "A")

    def end(self, sender: Role) -> None:
        """Record that ``sender`` has closed its direction."""
        with self._lock:
            self._segment(sender, "FA")
            self._segment(self._peers[sender], "A")

    def _segment(self, sender: Role, flags: str, data: bytes = b"", *, ack: bool = True) -> None:
        peer = self._peers[sender]
        tcp = {"flags": flags, "seq": self._next[sender], "ack": self._next[peer] if ack else 0}
        self._file.write(self._ends[sender], self._ends[peer], tcp, data)
        # SYN and FIN take a place in the sequence as a byte does.
        taken = len(data) + ("S" in flags or "F" in flags)
        self._next[sender] = (self._next[sender] + taken) & _SEQUENCE_MASK


def _hardware(role: Role) -> str:
    """A locally administered hardware address."""
    return f"02:00:00:00:00:{ord(role.value):02x}"
