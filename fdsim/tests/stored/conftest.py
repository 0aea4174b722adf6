"""A Storage daemon and the File daemons that tests script for it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fdsim.stored.archive import Archive
from fdsim.stored.daemon import StorageDaemon
from fdsim.tests.scripted import Scripted

JOB = "Backup.2026-11-24_12.00.00_03"
KEY = "PMND-KLNP-DAHC-CKEF-ABCD-EFGH-IJKL-MNOP"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive", durable=False)


@pytest.fixture
def daemon(archive: Archive) -> Iterator[StorageDaemon]:
    with StorageDaemon(archive, timeout=15.0) as started:
        yield started


@pytest.fixture
def dial(daemon: StorageDaemon) -> Iterator[Callable[[], Scripted]]:
    """Connect a new File daemon."""
    with ExitStack() as peers:

        def connect() -> Scripted:
            return peers.enter_context(Scripted(socket.create_connection(("127.0.0.1", daemon.port), 10)))

        yield connect


@pytest.fixture
def greet(dial: Callable[[], Scripted]) -> Callable[..., Scripted]:
    """Connect a new File daemon that knows the job and its key."""

    def greeted(version: int = 214) -> Scripted:
        peer = dial()
        peer.say(b"Hello Bacula SD: Start Job %s %d\n" % (JOB.encode(), version))
        peer.answer_challenge(KEY.encode())
        peer.hear(b"1000 OK auth\n")
        peer.challenge(KEY.encode())
        peer.hear(b"3000 OK Hello 306\n")
        return peer

    return greeted
