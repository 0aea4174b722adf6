"""Backups come in: SD-APP, SD-HDR and SD-FIDX, byte by byte."""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable

import lz4.block
import pytest

from fdsim.stored.archive import Archive
from fdsim.stored.daemon import StorageDaemon
from fdsim.stored.recordfile import Record, RecordWriter
from fdsim.tests.scripted import EOD, HEARTBEAT, POLL, TERMINATE, Scripted
from fdsim.tests.stored.conftest import JOB, KEY
from fdsim.wire.jobs import JobStatus

Greet = Callable[..., Scripted]
ATTRIBUTES = b"1 3 /etc/motd\0P0A A IGk B A A A A A A A A A A A A C\0\0\0000\0"


def opened(peer: Scripted) -> Scripted:
    peer.say(b"append open session\n")
    peer.hear(b"3000 OK open ticket = 1\n")
    peer.say(b"append data 1\n")
    peer.hear(b"3000 OK data\n")
    return peer


def test_a_whole_backup(daemon: StorageDaemon, archive: Archive, greet: Greet) -> None:
    job = daemon.expect_backup(JOB, KEY, (b"/etc/motd",))
    peer = opened(greet())
    peer.say(b"1 1 0", ATTRIBUTES, EOD, b"1 2 70000", b"a" * 65536, b"b" * 4464, EOD, b"1 3 0", b"d" * 16, EOD)
    peer.say(b"2 1 0", b"other\0", EOD, b"2 1998 0", EOD, EOD)
    peer.hear(b"3000 OK append data\n")
    assert list(archive.jobs()) == []
    peer.say(b"append end session 1\n")
    peer.hear(b"3000 OK end\n")
    peer.say(b"append close session 1\n")
    peer.hear(b"3000 OK close Status = 84\n", EOD)
    peer.say(TERMINATE)
    peer.hear_end()
    outcome = job.wait(5)
    assert (outcome.status, outcome.files, outcome.error) == (JobStatus.TERMINATED, 2, "")
    assert outcome.bytes == len(ATTRIBUTES) + 70000 + 16 + 6
    (stored,) = archive.jobs()
    assert stored == outcome.stored
    assert (stored.name, stored.session_id, stored.files, stored.records) == (JOB, 1, 2, 5)
    assert stored.roots == (b"/etc/motd",)
    with stored.open_records() as records:
        assert list(records) == [
            Record(1, 1, ATTRIBUTES),
            Record(1, 2, b"a" * 65536),
            Record(1, 2, b"b" * 4464),
            Record(1, 3, b"d" * 16),
            Record(2, 1, b"other\0"),
        ]


def test_signs_of_life_within_a_stream(daemon: StorageDaemon, archive: Archive, greet: Greet) -> None:
    daemon.expect_backup(JOB, KEY)
    peer = opened(greet())
    peer.say(HEARTBEAT, b"1 1 0", HEARTBEAT, POLL)
    peer.hear(b"2000 OK\n")
    peer.say(b"a\0", HEARTBEAT, EOD, EOD)
    peer.hear(b"3000 OK append data\n")
    # Neither the ticket nor the command to end is insisted on (SD-APP-11).
    peer.say(b"append close session 99\n")
    peer.hear(b"3000 OK close Status = 84\n", EOD)
    with archive.latest().open_records() as records:
        assert list(records) == [Record(1, 1, b"a\0")]


def test_compressed_packets_are_kept_plain(daemon: StorageDaemon, archive: Archive, greet: Greet) -> None:
    daemon.expect_backup(JOB, KEY)
    peer = opened(greet())
    block = lz4.block.compress(b"a" * 65536, store_size=False)
    peer.say(b"1 2 65536")
    peer.sock.sendall(struct.pack(">I", len(block) | 0x40000000) + block)
    peer.say(EOD, EOD)
    peer.hear(b"3000 OK append data\n")
    peer.say(b"append close session 1\n")
    peer.hear(b"3000 OK close Status = 84\n", EOD)
    with archive.latest().open_records() as records:
        assert list(records) == [Record(1, 2, b"a" * 65536)]


def test_an_empty_packet_ends_a_stream(daemon: StorageDaemon, archive: Archive, greet: Greet) -> None:
    daemon.expect_backup(JOB, KEY)
    peer = opened(greet())
    peer.say(b"1 2 4", b"data", b"", b"1 3 0", b"digest", EOD, EOD)
    peer.hear(b"3000 OK append data\n")
    peer.say(b"append close session 1\n")
    peer.hear(b"3000 OK close Status = 84\n", EOD)
    with archive.latest().open_records() as records:
        assert list(records) == [Record(1, 2, b"data"), Record(1, 3, b"digest")]


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([b"2 1 0"], b"FI=2 from FD not positive or last_FI=0"),
        ([b"0 1 0"], b"FI=0 from FD not positive or last_FI=0"),
        ([b"-1 1 0"], b"FI=-1 from FD not positive or last_FI=0"),
        ([b"1 1 0", EOD, b"2 1 0", EOD, b"1 1 0"], b"FI=1 from FD not positive or last_FI=2"),
        ([b"1 1 0", EOD, b"3 1 0"], b"FI=3 from FD not positive or last_FI=1"),
        ([b"Hello"], b"malformed stream header b'Hello'"),
        ([b"1 4294967296 0"], b"Malformed data header from FD: stream 4294967296"),
        ([b""], b"Error reading data header from FD: an empty packet came"),
        ([-99], b"the signal UNKNOWN_99 came where a header was due"),
        ([b"1 1 0", b"data", -99], b"the signal UNKNOWN_99 came in the middle of stream 1"),
    ],
)
def test_what_breaks_the_rules_of_records_is_refused(
    daemon: StorageDaemon, archive: Archive, greet: Greet, frames: list[bytes | int], reason: bytes
) -> None:
    job = daemon.expect_backup(JOB, KEY)
    peer = opened(greet())
    peer.say(*frames)
    peer.hear(b"3999 Failed append\n", b"3903 Error append data: " + reason + b"\n", TERMINATE)
    peer.close()
    outcome = job.wait(5)
    assert (outcome.status, outcome.error.encode()) == (JobStatus.FATAL, reason)
    assert daemon.stop()
    assert list(archive.directory.iterdir()) == []


@pytest.mark.parametrize(
    ("commands", "reply"),
    [
        ([b"append data 1\n"], b"3902 Error session not opened\n"),
        ([b"append end session 1\n"], b"3902 Error session not opened\n"),
        ([b"append close session 1\n"], b"3902 Error session not opened\n"),
        ([b"append nonsense\n"], b"3900 Invalid command\n"),
        ([b"read open session = DummyVolume 1 2 0 0 0 0\n"], b"3900 Invalid command\n"),
        ([b""], b"3900 Invalid command\n"),
    ],
)
def test_a_command_in_the_wrong_place_is_refused(
    daemon: StorageDaemon, greet: Greet, commands: list[bytes], reply: bytes
) -> None:
    job = daemon.expect_backup(JOB, KEY)
    peer = greet()
    peer.say(*commands)
    peer.hear(reply, TERMINATE)
    assert job.wait(5).status is JobStatus.FATAL


def test_opening_twice_is_refused(daemon: StorageDaemon, greet: Greet) -> None:
    daemon.expect_backup(JOB, KEY)
    peer = greet()
    peer.say(b"append open session\n", b"append open session\n")
    peer.hear(b"3000 OK open ticket = 1\n", b"3901 Error session already open\n", TERMINATE)


def test_closing_before_the_data_is_refused(daemon: StorageDaemon, archive: Archive, greet: Greet) -> None:
    daemon.expect_backup(JOB, KEY)
    peer = greet()
    peer.say(b"append open session\n", b"append close session 1\n")
    peer.hear(b"3000 OK open ticket = 1\n", b"3902 Error session not opened\n", TERMINATE)
    assert list(archive.jobs()) == []


def test_a_full_disk(daemon: StorageDaemon, archive: Archive, greet: Greet, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RecordWriter, "add", fail)
    job = daemon.expect_backup(JOB, KEY)
    peer = opened(greet())
    # More than the sockets hold: the refusal must arrive all the same.
    peer.say(b"1 2 0", *[b"x" * 65536] * 100)
    peer.hear(b"3999 Failed append\n", b"3903 Error append data: No space left on device\n", TERMINATE)
    outcome = job.wait(5)
    assert outcome.error == "the archive cannot be written: No space left on device"
    peer.close()
    assert daemon.stop()
    assert list(archive.directory.iterdir()) == []


def test_an_archive_that_fails_at_the_end(
    daemon: StorageDaemon, archive: Archive, greet: Greet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    job = daemon.expect_backup(JOB, KEY)
    peer = opened(greet())
    peer.say(b"1 1 0", b"x", EOD, EOD)
    peer.hear(b"3000 OK append data\n")
    monkeypatch.setattr(Archive, "keep", fail)
    peer.say(b"append close session 1\n")
    peer.hear(b"3000 OK close Status = 102\n", EOD)
    assert job.wait(5).status is JobStatus.FATAL
    peer.say(TERMINATE)
    peer.hear_end()
    assert list(archive.jobs()) == []


@pytest.mark.parametrize("last", [[b"1 2 10"], [b"1 2 10", b"half"], [b"1 2 10", b"half", EOD, EOD]])
def test_a_file_daemon_that_goes_leaves_nothing(
    daemon: StorageDaemon, archive: Archive, greet: Greet, last: list[bytes | int]
) -> None:
    job = daemon.expect_backup(JOB, KEY)
    peer = opened(greet())
    peer.say(*last)
    peer.close()
    outcome = job.wait(5)
    assert outcome.status is JobStatus.FATAL
    assert "closed the connection" in outcome.error or "Connection reset" in outcome.error
    assert daemon.stop()
    assert list(archive.directory.iterdir()) == []


def test_a_file_daemon_that_gives_up_leaves_nothing(daemon: StorageDaemon, archive: Archive, greet: Greet) -> None:
    job = daemon.expect_backup(JOB, KEY)
    peer = opened(greet())
    peer.say(b"1 1 0", b"x", EOD, EOD)
    peer.hear(b"3000 OK append data\n")
    peer.say(TERMINATE)  # as after a job that failed (SD-APP-16)
    peer.hear_end()
    outcome = job.wait(5)
    assert outcome.status is JobStatus.FATAL
    assert outcome.error == "the File daemon ended the session before the job was closed"
    assert list(archive.directory.iterdir()) == []
