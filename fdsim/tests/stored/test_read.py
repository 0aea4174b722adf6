"""Stored jobs go back: SD-READ, byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Callable

import lz4.block
import pytest

from fdsim.stored.archive import Archive, StoredJob
from fdsim.stored.daemon import StorageDaemon
from fdsim.tests.scripted import EOD, POLL, TERMINATE, Scripted
from fdsim.tests.stored.conftest import JOB, KEY
from fdsim.wire.jobs import JobStatus

Greet = Callable[..., Scripted]
OPEN = b"read open session = DummyVolume 1 1795392655 0 0 0 0\n"


@pytest.fixture
def stored(archive: Archive) -> StoredJob:
    writer = archive.begin("Old.2026-11-23_12.00.00_01", 12, 1_795_000_000)
    writer.add(1, 1, b"attributes\0")
    writer.add(1, 2, b"a" * 100)
    writer.add(2, 67108866, b"data with flags")
    writer.sync()
    return writer.finish(2)


def test_a_whole_restore(daemon: StorageDaemon, stored: StoredJob, greet: Greet) -> None:
    job = daemon.expect_restore(JOB, KEY, stored)
    peer = greet(213)
    peer.say(OPEN)
    peer.hear(b"3000 OK open ticket = 1\n")
    peer.say(b"read data 1\n")
    peer.hear(b"3000 OK data\n")
    peer.hear(b"rechdr 12 1795000000 1 1 11", b"attributes\0")
    peer.hear(b"rechdr 12 1795000000 1 2 100", b"a" * 100)
    peer.hear(b"rechdr 12 1795000000 2 67108866 15", b"data with flags")
    peer.hear(EOD)
    peer.say(POLL, b"read close session 1\n")
    peer.hear(b"2000 OK\n", b"3000 OK close Status = 82\n", EOD)
    peer.say(TERMINATE)
    peer.hear_end()
    outcome = job.wait(5)
    assert (outcome.status, outcome.files, outcome.bytes) == (JobStatus.TERMINATED, 2, 126)


def test_packets_are_compressed_for_a_214(daemon: StorageDaemon, stored: StoredJob, greet: Greet) -> None:
    daemon.expect_restore(JOB, KEY, stored)
    peer = greet(214)
    peer.say(OPEN, b"read data 1\n")
    peer.hear(b"3000 OK open ticket = 1\n", b"3000 OK data\n")
    peer.hear(b"rechdr 12 1795000000 1 1 11", b"attributes\0")
    # The length that the header states is that of the plain data (SD-COMP-7).
    peer.hear(b"rechdr 12 1795000000 1 2 100")
    word = struct.unpack(">I", peer.exactly(4))[0]
    assert word & 0x40000000
    assert lz4.block.decompress(peer.exactly(word & 0x1FFFFFFF), uncompressed_size=1000) == b"a" * 100


def test_compression_can_be_switched_off(stored: StoredJob, greet: Greet, daemon: StorageDaemon) -> None:
    daemon._compress = False
    daemon.expect_restore(JOB, KEY, stored)
    peer = greet(214)
    peer.say(OPEN, b"read data 1\n")
    peer.hear(b"3000 OK open ticket = 1\n", b"3000 OK data\n", b"rechdr 12 1795000000 1 1 11", b"attributes\0")
    peer.hear(b"rechdr 12 1795000000 1 2 100", b"a" * 100)


@pytest.mark.parametrize(
    ("commands", "replies"),
    [
        ([b"read data 1\n"], [b"3902 Error session not opened\n"]),
        ([b"read open session\n"], [b"3904 Error open session, bad parameters\n"]),
        ([OPEN, OPEN], [b"3000 OK open ticket = 1\n", b"3901 Error session already open\n"]),
        ([b"append open session\n"], [b"3900 Invalid command\n"]),
    ],
)
def test_a_command_in_the_wrong_place_is_refused(
    daemon: StorageDaemon, stored: StoredJob, greet: Greet, commands: list[bytes], replies: list[bytes]
) -> None:
    job = daemon.expect_restore(JOB, KEY, stored)
    peer = greet()
    peer.say(*commands)
    peer.hear(*replies, TERMINATE)
    assert job.wait(5).status is JobStatus.FATAL


def test_a_truncated_archive_is_refused(daemon: StorageDaemon, stored: StoredJob, greet: Greet) -> None:
    path = stored.archive / "000001.records"
    path.write_bytes(path.read_bytes()[:-1])
    job = daemon.expect_restore(JOB, KEY, stored)
    peer = greet()
    peer.say(OPEN, b"read data 1\n")
    peer.hear(b"3000 OK open ticket = 1\n", b"3000 error\n", TERMINATE)
    assert job.wait(5).error == f"{path} is truncated: it has 189 bytes, 190 are due"


def test_a_damaged_archive_does_not_look_complete(daemon: StorageDaemon, stored: StoredJob, greet: Greet) -> None:
    path = stored.archive / "000001.records"
    path.write_bytes(path.read_bytes()[:-1] + b"X")
    job = daemon.expect_restore(JOB, KEY, stored)
    peer = greet(213)
    peer.say(OPEN, b"read data 1\n")
    peer.hear(b"3000 OK open ticket = 1\n", b"3000 OK data\n")
    # No EOD, only the end of the connection.
    peer.hear_end()
    assert job.wait(5).error == f"{path} is damaged at record 3, byte 159: its check sum is wrong"


def test_a_file_daemon_that_goes_early(daemon: StorageDaemon, stored: StoredJob, greet: Greet) -> None:
    job = daemon.expect_restore(JOB, KEY, stored)
    peer = greet()
    peer.say(OPEN)
    peer.hear(b"3000 OK open ticket = 1\n")
    peer.say(TERMINATE)
    outcome = job.wait(5)
    assert (outcome.status, outcome.error) == (
        JobStatus.FATAL,
        "the File daemon ended the session before the job was closed",
    )
