"""The relay passes on what it gets, all of it, and nothing else."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fdsim.net.relay import Relay
from fdsim.tests.net.test_tap import Ears
from fdsim.wire.conversation import Link
from fdsim.wire.roles import Role

D, F = Role.DIRECTOR, Role.FILE_DAEMON
TIMEOUT = 20.0


class Line:
    """A relay, a client of it and the server behind it."""

    def __init__(self, relay: Relay, ears: Ears, client: socket.socket, server: socket.socket) -> None:
        self.relay = relay
        self.ears = ears
        self.client = client
        self.server = server

    def heard(self, sender: Role) -> bytes:
        return b"".join(data for who, data in self.ears.heard if who is sender and data is not None)


def eventually(condition: threading.Event) -> None:
    assert condition.wait(TIMEOUT)


class Noting(Ears):
    """Says when both directions have ended."""

    def __init__(self) -> None:
        super().__init__()
        self.over = threading.Event()

    def end(self, sender: Role) -> None:
        super().end(sender)
        if sum(data is None for _, data in self.heard) == 2:
            self.over.set()


@contextmanager
def line(idle_timeout: float = TIMEOUT) -> Iterator[Line]:
    ears = Noting()
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        Relay(Link.DIRECTOR, listening.getsockname(), lambda: ears, idle_timeout=idle_timeout) as relay,
    ):
        listening.settimeout(TIMEOUT)
        with socket.create_connection(("127.0.0.1", relay.port), TIMEOUT) as client:
            server, _ = listening.accept()
            server.settimeout(TIMEOUT)
            with server:
                yield Line(relay, ears, client, server)


def read_all(sock: socket.socket) -> bytes:
    pieces = []
    while data := sock.recv(65536):
        pieces.append(data)
    return b"".join(pieces)


def test_both_directions() -> None:
    with line() as connection:
        connection.client.sendall(b"question")
        assert connection.server.recv(100) == b"question"
        connection.server.sendall(b"answer")
        assert connection.client.recv(100) == b"answer"
        assert connection.ears.heard == [(D, b"question"), (F, b"answer")]
        assert connection.relay.active == 1


def test_each_side_may_close_its_direction_alone() -> None:
    with line() as connection:
        connection.client.sendall(b"all I have to say")
        connection.client.shutdown(socket.SHUT_WR)
        assert read_all(connection.server) == b"all I have to say"
        connection.server.sendall(b"and the answer to it")
        connection.server.close()
        assert read_all(connection.client) == b"and the answer to it"
        assert connection.ears.heard == [
            (D, b"all I have to say"),
            (D, None),
            (F, b"and the answer to it"),
            (F, None),
        ]


def test_more_than_fits_into_buffers_in_both_directions_at_once() -> None:
    """Neither side reads before it has sent everything: the relay must not wait for one while the other is blocked."""
    there, back = os.urandom(3_000_000), os.urandom(2_000_000)
    with line() as connection:
        received: dict[str, bytes] = {}

        def send(sock: socket.socket, data: bytes) -> None:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)

        def receive(name: str, sock: socket.socket) -> None:
            received[name] = read_all(sock)

        threads = [
            threading.Thread(target=send, args=(connection.client, there)),
            threading.Thread(target=send, args=(connection.server, back)),
            threading.Thread(target=receive, args=("server", connection.server)),
            threading.Thread(target=receive, args=("client", connection.client)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT)
        assert received == {"server": there, "client": back}
        assert connection.heard(D) == there
        assert connection.heard(F) == back


def test_no_more_is_taken_than_the_receiver_reads() -> None:
    with line() as connection:
        connection.client.setblocking(False)
        chunk = b"x" * 65536

        def send_without_end() -> None:
            for _ in range(4000):
                connection.client.send(chunk)

        with pytest.raises(BlockingIOError):
            send_without_end()


def test_reset_is_passed_on_as_an_end() -> None:
    with line() as connection:
        connection.server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.server.close()
        assert connection.client.recv(100) == b""
        connection.client.close()
        assert isinstance(connection.ears, Noting)
        eventually(connection.ears.over)


def test_nobody_behind_the_relay() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        target = unused.getsockname()
    ears = Noting()
    with Relay(Link.DIRECTOR, target, lambda: ears, connect_timeout=5) as relay:
        with socket.create_connection(("127.0.0.1", relay.port), TIMEOUT) as client:
            assert client.recv(100) == b""
        assert f"cannot connect to the File daemon at {target[0]}:{target[1]}" in relay.problems[0]
    assert ears.heard == []


def test_idle_connection_is_closed() -> None:
    with line(idle_timeout=0.1) as connection:
        assert connection.client.recv(100) == b""
        assert connection.server.recv(100) == b""
        assert list(connection.relay.problems) == ["nothing passed for 0.1 s; the connection was closed"]


def test_stop_breaks_off_what_passes() -> None:
    with line() as connection:
        connection.client.sendall(b"x")
        assert connection.server.recv(1) == b"x"
        assert connection.relay.stop(timeout=TIMEOUT)
        assert connection.relay.active == 0
        assert connection.client.recv(100) == b""
        assert connection.server.recv(100) == b""
        assert connection.ears.heard[-2:] in ([(D, None), (F, None)], [(F, None), (D, None)])


def test_address_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"):
            Relay(Link.DIRECTOR, ("127.0.0.1", 1), Ears, listen=("127.0.0.1", port))
