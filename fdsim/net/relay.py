"""A relay that only records: it passes both directions of a connection on unchanged and lets a tap hear them.

It stands between two daemons, each of which takes it for the other. A side that closes its direction is heard by the
other side as closing that direction alone. One thread serves a connection, so a recorder hears both directions in the
order in which they passed, and always before the receiver does. While a receiver does not read, no more is taken from
the sender.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Self

from fdsim.net.dialing import Listener, connect
from fdsim.net.errors import ConnectFailed, NetworkError, PeerTimeout
from fdsim.net.tap import Recorder
from fdsim.wire.conversation import Link
from fdsim.wire.roles import Role

_BUFFER: Final = 256 * 1024
_PROBLEMS: Final = 100


class Relay:
    """Listens in one daemon's place and connects on to it."""

    def __init__(
        self,
        link: Link,
        target: tuple[str, int],
        record: Callable[[], Recorder],
        *,
        listen: tuple[str, int] = ("127.0.0.1", 0),
        connect_timeout: float = 10.0,
        idle_timeout: float = 600.0,
        limit: int = 20,
    ) -> None:
        """Bind and listen; ``start`` or the context manager begins to accept.

        Args:
            link: who calls and who is called.
            target: address and port of the daemon that is called.
            record: makes the recorder of one more connection.
            listen: address and port to listen on; port 0 lets the system choose.
            connect_timeout: seconds for connecting to the target.
            idle_timeout: seconds after which a connection on which nothing passes is closed.
            limit: how many connections to serve at once.

        Raises:
            OSError: the address can't be bound; the text names it.
        """
        self._link = link
        self._target = target
        self._record = record
        self._connect_timeout = connect_timeout
        self._idle_timeout = idle_timeout
        self._lock = threading.Lock()
        self._onward: set[socket.socket] = set()
        self._stopping = threading.Event()
        self.problems: Final[deque[str]] = deque(maxlen=_PROBLEMS)
        """What went wrong with connections, the latest ones."""
        self._listener = Listener([listen], self._serve, name="relay", limit=limit)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._listener.port

    @property
    def active(self) -> int:
        """How many connections pass through it now."""
        return self._listener.active

    def start(self) -> None:
        """Begin to accept."""
        self._listener.start()

    def stop(self, timeout: float = 10.0) -> bool:
        """Accept no more and break off what passes.

        Returns:
            Whether all threads have ended within ``timeout`` seconds.
        """
        self._stopping.set()
        with self._lock:
            for sock in self._onward:
                # Fails where the daemon was faster, which is as good.
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        return self._listener.stop(timeout)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self, caller: socket.socket) -> None:
        host, port = self._target
        role = self._link.roles[1]
        try:
            called = connect(host, port, what=role.title, timeout=self._connect_timeout, stop=self._stopping)
        except ConnectFailed as error:
            self.problems.append(str(error))
            return
        with called:
            with self._lock:
                self._onward.add(called)
            try:
                # A stop that came while connecting has not seen this socket.
                if not self._stopping.is_set():
                    _Passage(self._link, caller, called, self._record()).run(self._idle_timeout)
            except NetworkError as error:
                self.problems.append(str(error))
            finally:
                with self._lock:
                    self._onward.discard(called)


class _Flow:
    """One direction of a connection."""

    def __init__(self, sender: Role, source: socket.socket, sink: socket.socket) -> None:
        self.sender = sender
        self.source = source
        self.sink = sink
        self.pending = memoryview(b"")
        self.ended = False
        """Whether the source has closed its direction."""
        self.open = True
        """Whether there may be something left to pass on."""


class _Passage:
    """Passes one connection on."""

    def __init__(self, link: Link, caller: socket.socket, called: socket.socket, recorder: Recorder) -> None:
        first, second = link.roles
        caller.setblocking(False)
        called.setblocking(False)
        for sock in (caller, called):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._flows = (_Flow(first, caller, called), _Flow(second, called, caller))
        self._recorder = recorder

    def run(self, idle_timeout: float) -> None:
        """Pass on until both directions have ended.

        Raises:
            PeerTimeout: nothing passed for ``idle_timeout`` seconds.
        """
        try:
            while any(flow.open for flow in self._flows):
                ready = self._wait(idle_timeout)
                for flow in self._flows:
                    # A direction either has something to write or is ready for more, so it waits for one socket.
                    if flow.open and (flow.sink if flow.pending else flow.source).fileno() in ready:
                        self._move(flow)
        finally:
            for flow in self._flows:
                if not flow.ended:
                    self._ended(flow)

    def _wait(self, timeout: float) -> set[int]:
        wanted: dict[int, int] = {}
        for flow in self._flows:
            if flow.open:
                sock, event = (flow.sink, select.POLLOUT) if flow.pending else (flow.source, select.POLLIN)
                wanted[sock.fileno()] = wanted.get(sock.fileno(), 0) | event
        poll = select.poll()
        for descriptor, events in wanted.items():
            poll.register(descriptor, events)
        ready = poll.poll(timeout * 1000)
        if not ready:
            raise PeerTimeout(f"nothing passed for {timeout:g} s; the connection was closed")
        return {descriptor for descriptor, _ in ready}

    def _move(self, flow: _Flow) -> None:
        if not flow.pending:
            self._read(flow)
        if flow.pending:
            self._write(flow)
        if flow.open and flow.ended and not flow.pending:
            self._close(flow)

    def _read(self, flow: _Flow) -> None:
        try:
            data = flow.source.recv(_BUFFER)
        except BlockingIOError:
            return
        except OSError:
            # The peer broke off; for the other side that is an end like any other.
            data = b""
        if data:
            self._recorder(flow.sender, data)
            flow.pending = memoryview(data)
        else:
            self._ended(flow)

    def _write(self, flow: _Flow) -> None:
        try:
            flow.pending = flow.pending[flow.sink.send(flow.pending) :]
        except BlockingIOError:
            return
        except OSError:
            # Nobody reads this direction any more; the other one finds its own end.
            flow.pending = memoryview(b"")
            flow.open = False

    def _ended(self, flow: _Flow) -> None:
        flow.ended = True
        self._recorder.end(flow.sender)

    def _close(self, flow: _Flow) -> None:
        flow.open = False
        # Fails where the receiver is gone, who needs to hear nothing then.
        with contextlib.suppress(OSError):
            flow.sink.shutdown(socket.SHUT_WR)
