"""A scripted Director's and a scripted Storage daemon's part of a conversation with a File daemon."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fdsim.tests.scripted import SECONDS, Scripted
from fdsim.wire import cram

PASSWORD = "secret"
KEY = b"ABCD-EFGH"


def log_in(peer: Scripted, version: int = 0) -> None:
    """A Director's greeting; with version 0 it gets plain text (DIR-HELLO-16)."""
    key = cram.secret_of(PASSWORD)
    peer.say(b"Hello Director test-dir calling %d\n" % version)
    peer.answer_challenge(key)
    peer.hear(b"1000 OK auth\n")
    peer.challenge(key)
    peer.hear(b"2000 OK Hello 214\n")


JOB = b"JobId=7 Job=Test.2026-11-24_12.00.00_03 SDid=5 SDtime=1790000000 Authorization=" + KEY + b"\n"
JOB_OK = b"2000 OK Job 9.6.7 (10Dec20) x86_64-pc-linux-gnu,debian,bookworm/sid"


@contextmanager
def storage(script: Callable[[Scripted], None]) -> Iterator[int]:
    """A Storage daemon for one connection, whose script runs after the greeting; gives its port."""
    failures: list[BaseException] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SECONDS)

        def serve() -> None:
            try:
                sock, _ = server.accept()
                with Scripted(sock) as peer:
                    script(peer)
            except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
                failures.append(error)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            thread.join(SECONDS)
            assert not thread.is_alive()
    if failures:
        raise failures[0]


def let_in(peer: Scripted) -> None:
    """A Storage daemon's greeting; SD version 0 asks for plain text (SD-COMP-4)."""
    peer.hear(b"Hello Bacula SD: Start Job Test.2026-11-24_12.00.00_03 214\n")
    peer.challenge(KEY)
    peer.answer_challenge(KEY)
    peer.hear(b"1000 OK auth\n")
    peer.say(b"3000 OK Hello 0\n")
