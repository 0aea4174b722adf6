"""Opening and accepting connections."""

from __future__ import annotations

import contextlib
import errno
import queue
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from fdsim.net import dialing
from fdsim.net.dialing import Listener, connect
from fdsim.net.errors import ConnectFailed, NetworkError

LOOPBACK = "127.0.0.1"
PATIENCE = 20.0  # for what should come at once
HINT = "Is it running, and are address and port right?"


@contextlib.contextmanager
def at_once(seconds: float = 5.0) -> Iterator[None]:
    """What is done here must not take long."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server((LOOPBACK, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def threads_named(name: str) -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(name)]


def dial(listener: Listener) -> socket.socket:
    return socket.create_connection((LOOPBACK, listener.port), PATIENCE)


# connect


def test_connected() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with connect(LOOPBACK, port, what="Director", timeout=PATIENCE) as sock, server.accept()[0] as peer:
            sock.sendall(b"hello")
            assert peer.recv(10) == b"hello"


def test_source_address() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with connect(LOOPBACK, port, what="Director", timeout=PATIENCE, source="127.0.0.2") as sock:
            assert sock.getsockname()[0] == "127.0.0.2"


def test_refused() -> None:
    port = closed_port()
    with at_once(), pytest.raises(ConnectFailed) as caught:
        connect(LOOPBACK, port, what="Storage daemon", timeout=PATIENCE)
    assert str(caught.value) == (
        f"cannot connect to the Storage daemon at 127.0.0.1:{port}: Connection refused. {HINT}"
    )
    assert isinstance(caught.value, NetworkError)
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


class Attempts:
    """Stands for the system: each attempt to connect fails, until the ``success`` -th."""

    def __init__(self, *failures: OSError, success: int | None = None) -> None:
        self.failures = failures
        self.success = success
        self.calls: list[tuple[Any, ...]] = []

    def __call__(self, *arguments: Any) -> str:
        self.calls.append(arguments)
        if len(self.calls) == self.success:
            return "connected"
        raise self.failures[min(len(self.calls), len(self.failures)) - 1]


def test_repeated_until_somebody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = Attempts(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), success=4)
    monkeypatch.setattr(socket, "create_connection", attempts)
    sock: Any = connect("fd", 9102, what="File daemon", timeout=3.0, retry_for=PATIENCE, retry_every=0.001)
    assert sock == "connected"
    assert attempts.calls == [(("fd", 9102), 3.0, None)] * 4


def test_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = Attempts(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), TimeoutError("timed out"))
    monkeypatch.setattr(socket, "create_connection", attempts)
    with (
        at_once(),
        pytest.raises(ConnectFailed, match=r"^cannot connect to the Director at dir:9101: timed out. Is it"),
    ):
        connect("dir", 9101, what="Director", timeout=1.0, retry_for=0.05, retry_every=0.01, source="127.0.0.2")
    assert len(attempts.calls) > 1
    assert attempts.calls[0] == (("dir", 9101), 1.0, ("127.0.0.2", 0))


def test_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", Attempts(socket.gaierror(-2, "Name or service not known")))
    with pytest.raises(ConnectFailed, match="at nosuch:9103: Name or service not known"):
        connect("nosuch", 9103, what="Storage daemon", timeout=1.0)


def test_attempts_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = Attempts(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"))
    monkeypatch.setattr(socket, "create_connection", attempts)
    stop = threading.Event()
    stop.set()
    with at_once(), pytest.raises(ConnectFailed):
        connect("sd", 9103, what="Storage daemon", timeout=1.0, retry_for=1800, stop=stop)
    assert len(attempts.calls) == 1


# Listener


def echo(sock: socket.socket) -> None:
    while data := sock.recv(4096):
        sock.sendall(data)


def test_connections_are_served_at_the_same_time() -> None:
    with Listener([(LOOPBACK, 0)], echo, name="echo") as listener, dial(listener) as one, dial(listener) as two:
        two.sendall(b"two")
        assert two.recv(10) == b"two"
        one.sendall(b"one")
        assert one.recv(10) == b"one"
        assert listener.active == 2
        assert len(threads_named("echo connection")) == 2
    assert threads_named("echo") == []


def test_several_addresses() -> None:
    with Listener([(LOOPBACK, 0), ("127.0.0.2", 0)], echo, name="twice") as listener:
        assert len(threads_named("twice accept")) == 2
        for sock in listener._sockets:
            with socket.create_connection(sock.getsockname(), PATIENCE) as client:
                client.sendall(b"x")
                assert client.recv(1) == b"x"
        assert listener.port == listener._sockets[0].getsockname()[1]


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_ipv6() -> None:
    try:
        listener = Listener([("::1", 0)], echo, name="six")
    except OSError as error:
        pytest.skip(str(error))
    with listener, socket.create_connection(("::1", listener.port), PATIENCE) as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"


def test_serving_ends_with_a_closed_socket_and_a_free_slot() -> None:
    served: queue.Queue[socket.socket] = queue.Queue()
    with Listener([(LOOPBACK, 0)], served.put, name="short", limit=1) as listener:
        for _ in range(3):
            with dial(listener) as client:
                assert client.recv(1) == b""
            assert served.get(timeout=PATIENCE).fileno() == -1


def test_limit() -> None:
    begun: queue.Queue[int] = queue.Queue()
    lock = threading.Lock()
    most = now = 0

    def serve(sock: socket.socket) -> None:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        begun.put(now)
        sock.recv(1)
        with lock:
            now -= 1

    with Listener([(LOOPBACK, 0)], serve, name="limited", limit=2) as listener:
        clients = [dial(listener) for _ in range(5)]  # all are connected, whether served or not
        for _ in range(2):
            begun.get(timeout=PATIENCE)
        for client in clients[:3]:
            client.close()
            begun.get(timeout=PATIENCE)
        for client in clients[3:]:
            client.close()
    assert most == 2


def test_stop_ends_all() -> None:
    ends: queue.Queue[bytes] = queue.Queue()
    listener = Listener([(LOOPBACK, 0)], lambda sock: ends.put(sock.recv(1)), name="stopping")
    port = listener.port
    listener.start()
    with dial(listener) as one, dial(listener) as two:
        one_more = dial(listener)
        one_more.close()
        assert ends.get(timeout=PATIENCE) == b""
        with at_once():
            assert listener.stop()
        assert ends.get(timeout=PATIENCE) == b""
        for client in (one, two):
            with contextlib.suppress(ConnectionResetError):  # one that came last may not have been accepted
                assert client.recv(1) == b""
    assert threads_named("stopping") == []
    assert listener.active == 0
    assert all(sock.fileno() == -1 for sock in listener._sockets)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, port), PATIENCE)
    assert listener.stop()


def test_stop_ends_who_waits_for_a_slot() -> None:
    with Listener([(LOOPBACK, 0)], echo, name="full", limit=1) as listener, dial(listener) as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        with at_once():
            assert listener.stop()
    assert threads_named("full") == []


def test_grace() -> None:
    asked, finish = threading.Event(), threading.Event()

    def serve(sock: socket.socket) -> None:
        assert sock.recv(1) == b"?"
        asked.set()
        assert finish.wait(PATIENCE)
        sock.sendall(b"done")

    listener = Listener([(LOOPBACK, 0)], serve, name="kind")
    listener.start()
    with dial(listener) as client:
        client.sendall(b"?")
        assert asked.wait(PATIENCE)
        threading.Timer(0.1, finish.set).start()
        with at_once():
            assert listener.stop(grace=PATIENCE)
        assert client.recv(10) == b"done"


def test_thread_that_does_not_end() -> None:
    begun, end = threading.Event(), threading.Event()

    def serve(_: socket.socket) -> None:
        begun.set()
        end.wait(PATIENCE)

    listener = Listener([(LOOPBACK, 0)], serve, name="stubborn")
    listener.start()
    with dial(listener) as client:
        assert begun.wait(PATIENCE)
        with at_once():
            assert not listener.stop(timeout=0.05)
        assert client.recv(1) == b""
    end.set()
    assert listener.stop()


def test_failure_of_one_connection_harms_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    failures: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr(threading, "excepthook", lambda hook: failures.put(str(hook.exc_value)))

    def serve(sock: socket.socket) -> None:
        if (data := sock.recv(1)) == b"!":
            raise RuntimeError("on purpose")
        sock.sendall(data)

    with Listener([(LOOPBACK, 0)], serve, name="failing", limit=1) as listener:
        with dial(listener) as client:
            client.sendall(b"!")
            assert client.recv(1) == b""
        assert failures.get(timeout=PATIENCE) == "on purpose"
        with dial(listener) as client:
            client.sendall(b"x")
            assert client.recv(1) == b"x"


@pytest.mark.parametrize("addresses", [0, 1])
def test_port_in_use(addresses: int) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        others = [("127.0.0.2", 0)] * addresses
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use") as caught:
            Listener([*others, (LOOPBACK, port)], echo, name="late")
        assert caught.value.errno == errno.EADDRINUSE


def test_address_of_another_machine() -> None:
    with pytest.raises(OSError, match=r"cannot listen on 203\.0\.113\.1:9102: Cannot assign requested address"):
        Listener([("203.0.113.1", 9102)], echo, name="elsewhere")


def test_first_address_is_freed_when_the_second_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[socket.socket] = []
    listen = dialing._listen

    def remember(host: str, port: int) -> socket.socket:
        opened.append(listen(host, port))
        return opened[-1]

    monkeypatch.setattr(dialing, "_listen", remember)
    with socket.create_server((LOOPBACK, 0)) as server, pytest.raises(OSError, match="cannot listen"):
        Listener([(LOOPBACK, 0), server.getsockname()], echo, name="half")
    assert [sock.fileno() for sock in opened] == [-1]


class Listening:
    """Stands for a listening socket: what ``accept`` gives, one after the other."""

    def __init__(self, listener: Listener, *results: socket.socket | OSError, stop_at: int) -> None:
        self.listener = listener
        self.results = list(results)
        self.stop_at = stop_at
        self.calls = 0

    def accept(self) -> tuple[socket.socket, object]:
        self.calls += 1
        if self.calls == self.stop_at:
            self.listener._stopping.set()
        result = self.results.pop(0)
        if isinstance(result, OSError):
            raise result
        return result, None


def test_failed_accept_is_repeated() -> None:
    served: queue.Queue[socket.socket] = queue.Queue()
    ours, theirs = socket.socketpair()
    listener = Listener([], served.put, name="scarce", limit=1)
    listening: Any = Listening(
        listener, OSError(errno.EMFILE, "Too many open files"), ours, OSError(errno.EBADF, "closed"), stop_at=3
    )
    with theirs:
        listener._accept(listening)
        assert served.get(timeout=PATIENCE) is ours
        assert theirs.recv(1) == b""
    assert listening.calls == 3
    assert listener.stop()


def test_connection_that_comes_while_stopping_is_closed() -> None:
    ours, theirs = socket.socketpair()
    listener = Listener([], echo, name="too late", limit=1)
    listening: Any = Listening(listener, ours, stop_at=1)
    with theirs, at_once():
        listener._accept(listening)
        assert theirs.recv(1) == b""
    assert listener.active == 0
    assert listener._slots.acquire(blocking=False)


def test_every_address_is_served_when_there_is_one_slot() -> None:
    def serve(sock: socket.socket) -> None:
        sock.sendall(b"served")

    with Listener([("127.0.0.1", 0), ("127.0.0.2", 0)], serve, name="test", limit=1) as listener:
        ports = [sock.getsockname() for sock in listener._sockets]
        for address in (*ports, *ports):
            with socket.create_connection(address, 5.0) as caller:
                assert caller.recv(16) == b"served"
