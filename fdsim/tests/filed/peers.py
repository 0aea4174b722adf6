"""Peers that follow a script, with framing of their own: what they send and expect stands in the tests as bytes."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

import lz4.block

from fdsim.wire import cram

EOD, TERMINATE, POLL, HEARTBEAT = -1, -4, -5, -6
PASSWORD = "secret"
KEY = b"ABCD-EFGH"
PATIENCE = 10.0


class Peer:
    """One end of a connection; a received packet is bytes, a signal a number, the end of the connection None."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(PATIENCE)
        self._sock = sock
        self._buffer = b""

    @classmethod
    def connect(cls, port: int) -> Self:
        return cls(socket.create_connection(("127.0.0.1", port), PATIENCE))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def send(self, *frames: bytes | int) -> None:
        self._sock.sendall(
            b"".join(struct.pack(">i", f) if isinstance(f, int) else struct.pack(">i", len(f)) + f for f in frames)
        )

    def send_raw(self, data: bytes) -> None:
        self._sock.sendall(data)

    def receive(self) -> bytes | int | None:
        header = self._exactly(4)
        if header is None:
            return None
        (word,) = struct.unpack(">i", header)
        if word < 0:
            return int(word)
        payload = self._exactly(word & 0x0FFFFFFF)
        assert payload is not None
        return lz4.block.decompress(payload, uncompressed_size=1 << 20) if word & 0x40000000 else payload

    def receive_all(self) -> list[bytes | int]:
        """All frames up to the end of the connection."""
        frames = []
        while (frame := self.receive()) is not None:
            frames.append(frame)
        return frames

    def expect(self, *frames: bytes | int) -> None:
        for expected in frames:
            assert self.receive() == expected

    def close(self) -> None:
        self._sock.close()

    def _exactly(self, count: int) -> bytes | None:
        while len(self._buffer) < count:
            try:
                data = self._sock.recv(65536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self._buffer += data
        result, self._buffer = self._buffer[:count], self._buffer[count:]
        return result

    # The two sides of CRAM-MD5

    def answer_challenge(self, key: bytes) -> None:
        challenge = self.receive()
        assert isinstance(challenge, bytes)
        match = re.fullmatch(rb"auth cram-md5 (<\d+\.\d+@[^>]+>) ssl=0\n", challenge)
        assert match is not None, challenge
        self.send(cram.response(key, match[1].decode()).encode() + b"\0")
        self.expect(b"1000 OK auth\n")

    def challenge(self, key: bytes, name: bytes) -> None:
        text = b"<123.456@" + name + b">"
        self.send(b"auth cram-md5 " + text + b" ssl=0\n")
        assert self.receive() == cram.response(key, text.decode()).encode() + b"\0"
        self.send(b"1000 OK auth\n")


def log_in(peer: Peer, version: int = 0) -> None:
    """A Director's greeting; with version 0 it gets plain text (DIR-HELLO-16)."""
    key = cram.secret_of(PASSWORD)
    peer.send(b"Hello Director test-dir calling %d\n" % version)
    peer.answer_challenge(key)
    peer.challenge(key, b"test-dir")
    peer.expect(b"2000 OK Hello 214\n")


JOB = b"JobId=7 Job=Test.2026-11-24_12.00.00_03 SDid=5 SDtime=1790000000 Authorization=" + KEY + b"\n"
JOB_OK = b"2000 OK Job 9.6.7 (10Dec20) x86_64-pc-linux-gnu,debian,bookworm/sid"


@contextmanager
def storage(script: Callable[[Peer], None]) -> Iterator[int]:
    """A Storage daemon for one connection, whose script runs after the greeting; gives its port."""
    failures: list[BaseException] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)

        def serve() -> None:
            try:
                sock, _ = server.accept()
                with Peer(sock) as peer:
                    script(peer)
            except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
                failures.append(error)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            thread.join(PATIENCE)
            assert not thread.is_alive()
    if failures:
        raise failures[0]


def let_in(peer: Peer) -> None:
    """A Storage daemon's greeting; SD version 0 asks for plain text (SD-COMP-4)."""
    peer.expect(b"Hello Bacula SD: Start Job Test.2026-11-24_12.00.00_03 214\n")
    peer.challenge(KEY, b"test-sd")
    peer.answer_challenge(KEY)
    peer.send(b"3000 OK Hello 0\n")
