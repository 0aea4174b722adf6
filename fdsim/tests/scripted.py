"""A peer that follows a script: literal bytes in both directions, framed here and not by ``fdsim.wire``."""

from __future__ import annotations

import re
import socket
import struct
from types import TracebackType
from typing import Self

from fdsim.wire import cram

EOD, TERMINATE, POLL, HEARTBEAT, BTIME = -1, -4, -5, -6, -9
SECONDS = 20.0


class Scripted:
    """One end of a connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.settimeout(SECONDS)

    @classmethod
    def connect(cls, port: int) -> Self:
        """Call a daemon on this machine."""
        return cls(socket.create_connection(("127.0.0.1", port), SECONDS))

    def say(self, *frames: bytes | int) -> None:
        """Send packets (bytes) and signals (numbers), all in one write."""
        self.sock.sendall(
            b"".join(
                struct.pack(">i", frame) if isinstance(frame, int) else struct.pack(">i", len(frame)) + frame
                for frame in frames
            )
        )

    def hear(self, *frames: bytes | int) -> None:
        """Read that many packets and signals; they must be these."""
        assert [self.next() for _ in frames] == list(frames)

    def next(self) -> bytes | int:
        """The next packet or signal; the payload of a compressed one as it is on the wire."""
        word = self.word()
        return word if word < 0 else self.exactly(word & 0x1FFFFFFF)

    def receive(self) -> bytes | int | None:
        """As ``next``, and None at the end of the connection."""
        try:
            first = self.sock.recv(4)
        except ConnectionResetError:
            return None
        if not first:
            return None
        word: int = struct.unpack(">i", first + self.exactly(4 - len(first)))[0]
        return word if word < 0 else self.exactly(word & 0x1FFFFFFF)

    def receive_all(self) -> list[bytes | int]:
        """All packets and signals up to the end of the connection."""
        return list(iter(self.receive, None))

    def word(self) -> int:
        word: int = struct.unpack(">i", self.exactly(4))[0]
        return word

    def exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.sock.recv(count - len(data))
            assert piece, f"closed after {data!r} of {count} bytes"
            data += piece
        return data

    def hear_end(self) -> None:
        """The other side closes without another byte."""
        try:
            data = self.sock.recv(4096)
        except ConnectionResetError:
            data = b""
        assert data == b""

    def answer_challenge(self, key: bytes) -> None:
        """Read a challenge, whose number and time vary, and answer it."""
        payload = self.next()
        assert isinstance(payload, bytes)
        match = re.fullmatch(rb"auth cram-md5 (<\d+\.\d+@[\w-]+>) ssl=0\n", payload)
        assert match is not None, payload
        self.say(cram.response(key, match[1].decode()).encode() + b"\0")

    def challenge(self, key: bytes) -> None:
        """Challenge the other side; its answer must be right and end with a NUL."""
        self.say(b"auth cram-md5 <1.2@peer> ssl=0\n")
        self.hear(cram.response(key, "<1.2@peer>").encode() + b"\0")
        self.say(b"1000 OK auth\n")

    def close(self) -> None:
        self.sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
