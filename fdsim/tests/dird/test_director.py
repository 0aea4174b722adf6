"""Whole sessions, byte by byte: DIR-SEQ-1, DIR-SEQ-7, DIR-SEQ-11."""

from __future__ import annotations

import re
import socket

import pytest

from fdsim.dird.director import Director
from fdsim.dird.job import BackupJob, JobIdentity, RestoreJob, StorageSession
from fdsim.net.errors import ConnectFailed, PeerClosed
from fdsim.tests.dird.conftest import Line
from fdsim.tests.scripted import EOD, HEARTBEAT, TERMINATE, Scripted
from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.fileset import Block, FileSet, Options
from fdsim.wire.jobs import JobStatus, MessageType

DIRECTOR = Director("lab-dir", "fdpw")
KEY = "PMND-KLNP-DAHC-CKEF-ABCD-EFGH-IJKL-MNOP"
STORAGE = StorageSession("127.0.0.1", 19103, 2, 1795392655, KEY)
BACKUP = BackupJob(FileSet((Block((b"/etc",), (Options("M"),)),)))
IDENTITY = JobIdentity(7, "Backup.2026-11-24_12.00.00_03")
JOB_LINE = b"JobId=7 Job=Backup.2026-11-24_12.00.00_03 SDid=2 SDtime=1795392655 Authorization="
FILESET = (b"fileset vss=1\n", b"I\n", b"O M\n", b"N\n", b"F /etc", b"N\n", b"N\n", EOD)
STORAGE_LINE = b"storage address=127.0.0.1 port=19103 ssl=0"
VERSION = b"2000 OK Job 9.6.7 (10Dec20) x86_64-pc-linux-gnu,debian,bookworm/sid"
END = (
    b"2800 End Job TermCode=%d JobFiles=20 ReadBytes=91650 JobBytes=91651 Errors=%d VSS=0 Encrypt=0 "
    b"CommBytes=94483 CompressCommBytes=93358\n"
)
REFUSED = (
    "lab-dir JobId 7: Fatal error: Bad response to storage address=127.0.0.1 port=19103 ssl=0: "
    "wanted 2000 OK storage, got 2902 Bad storage\n"
)


def until_storage(line: Line) -> None:
    line.greet(213)
    line.fd.hear(JOB_LINE + KEY.encode() + b"\n")
    line.fd.say(VERSION)
    line.fd.hear(b"level = full  mtime_only=0 \n")
    line.fd.say(b"2000 OK level\n")
    line.fd.hear(*FILESET)
    line.fd.say(b"2000 OK include\n")
    line.fd.hear(STORAGE_LINE + b"\n")


def test_a_backup(line: Line) -> None:
    run = line.start(lambda: DIRECTOR.backup(line.director, IDENTITY, BACKUP, STORAGE))
    until_storage(line)
    line.fd.say(b"2000 OK storage\n")
    line.fd.hear(b"backup FileIndex=0\n")
    line.fd.say(b"2000 OK backup\n", HEARTBEAT, b"Jmsg JobId=7 type=8 level=1795392655 lab-fd JobId 7: one\n")
    line.fd.say(END % (84, 1), b"Jmsg JobId=7 type=6 level=1795392656 lab-fd JobId 7: two\n", TERMINATE)
    result = run.result()
    line.fd.hear(TERMINATE)
    assert (result.status, result.files, result.read_bytes, result.job_bytes, result.errors) == (
        JobStatus.TERMINATED,
        20,
        91650,
        91651,
        1,
    )
    assert [message.text for message in result.messages] == ["lab-fd JobId 7: one\n", "lab-fd JobId 7: two\n"]
    assert result.messages == tuple(line.seen)
    assert 0 < result.seconds < 60


def test_a_refused_storage_is_a_failed_job(line: Line) -> None:
    run = line.start(lambda: DIRECTOR.backup(line.director, IDENTITY, BACKUP, STORAGE))
    until_storage(line)
    line.fd.say(b"Jmsg JobId=7 type=3 level=1795392655 lab-fd JobId 7: Fatal error: no Storage daemon\n")
    line.fd.say(b"2902 Bad storage\n", END % (102, 1), TERMINATE)
    result = run.result()
    line.fd.hear(TERMINATE)
    assert result.status is JobStatus.FATAL
    assert [(message.type, message.text) for message in result.messages] == [
        (MessageType.FATAL, "lab-fd JobId 7: Fatal error: no Storage daemon\n"),
        (MessageType.FATAL, REFUSED),
    ]


def test_a_job_that_ends_early_is_a_failed_job(line: Line) -> None:
    run = line.start(lambda: DIRECTOR.backup(line.director, IDENTITY, BACKUP, STORAGE))
    until_storage(line)
    line.fd.say(END % (102, 1), TERMINATE)
    result = run.result()
    assert result.status is JobStatus.FATAL
    assert result.messages[-1].text.endswith("wanted 2000 OK storage, but the job ended\n")


def test_an_unknown_status_is_an_error(line: Line) -> None:
    run = line.start(lambda: DIRECTOR.backup(line.director, IDENTITY, BACKUP, STORAGE))
    until_storage(line)
    line.fd.say(END % (33, 0), TERMINATE)
    with pytest.raises(RemoteProtocolError, match="ended the job with the status 33"):
        run.result()


def test_a_file_daemon_that_dies(line: Line) -> None:
    run = line.start(lambda: DIRECTOR.backup(line.director, IDENTITY, BACKUP, STORAGE))
    until_storage(line)
    line.fd.say(b"2000 OK storage\n")
    line.fd.hear(b"backup FileIndex=0\n")
    line.fd.say(b"2000 OK backup\n")
    line.fd.close()
    with pytest.raises(PeerClosed):
        run.result()


def test_a_restore(line: Line) -> None:
    run = line.start(lambda: DIRECTOR.restore(line.director, IDENTITY, RestoreJob(b"/tmp/my dst", 20), STORAGE))
    line.greet()
    first = line.fd.next()
    assert isinstance(first, bytes)
    # The key of the job line is another one than that of the storage.
    assert re.fullmatch(re.escape(JOB_LINE) + rb"([A-P]{4}-){7}[A-P]{4}\n", first)
    assert KEY.encode() not in first
    line.fd.say(VERSION)
    line.fd.hear(STORAGE_LINE + b" Authorization=" + KEY.encode() + b"\n")
    line.fd.say(b"2000 OK storage\n")
    line.fd.hear(b"restore files=20 replace=a prelinks=0 where=/tmp/my\x01dst\n")
    line.fd.say(b"2000 OK restore\n", HEARTBEAT, b"2000 OK storage end\n")
    line.fd.hear(b"endrestore")
    line.fd.say(END % (69, 3), TERMINATE)
    result = run.result()
    line.fd.hear(TERMINATE)
    assert (result.status, result.files, result.errors) == (JobStatus.ERROR, 20, 3)


def test_status(line: Line) -> None:
    run = line.start(lambda: DIRECTOR.status(line.director))
    line.greet()
    order = line.fd.next()
    assert isinstance(order, bytes)
    assert re.fullmatch(
        rb"JobId=0 Job=-Console-\.\d{4}-\d\d-\d\d_\d\d\.\d\d\.\d\d_\d\d SDid=0 SDtime=0 Authorization=dummy\n", order
    )
    line.fd.say(VERSION)
    line.fd.hear(b"status")
    line.fd.say(b"\n", b"lab-fd Version\n\0", EOD)
    assert run.result() == ["", "lab-fd Version"]
    line.fd.hear(TERMINATE)


def test_identities_count() -> None:
    director = Director("d", "p")
    first, second = director.identify("Backup"), director.identify("Backup")
    assert (first.job_id, second.job_id) == (1, 2)
    assert re.fullmatch(r"Backup\.\d{4}-\d\d-\d\d_\d\d\.\d\d\.\d\d_01", first.name)
    assert second.name.endswith("_02")


def test_connect() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with DIRECTOR.connect("127.0.0.1", port, 5) as conversation, Scripted(listening.accept()[0]) as fd:
            assert conversation.local_address == "127.0.0.1"
            conversation.terminate()
            fd.hear(TERMINATE)
    with pytest.raises(
        ConnectFailed, match=f"cannot connect to the File daemon at 127.0.0.1:{port}: Connection refused"
    ):
        DIRECTOR.connect("127.0.0.1", port, 5)
