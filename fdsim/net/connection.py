"""One connection between two daemons: frames over a socket, with a time-out on every wait.

Small packets are gathered: ``queue`` only frames a packet, and what has gathered leaves in one large write when it
exceeds ``GATHER`` bytes or at ``flush``; both belong to the one thread that sends a stream of records. Everything else
uses ``send``, which does both at once and may be called from several threads, though not while another one queues.
Only one thread receives, and no other may send while it waits if that write could have to wait as well.

While a write waits for a peer that does not read, what the peer sends is taken in and kept for ``receive``: a Storage
daemon that waits for a volume sends heartbeats and would otherwise block in its turn (SD-HB-1).

A ``Tap`` sees the bytes of both directions, above TLS once there is any.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol, Self

from fdsim.net.errors import NetworkError, PeerClosed, PeerTimeout
from fdsim.wire.errors import LocalProtocolError
from fdsim.wire.frames import Frame, FrameDecoder, Signal, encode_signal, split
from fdsim.wire.messages.base import Message
from fdsim.wire.roles import Role

GATHER: Final = 256 * 1024
_RECEIVE: Final = 256 * 1024
# Below this a header and its payload are joined; above, copying costs more than a further element of a gathering write.
_JOIN: Final = 4096
_PIECES: Final = 512
_SHORTEST: Final = 0.001
_MUCH: Final = 64 * 1024
_SLICE: Final = 0.02
# A wait may be this much longer than asked for, so that its limit need not be set anew for every frame.
_ROUGHLY: Final = 0.05


class Tap(Protocol):
    """Sees what passes over a connection."""

    def __call__(self, sender: Role, data: bytes) -> None:
        """``sender`` has sent ``data``; the pieces of one direction come in order, of any size."""


class Connection:
    """A socket that carries frames."""

    def __init__(self, sock: socket.socket, *, me: Role, peer: Role, timeout: float, tap: Tap | None = None) -> None:
        """Take over a connected socket.

        Args:
            sock: closed by ``close``.
            me: our role, for the tap.
            peer: the other side's role, for messages and the tap.
            timeout: seconds after which a wait for the peer is given up, unless a call says otherwise.
            tap: sees the traffic.
        """
        if sock.family != socket.AF_UNIX:  # a socket pair in a test
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # Reads wait in the system call itself, for as long as SO_RCVTIMEO says: a peer that sends many small pieces
        # costs one call for each then. Writes, and reads on the way, do not wait (MSG_DONTWAIT).
        sock.setblocking(True)
        self.me = me
        self.peer = peer
        self.timeout = timeout
        self.address = _address(sock)
        self.compress = False
        """Whether packets that we send are compressed; the peer decides for its own direction (DIR-BNET-13)."""
        self.watch = False
        """Whether each write first takes in what the peer has sent, so that ``arrived`` tells of it at once."""
        self.payload_bytes = 0
        """Payload sent so far before compression (SD-ACCT-7)."""
        self.compressed_bytes = 0
        """Payload sent so far as it was on the wire."""
        self._sock = sock
        self._tap = tap
        self._decoder = FrameDecoder()
        self._arrived: deque[Frame] = deque()
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._lock = threading.Lock()
        self._buffer = memoryview(bytearray(_RECEIVE))
        self._patience = 0.0
        self._bulk = False

    def __str__(self) -> str:
        return f"{self.peer.title} at {self.address}"

    # Sending

    def queue(self, payload: bytes) -> None:
        """Add a packet to what goes out; only one thread may do that."""
        self.payload_bytes += len(payload)
        header, body = split(payload, compress=self.compress)
        size = len(body)
        self.compressed_bytes += size
        pending = self._pending
        if size < _JOIN:
            pending.append(header + body)
        else:
            pending.append(header)
            pending.append(body)
        self._pending_size += size + len(header)
        if self._pending_size >= GATHER:
            self.flush()

    def queue_signal(self, signal: Signal) -> None:
        """Add a signal to what goes out; only one thread may do that."""
        self._pending.append(encode_signal(signal))
        self._pending_size += 4

    def flush(self) -> None:
        """Send all that is queued.

        Raises:
            PeerTimeout: the peer has not read anything for ``timeout`` seconds.
            PeerClosed: the connection is gone.
        """
        pending, self._pending, self._pending_size = self._pending, [], 0
        if not pending:
            return
        if self.watch:
            self._take_in()
        if self._tap is not None:
            self._tap(self.me, b"".join(pending))
        if len(pending) > _PIECES:
            self._send_all(b"".join(pending))
            return
        try:
            sent = self._sock.sendmsg(pending, (), socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise self._lost("writing to", error) from error
        if sent < sum(map(len, pending)):
            self._send_all(b"".join(pending), sent)

    def send(self, payload: bytes | Message) -> None:
        """Send one packet at once; any thread may do that.

        Raises:
            PeerTimeout, PeerClosed: as ``flush``.
        """
        with self._lock:
            self.queue(payload.encode() if isinstance(payload, Message) else payload)
            self.flush()

    def send_signal(self, signal: Signal) -> None:
        """Send one signal at once; any thread may do that."""
        with self._lock:
            self.queue_signal(signal)
            self.flush()

    def send_raw(self, data: bytes) -> None:
        """Send bytes that need not be frames at all: the way off the book, for mocks."""
        with self._lock:
            self._pending.append(data)
            self.flush()

    # Receiving

    def receive(self, timeout: float | None = None) -> Frame:
        """The next frame.

        Args:
            timeout: seconds to wait at most, instead of the connection's own time-out.

        Raises:
            PeerTimeout: nothing came in time.
            PeerClosed: the peer has closed the connection, or it broke.
            RemoteProtocolError: what came is no frame.
        """
        if self._arrived:
            return self._arrived.popleft()
        decoder = self._decoder
        limit = self.timeout if timeout is None else timeout
        deadline = None
        while (frame := decoder.next()) is None:
            if deadline is None:
                deadline = time.monotonic() + limit
            elif time.monotonic() >= deadline:  # of a peer that trickles no single read waits in vain
                raise self._in_vain("an answer", limit)
            self._wait_and_read(deadline, limit)
        return frame

    def receive_many(self) -> list[Frame]:
        """The frames that have come, at least one; a signal is the last of them. Errors as for ``receive``."""
        if self._arrived:
            return [self._arrived.popleft()]
        deadline = None
        while not (frames := self._decoder.take()):
            if deadline is None:
                deadline = time.monotonic() + self.timeout
            elif time.monotonic() >= deadline:
                raise self._in_vain("an answer", self.timeout)
            self._wait_and_read(deadline, self.timeout)
        return frames

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """Read in large pieces while the block runs.

        A peer that sends many small packets would wake us for each, which costs more than reading it. So the system
        wakes us only when much has come, or after a moment in which it has not.
        """
        self._set_option(socket.SO_RCVLOWAT, _MUCH)
        self._bulk = True
        try:
            yield
        finally:
            self._bulk = False
            # After a failure the socket may be gone, and the failure is what matters.
            with contextlib.suppress(PeerClosed):
                self._set_option(socket.SO_RCVLOWAT, 1)

    @property
    def arrived(self) -> bool:
        """Whether a frame other than a heartbeat came while we were writing (see ``watch``)."""
        return bool(self._arrived)

    # The end

    def start_tls(self) -> None:
        """The place at which TLS will take over the socket; this version has none.

        Raises:
            LocalProtocolError: always.
        """
        raise LocalProtocolError("TLS is not supported by this version: switch it off on both sides")

    def abort(self) -> None:
        """Break the connection off from another thread: whoever waits on it gets PeerClosed."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is gone already, which is what was wanted

    def close(self) -> None:
        """Close the socket; harmless if it is closed."""
        self._sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Below the frames

    def _send_all(self, data: bytes, sent: int = 0) -> None:
        view = memoryview(data)
        deadline = time.monotonic() + self.timeout
        while sent < len(data):
            try:
                sent += self._sock.send(view[sent:], socket.MSG_DONTWAIT)
            except BlockingIOError:
                self._wait_for_room(deadline, len(data) - sent)
                if not self._take_in():
                    continue
            except OSError as error:
                raise self._lost("writing to", error) from error
            deadline = time.monotonic() + self.timeout

    def _take_in(self) -> bool:
        """Keep the frames that came for ``receive``; heartbeats need no answer and are dropped (SD-HB-2)."""
        came = self._read(socket.MSG_DONTWAIT)
        while (frame := self._decoder.next()) is not None:
            if frame is not Signal.HEARTBEAT:
                self._arrived.append(frame)
        return came

    def _wait_and_read(self, deadline: float, limit: float) -> None:
        """Feed the decoder with what comes until ``deadline``, which lies ``limit`` seconds behind the start."""
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            if not self._read(socket.MSG_DONTWAIT):
                raise self._in_vain("an answer", limit)
        elif self._bulk:
            self._set_patience(min(remaining, _SLICE))
            self._read(0)
        else:
            self._set_patience(remaining)
            if not self._read(0):
                raise self._in_vain("an answer", limit)

    def _set_patience(self, seconds: float) -> None:
        if abs(seconds - self._patience) <= _ROUGHLY * self._patience:
            return
        self._patience = max(seconds, _SHORTEST)
        whole = int(self._patience)
        self._set_option(socket.SO_RCVTIMEO, struct.pack("ll", whole, int((self._patience - whole) * 1e6)))

    def _set_option(self, option: int, value: int | bytes) -> None:
        try:
            self._sock.setsockopt(socket.SOL_SOCKET, option, value)
        except OSError as error:
            raise self._lost("reading from", error) from error

    def _read(self, flags: int) -> bool:
        """Feed the decoder with what comes; False if nothing came in time."""
        try:
            count = self._sock.recv_into(self._buffer, 0, flags)
        except BlockingIOError:
            return False
        except OSError as error:
            raise self._lost("reading from", error) from error
        if not count:
            held = self._decoder.pending
            cut = f" in the middle of a packet ({held} bytes of it came)" if held else ""
            raise PeerClosed(f"{self} closed the connection{cut}")
        data = bytes(self._buffer[:count])
        if self._tap is not None:
            self._tap(self.peer, data)
        self._decoder.feed(data)
        return True

    def _wait_for_room(self, deadline: float, size: int) -> None:
        """Wait until the peer reads, or has something to say."""
        remaining = deadline - time.monotonic()
        poll = select.poll()
        try:
            poll.register(self._sock, select.POLLIN | select.POLLOUT)
        except ValueError as error:  # another thread has closed it
            raise PeerClosed(f"the connection to {self} was closed on our side") from error
        if remaining <= 0 or not poll.poll(remaining * 1000):
            raise self._in_vain(f"it to read {size} more bytes", self.timeout)

    def _in_vain(self, what: str, limit: float) -> PeerTimeout:
        return PeerTimeout(f"waited in vain for {what} from {self}; the time-out is {limit:g} s")

    def _lost(self, doing: str, error: OSError) -> NetworkError:
        lost = PeerClosed(f"{doing} {self} failed: {error.strerror or error}")
        lost.__cause__ = error
        return lost


def _address(sock: socket.socket) -> str:
    try:
        name = sock.getpeername()
    except OSError:  # closed already by the peer; the first read or write says so
        return "an address that is gone"
    return f"{name[0]}:{name[1]}" if isinstance(name, tuple) else str(name) or "a socket pair"
