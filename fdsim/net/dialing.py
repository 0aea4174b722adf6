"""Opening connections, and accepting them with a thread for each."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Self

from fdsim.net.errors import ConnectFailed

_BACKLOG: Final = 128
_LOOK_UP: Final = 0.2


def connect(
    host: str,
    port: int,
    *,
    what: str,
    timeout: float,
    retry_for: float = 0.0,
    retry_every: float = 10.0,
    source: str | None = None,
    stop: threading.Event | None = None,
) -> socket.socket:
    """Open a TCP connection.

    Args:
        host: name or address.
        port: TCP port.
        what: who is expected there, for messages.
        timeout: seconds for one attempt.
        retry_for: seconds during which a refused attempt is repeated (DIR-STO-2, DIR-CONN-2).
        retry_every: seconds between attempts.
        source: local address to connect from.
        stop: ends the attempts early when it is set.

    Raises:
        ConnectFailed: nobody answers there.
    """
    deadline = time.monotonic() + retry_for
    stop = stop or threading.Event()
    while True:
        try:
            return socket.create_connection((host, port), timeout, (source, 0) if source else None)
        except (UnicodeError, OverflowError) as error:
            raise ConnectFailed(f"{host!r} and {port} are no address of a {what}: {error}") from error
        except OSError as error:
            reason = error.strerror or str(error)
            remaining = deadline - time.monotonic()
            if remaining <= 0 or stop.wait(min(retry_every, remaining)):
                raise ConnectFailed(
                    f"cannot connect to the {what} at {host}:{port}: {reason}. "
                    "Is it running, and are address and port right?"
                ) from error


class Listener:
    """Accepts connections and serves each in a thread of its own.

    ``serve`` gets the connected socket and owns it. At most ``limit`` are served at once; more are accepted by the
    system and wait (DIR-CONN-8).
    """

    def __init__(
        self,
        addresses: Sequence[tuple[str, int]],
        serve: Callable[[socket.socket], None],
        *,
        name: str,
        limit: int = 20,
    ) -> None:
        """Bind and listen.

        Raises:
            OSError: an address can't be bound; the text names it.
        """
        self._serve = serve
        self._name = name
        self._slots = threading.BoundedSemaphore(limit)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._active: dict[threading.Thread, socket.socket] = {}
        self._sockets: list[socket.socket] = []
        self._acceptors: list[threading.Thread] = []
        try:
            for host, port in addresses:
                self._sockets.append(_listen(host, port))
        except OSError:
            self._close_listening()
            raise

    @property
    def port(self) -> int:
        """The port of the first address, which the system chose if it was 0."""
        port: int = self._sockets[0].getsockname()[1]
        return port

    @property
    def active(self) -> int:
        """How many connections are being served."""
        with self._lock:
            return len(self._active)

    def start(self) -> None:
        """Begin to accept."""
        for sock in self._sockets:
            thread = threading.Thread(target=self._accept, args=(sock,), name=f"{self._name} accept", daemon=True)
            self._acceptors.append(thread)
            thread.start()

    def stop(self, timeout: float = 10.0, grace: float = 0.0) -> bool:
        """Accept no more, and end what is being served.

        Args:
            timeout: seconds for the threads to end after their connections were broken off.
            grace: seconds before that for them to end by themselves.

        Returns:
            Whether all threads have ended.
        """
        self.close()
        self.join(grace)
        with self._lock:
            for sock in self._active.values():
                # Fails where the peer or the thread was faster, which is as good.
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        return self.join(timeout)

    def close(self) -> None:
        """Accept no more; what is being served goes on."""
        self._stopping.set()
        self._close_listening()

    def join(self, timeout: float) -> bool:
        """Wait until all threads have ended, after ``close``; False if they have not within ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        with self._lock:
            threads = [*self._acceptors, *self._active]
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _close_listening(self) -> None:
        for sock in self._sockets:
            # close() alone does not wake a thread that waits in accept().
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self, listening: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = listening.accept()
            except OSError:
                if self._stopping.is_set():
                    return
                # Out of descriptors, or the peer was gone before we came: the next may do better.
                self._stopping.wait(0.1)
                continue
            while not self._slots.acquire(timeout=_LOOK_UP):
                if self._stopping.is_set():
                    sock.close()
                    return
            thread = threading.Thread(target=self._run, args=(sock,), name=f"{self._name} connection", daemon=True)
            with self._lock:
                # Under the lock, ``stop`` either finds this connection or has been noticed here.
                if not self._stopping.is_set():
                    self._active[thread] = sock
                    thread.start()
                    continue
            sock.close()
            self._slots.release()

    def _run(self, sock: socket.socket) -> None:
        try:
            self._serve(sock)
        finally:
            sock.close()
            with self._lock:
                self._active.pop(threading.current_thread(), None)
            self._slots.release()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from error
    return sock
