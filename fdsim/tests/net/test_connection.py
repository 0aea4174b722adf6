"""A connection: frames over a socket, where every wait ends."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from fdsim.net.connection import GATHER, Connection
from fdsim.net.errors import PeerClosed, PeerTimeout
from fdsim.wire.errors import LocalProtocolError, RemoteProtocolError
from fdsim.wire.frames import Frame, FrameDecoder, Packet, Signal
from fdsim.wire.messages.orders import RunBeforeNowOrder
from fdsim.wire.messages.replies import LevelOk
from fdsim.wire.roles import Role

F, S = Role.FILE_DAEMON, Role.STORAGE_DAEMON
PATIENCE = 20.0  # for what should come at once
HEARTBEAT, EOD = b"\xff\xff\xff\xfa", b"\xff\xff\xff\xff"
LARGE = bytes(range(256)) * 16 * 1024  # 4 MiB, more than any buffer on the way

Heard = list[tuple[Role, bytes]]


class Pair:
    """A connection, the plain socket at its other end, and what its tap heard."""

    def __init__(self, timeout: float = PATIENCE) -> None:
        ours, self.peer = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.peer.settimeout(PATIENCE)
        self.heard: Heard = []
        self.when_heard: Callable[[Role], None] = lambda _: None
        self.connection = Connection(ours, me=F, peer=S, timeout=timeout, tap=self._tap)

    def _tap(self, sender: Role, data: bytes) -> None:
        self.heard.append((sender, data))
        self.when_heard(sender)

    def from_us(self) -> bytes:
        return b"".join(data for sender, data in self.heard if sender is F)

    def from_peer(self) -> bytes:
        return b"".join(data for sender, data in self.heard if sender is S)

    def read(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            piece = self.peer.recv(count - len(data))
            assert piece, f"closed after {len(data)} of {count} bytes"
            data += piece
        return bytes(data)

    def arrived(self) -> bool:
        return self.connection.arrived

    def close(self) -> None:
        self.connection.close()
        self.peer.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    with contextlib.closing(Pair()) as made:
        yield made


@pytest.fixture
def hasty() -> Iterator[Pair]:
    """One that gives up after a fifth of a second."""
    with contextlib.closing(Pair(0.2)) as made:
        yield made


@contextlib.contextmanager
def at_once(seconds: float = 5.0) -> Iterator[None]:
    """What is done here must not take long."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds


@contextlib.contextmanager
def running(work: Callable[[], object]) -> Iterator[None]:
    """Do something else meanwhile; it must come to its end."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except (OSError, AssertionError, PeerClosed, PeerTimeout) as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join(PATIENCE)
    assert not thread.is_alive()
    assert failures == []


def linger_zero(sock: socket.socket) -> None:
    """Let ``close`` reset the connection."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextlib.contextmanager
def over_tcp() -> Iterator[tuple[Connection, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        peer, _ = server.accept()
    with peer, Connection(ours, me=F, peer=Role.DIRECTOR, timeout=PATIENCE) as made:
        yield made, peer


# Sending


def test_packets_and_signals(pair: Pair) -> None:
    pair.connection.send(b"2 2 1760")
    pair.connection.send(LevelOk())
    pair.connection.send(b"")
    pair.connection.send_signal(Signal.EOD)
    pair.connection.send_raw(b"\x01\x02")
    wire = b"\0\0\0\x082 2 1760" + b"\0\0\0\x0e2000 OK level\n" + b"\0\0\0\0" + EOD + b"\x01\x02"
    assert pair.read(len(wire)) == wire
    assert pair.from_us() == wire
    assert (pair.connection.payload_bytes, pair.connection.compressed_bytes) == (22, 22)


def test_what_is_queued_waits_for_flush(pair: Pair) -> None:
    pair.peer.setblocking(False)
    pair.connection.queue(b"1 1 0")
    pair.connection.queue_signal(Signal.EOD)
    with pytest.raises(BlockingIOError):
        pair.peer.recv(1)
    assert pair.heard == []
    pair.connection.flush()
    assert pair.heard == [(F, b"\0\0\0\x051 1 0" + EOD)]
    assert pair.peer.recv(100) == b"\0\0\0\x051 1 0" + EOD
    pair.connection.flush()
    assert len(pair.heard) == 1


def test_much_that_is_queued_leaves_by_itself(pair: Pair) -> None:
    block = b"x" * 65536
    wire = (b"\0\1\0\0" + block) * 4
    with running(lambda: pair.read(GATHER + 16)):
        for _ in range(3):
            pair.connection.queue(block)
        assert pair.heard == []
        pair.connection.queue(block)
    assert pair.heard == [(F, wire)]
    assert len(wire) == GATHER + 16


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097])
@pytest.mark.parametrize("count", [1, 30, 600])
def test_any_mixture_of_sizes(pair: Pair, size: int, count: int) -> None:
    payload = b"y" * size
    wire = (struct.pack(">i", size) + payload + EOD) * count
    got: list[bytes] = []
    with running(lambda: got.append(pair.read(len(wire)))):
        for _ in range(count):
            pair.connection.queue(payload)
            pair.connection.queue_signal(Signal.EOD)
        pair.connection.flush()
    assert got == [wire]
    assert pair.from_us() == wire


def test_compression(pair: Pair) -> None:
    pair.connection.compress = True
    pair.connection.send(b"x" * 100)
    pair.connection.send(b"1 1 0")
    header, block = pair.read(4), pair.read(11)
    assert header == b"\x40\0\0\x0b"
    assert block == bytes.fromhex("1f7801004b507878787878")
    assert pair.read(9) == b"\0\0\0\x051 1 0"
    # SD-ACCT-7: before and after compression, without headers and signals.
    assert pair.connection.payload_bytes == 105
    assert pair.connection.compressed_bytes == 16
    pair.connection.send_signal(Signal.EOD)
    assert (pair.connection.payload_bytes, pair.connection.compressed_bytes) == (105, 16)


@pytest.mark.parametrize(("compress", "size"), [(False, 1_000_001), (True, 4_000_001)])
def test_packet_that_no_peer_accepts(pair: Pair, compress: bool, size: int) -> None:
    pair.connection.compress = compress
    with pytest.raises(LocalProtocolError, match=f"a packet of {size} bytes is longer than any peer accepts"):
        pair.connection.send(bytes(size))
    pair.connection.send(b"ok")
    assert pair.from_us() == b"\0\0\0\2ok"


def test_several_threads_send_whole_packets(pair: Pair) -> None:
    payloads = [bytes([letter]) * 3000 for letter in b"abcd"]
    got: list[bytes] = []

    def sending(payload: bytes) -> Callable[[], None]:
        def send() -> None:
            for _ in range(50):
                pair.connection.send(payload)

        return send

    with contextlib.ExitStack() as threads:
        threads.enter_context(running(lambda: got.append(pair.read(200 * 3004))))
        for payload in payloads:
            threads.enter_context(running(sending(payload)))
    decoder = FrameDecoder()
    decoder.feed(got[0])
    assert sorted(frame for frame in iter(decoder.next, None) if isinstance(frame, Packet)) == sorted(
        Packet(payload) for payload in payloads for _ in range(50)
    )


def test_one_thread_at_a_time_sends(pair: Pair) -> None:
    inside: list[int] = []
    most: list[int] = []

    def enter(_: Role) -> None:
        inside.append(1)
        most.append(len(inside))
        threading.Event().wait(0.001)  # gives the others a chance to come in, which they must not
        inside.pop()

    def send() -> None:
        for _ in range(5):
            pair.connection.send(b"x")
            pair.connection.send_signal(Signal.HEARTBEAT)

    pair.when_heard = enter
    with contextlib.ExitStack() as threads:
        for work in (lambda: pair.read(180), send, send, send, send):
            threads.enter_context(running(work))
    assert most == [1] * 40


def test_what_does_not_fit_at_once_is_sent_in_parts(pair: Pair) -> None:
    got: list[bytes] = []
    with running(lambda: got.append(pair.read(len(LARGE)))):
        pair.connection.send_raw(LARGE)
    assert got == [LARGE]
    assert pair.from_us() == LARGE


def test_peer_that_never_reads(hasty: Pair) -> None:
    with (
        at_once(),
        pytest.raises(PeerTimeout, match=r"in vain for it to read \d+ more bytes from Storage daemon at") as caught,
    ):
        hasty.connection.send_raw(LARGE)
    assert str(caught.value).endswith("; the time-out is 0.2 s")


def test_peer_that_only_talks(hasty: Pair) -> None:
    # What it says counts as life, so it is taken in for as long as it lasts; then the time-out applies again.
    hasty.peer.sendall(HEARTBEAT * 100)
    with at_once(), pytest.raises(PeerTimeout):
        hasty.connection.send_raw(LARGE)
    assert hasty.from_peer() == HEARTBEAT * 100
    assert not hasty.arrived()


def test_peer_that_talks_now_and_then_is_alive(hasty: Pair) -> None:
    timers: list[threading.Timer] = []

    def talk_again(sender: Role) -> None:
        if sender is S and len(timers) < 4:
            timers.append(threading.Timer(0.1, hasty.peer.sendall, [HEARTBEAT]))
            timers[-1].start()

    hasty.when_heard = talk_again
    hasty.peer.sendall(HEARTBEAT)
    start = time.monotonic()
    with at_once(), pytest.raises(PeerTimeout, match=r"the time-out is 0.2 s$"):
        hasty.connection.send_raw(LARGE)
    assert time.monotonic() - start > 0.55
    assert hasty.from_peer() == HEARTBEAT * 5


def test_what_comes_while_a_write_waits_is_kept_in_order(pair: Pair) -> None:
    taken = threading.Event()
    pair.when_heard = lambda sender: taken.set() if sender is S else None
    came = HEARTBEAT + b"\0\0\0\1a" + HEARTBEAT + EOD + b"\0\0\0\1b" + HEARTBEAT + b"\0\0"
    pair.peer.sendall(came)
    got: list[bytes] = []

    def read_late() -> None:
        assert taken.wait(PATIENCE)
        got.append(pair.read(len(LARGE)))

    with running(read_late):
        pair.connection.send_raw(LARGE)
    assert got == [LARGE]
    assert pair.arrived()
    assert pair.connection.receive(0) == Packet(b"a")
    assert pair.connection.receive_many() == [Signal.EOD]
    assert pair.connection.receive(0) == Packet(b"b")
    assert not pair.arrived()
    pair.peer.sendall(b"\0\2cc" + HEARTBEAT)
    assert pair.connection.receive() == Packet(b"cc")
    assert pair.connection.receive() is Signal.HEARTBEAT
    assert pair.from_peer() == came + b"\0\2cc" + HEARTBEAT


def test_watch_takes_in_with_each_write(pair: Pair) -> None:
    pair.peer.sendall(HEARTBEAT + b"\0\0\0\1a")
    pair.connection.send(b"x")
    assert not pair.arrived()
    pair.connection.watch = True
    pair.connection.send(b"x")
    assert pair.arrived()
    pair.connection.send(b"x")
    assert pair.connection.receive(0) == Packet(b"a")


@pytest.mark.parametrize("count", [1, 600])
def test_writing_to_a_peer_that_is_gone(pair: Pair, count: int) -> None:
    pair.peer.close()
    for _ in range(count):
        pair.connection.queue(b"x")
    with pytest.raises(PeerClosed, match=r"^writing to Storage daemon at a socket pair failed: Broken pipe$"):
        pair.connection.flush()


def test_peer_that_goes_while_a_write_waits(pair: Pair) -> None:
    pair.when_heard = lambda sender: pair.peer.close() if sender is S else None
    pair.peer.sendall(b"\0\0\0\1a")
    with at_once(), pytest.raises(PeerClosed, match=r"^writing to Storage daemon"):
        pair.connection.send_raw(LARGE)
    assert pair.connection.receive() == Packet(b"a")


# Receiving


def test_frames_in_pieces(pair: Pair) -> None:
    wire = b"\0\0\0\x083000 OK\n" + HEARTBEAT + b"\x40\0\0\x0b" + bytes.fromhex("1f7801004b507878787878")
    frames: list[Frame] = [Packet(b"3000 OK\n"), Signal.HEARTBEAT, Packet(b"x" * 100, compressed=True)]
    pair.peer.sendall(wire)
    assert [pair.connection.receive() for _ in frames] == frames
    remaining = iter(wire)
    pair.peer.sendall(bytes([next(remaining)]))
    # Each byte goes out when the one before it was seen.
    pair.when_heard = lambda _: (
        pair.peer.sendall(bytes([value])) if (value := next(remaining, None)) is not None else None
    )
    assert [pair.connection.receive() for _ in frames] == frames
    assert pair.from_peer() == wire * 2
    assert all(sender is S for sender, _ in pair.heard)


def test_many_frames_at_once(pair: Pair) -> None:
    pair.peer.sendall(b"\0\0\0\1a\0\0\0\1b" + EOD + b"\0\0\0\1c\0")
    assert pair.connection.receive_many() == [Packet(b"a"), Packet(b"b"), Signal.EOD]
    assert pair.connection.receive_many() == [Packet(b"c")]
    with running(lambda: pair.peer.sendall(b"\0\0\1d")):
        assert pair.connection.receive_many() == [Packet(b"d")]


def test_silence(hasty: Pair) -> None:
    for receive in (hasty.connection.receive, hasty.connection.receive_many):
        with at_once(), pytest.raises(PeerTimeout) as caught:
            receive()
        assert str(caught.value) == (
            "waited in vain for an answer from Storage daemon at a socket pair; the time-out is 0.2 s"
        )


@pytest.mark.parametrize("timeout", [0, 0.0001, 0.05, -1])
def test_time_out_of_one_wait(pair: Pair, timeout: float) -> None:
    with at_once(), pytest.raises(PeerTimeout, match=f"the time-out is {timeout:g} s$"):
        pair.connection.receive(timeout)
    pair.peer.sendall(b"\0\0\0\1a")
    assert pair.connection.receive(0) == Packet(b"a")
    with running(lambda: pair.peer.sendall(b"\0\0\0\1b")):
        assert pair.connection.receive() == Packet(b"b")


@pytest.mark.parametrize("receive", ["receive", "receive_many"])
def test_peer_that_never_completes_its_packet(hasty: Pair, receive: str) -> None:
    # There is always another byte, so no single read waits in vain.
    hasty.when_heard = lambda _: hasty.peer.sendall(b"x")
    hasty.peer.sendall(b"\0\x0f\x42\x40")
    with at_once(), pytest.raises(PeerTimeout, match=r"the time-out is 0.2 s$"):
        getattr(hasty.connection, receive)()
    assert 4 < len(hasty.from_peer()) < 1_000_000


def test_bulk(pair: Pair) -> None:
    wire = (b"\0\0\0\1a" + EOD) * 40_000
    frames: list[Frame] = []
    with running(lambda: pair.peer.sendall(wire)), pair.connection.bulk():
        while len(frames) < 80_000:
            frames += pair.connection.receive_many()
    assert frames == [Packet(b"a"), Signal.EOD] * 40_000
    assert pair.connection._sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT) == 1
    assert pair.from_peer() == wire
    pair.peer.sendall(b"\0\0\0\1b")
    assert pair.connection.receive() == Packet(b"b")


def test_little_is_received_in_bulk_too(pair: Pair) -> None:
    with pair.connection.bulk():
        pair.peer.sendall(b"\0\0\0\1a")
        with at_once():
            assert pair.connection.receive() == Packet(b"a")
        with running(lambda: pair.peer.sendall(b"\0\0\0\1b")), at_once():
            assert pair.connection.receive_many() == [Packet(b"b")]


def test_silence_in_bulk(hasty: Pair) -> None:
    with hasty.connection.bulk():
        for receive in (hasty.connection.receive, hasty.connection.receive_many):
            start = time.monotonic()
            with at_once(), pytest.raises(PeerTimeout, match=r"the time-out is 0.2 s$"):
                receive()
            assert time.monotonic() - start > 0.15


def test_failure_in_bulk_is_what_is_reported(pair: Pair) -> None:
    def lose() -> None:
        with pair.connection.bulk():
            pair.peer.close()
            try:
                pair.connection.receive()
            finally:
                pair.connection.close()

    with pytest.raises(PeerClosed, match=r"closed the connection$"):
        lose()
    with pytest.raises(PeerClosed, match=r"Bad file descriptor$"), pair.connection.bulk():
        pytest.fail("the socket is closed")


def test_end(pair: Pair) -> None:
    pair.peer.sendall(b"\0\0\0\1a")
    pair.peer.close()
    assert pair.connection.receive() == Packet(b"a")
    for _ in range(2):
        with at_once(), pytest.raises(PeerClosed, match=r"^Storage daemon at a socket pair closed the connection$"):
            pair.connection.receive()


@pytest.mark.parametrize(("held", "wire"), [(2, b"\0\0"), (4, b"\0\0\0\5"), (7, b"\0\0\0\5abc")])
def test_end_in_the_middle_of_a_packet(pair: Pair, held: int, wire: bytes) -> None:
    pair.peer.sendall(wire)
    pair.peer.close()
    with pytest.raises(
        PeerClosed, match=rf"closed the connection in the middle of a packet \({held} bytes of it came\)$"
    ):
        pair.connection.receive()


def test_reset() -> None:
    with over_tcp() as (connection, peer):
        linger_zero(peer)
        peer.close()
        with pytest.raises(
            PeerClosed, match=r"^reading from Director at 127.0.0.1:\d+ failed: Connection reset by peer$"
        ) as caught:
            connection.receive()
        assert isinstance(caught.value.__cause__, ConnectionResetError)


def test_damage(pair: Pair) -> None:
    pair.peer.sendall(b"\0\0\0\1a\x1f\xff\xff\xff")
    assert pair.connection.receive() == Packet(b"a")
    with pytest.raises(RemoteProtocolError, match="536870911 bytes"):
        pair.connection.receive()


def test_damage_while_a_write_waits(pair: Pair) -> None:
    pair.peer.sendall(b"\x1f\xff\xff\xff")
    with pytest.raises(RemoteProtocolError, match="536870911 bytes"):
        pair.connection.send_raw(LARGE)


# The end


@pytest.mark.parametrize("receive", ["receive", "receive_many"])
def test_abort_wakes_who_waits(pair: Pair, receive: str) -> None:
    begun = threading.Event()
    outcome: list[type[BaseException]] = []

    def wait() -> None:
        begun.set()
        with pytest.raises(PeerClosed) as caught:
            getattr(pair.connection, receive)()
        outcome.append(caught.type)

    with at_once(), running(wait):
        assert begun.wait(PATIENCE)
        pair.connection.abort()
    assert outcome == [PeerClosed]


def test_abort_wakes_a_write_that_waits(pair: Pair) -> None:
    pair.when_heard = lambda sender: begun.set() if sender is F else None
    begun = threading.Event()

    def write() -> None:
        with pytest.raises(PeerClosed):
            pair.connection.send_raw(LARGE)

    with at_once(), running(write):
        assert begun.wait(PATIENCE)
        pair.connection.abort()


def test_abort_and_close_are_harmless_twice(pair: Pair) -> None:
    pair.connection.abort()
    pair.connection.abort()
    pair.connection.close()
    pair.connection.abort()
    pair.connection.close()


def test_leaving_the_context_closes(pair: Pair) -> None:
    with pair.connection as entered:
        assert entered is pair.connection
    assert pair.peer.recv(1) == b""
    with pytest.raises(PeerClosed, match=r"^reading from Storage daemon at a socket pair failed: Bad file descriptor$"):
        pair.connection.receive()
    with pytest.raises(PeerClosed, match=r"^writing to .* failed: Bad file descriptor$"):
        pair.connection.send(RunBeforeNowOrder())


def test_closed_while_a_write_waits(pair: Pair) -> None:
    pair.connection.close()
    with pytest.raises(PeerClosed, match=r"^the connection to Storage daemon at a socket pair was closed on our side$"):
        pair.connection._wait_for_room(time.monotonic() + PATIENCE, 1)


def test_error_without_a_text(pair: Pair) -> None:
    assert str(pair.connection._lost("writing to", OSError("no more"))).endswith("failed: no more")


def test_tls_is_refused(pair: Pair) -> None:
    with pytest.raises(LocalProtocolError, match="TLS is not supported by this version"):
        pair.connection.start_tls()


# Who it is


def test_names() -> None:
    with over_tcp() as (connection, peer):
        assert str(connection) == f"Director at 127.0.0.1:{peer.getsockname()[1]}"
        assert connection.address == f"127.0.0.1:{peer.getsockname()[1]}"
    with Connection(socket.socket(), me=F, peer=S, timeout=1) as made:
        assert str(made) == "Storage daemon at an address that is gone"


def test_named_socket(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = str(tmp_path_factory.mktemp("s") / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        ours = socket.socket(socket.AF_UNIX)
        ours.connect(path)
        with Connection(ours, me=F, peer=S, timeout=1) as made:
            assert made.address == path


def test_options_of_tcp_sockets() -> None:
    with over_tcp() as (connection, _):
        assert connection._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert connection._sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)  # DIR-BNET-23


def test_without_a_tap() -> None:
    ours, peer = socket.socketpair()
    with peer, Connection(ours, me=F, peer=S, timeout=PATIENCE) as made:
        made.send(b"a")
        assert peer.recv(10) == b"\0\0\0\1a"
        peer.sendall(b"\0\0\0\1b")
        assert made.receive() == Packet(b"b")
