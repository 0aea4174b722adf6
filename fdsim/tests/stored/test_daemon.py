"""Who is let in: SD-HELLO and SD-AUTH."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from fdsim.stored.archive import Archive
from fdsim.stored.daemon import StorageDaemon
from fdsim.tests.scripted import Scripted
from fdsim.tests.stored.conftest import JOB, KEY
from fdsim.wire.jobs import JobStatus

Dial = Callable[[], Scripted]
HELLO = b"Hello Bacula SD: Start Job Backup.2026-11-24_12.00.00_03 214\n"


@pytest.mark.parametrize(
    "first",
    [
        b"Hello Bacula SD: Start Job Nobody.2026-11-24_12.00.00_03 214\n",
        b"Hello Bacula SD: x 1\n",  # too short
        b"Hello Bacula SD: Start Job " + b"x" * 500 + b" 214\n",  # too long
        b"GET / HTTP/1.1 and more of it\n",
        b"Hello Director lab-dir calling 103\n",
        b"",
        -4,
    ],
)
def test_strangers_get_no_word(daemon: StorageDaemon, dial: Dial, first: bytes | int) -> None:
    daemon.expect_backup(JOB, KEY)
    peer = dial()
    peer.say(first)
    peer.hear_end()


def test_what_is_no_packet_gets_no_word(dial: Dial) -> None:
    peer = dial()
    peer.sock.sendall(b"GET / HTTP/1.1\r\n")
    peer.hear_end()


def test_silence_is_given_up(tmp_path: Path) -> None:
    with (
        StorageDaemon(Archive(tmp_path), timeout=0.2) as daemon,
        Scripted(socket.create_connection(("127.0.0.1", daemon.port), 10)) as peer,
    ):
        peer.hear_end()


def test_a_wrong_key_is_rejected_and_the_right_one_still_works(
    daemon: StorageDaemon, dial: Dial, greet: Callable[..., Scripted]
) -> None:
    job = daemon.expect_backup(JOB, KEY)
    peer = dial()
    peer.say(HELLO)
    peer.answer_challenge(b"PMND-KLNP-DAHC-CKEF-ABCD-EFGH-IJKL-MNOO")
    peer.hear(b"1999 Authorization failed.\n")
    peer.hear_end()
    outcome = job.wait(0)
    assert outcome.status is JobStatus.CREATED
    assert "does not know the password" in outcome.error
    greet().say(-4)
    assert job.wait(5).status is JobStatus.FATAL


def test_we_must_know_the_key_too(daemon: StorageDaemon, dial: Dial) -> None:
    job = daemon.expect_backup(JOB, KEY)
    peer = dial()
    peer.say(HELLO)
    peer.answer_challenge(KEY.encode())
    peer.hear(b"1000 OK auth\n")
    peer.say(b"auth cram-md5 <1.2@peer> ssl=0\n")
    peer.next()
    peer.say(b"1999 Authorization failed.\n")
    peer.hear_end()
    assert "rejected our password" in job.wait(0).error


def test_a_second_client_for_a_job_is_refused(
    daemon: StorageDaemon, dial: Dial, greet: Callable[..., Scripted]
) -> None:
    daemon.expect_backup(JOB, KEY)
    first = greet()
    second = dial()
    second.say(HELLO)
    second.hear_end()
    first.say(b"append open session\n")
    first.hear(b"3000 OK open ticket = 1\n")


@pytest.mark.parametrize(("version", "greeted"), [(5, True), (9, True), (213, True), (1, False), (8, False)])
def test_old_versions_get_no_hello(daemon: StorageDaemon, dial: Dial, version: int, greeted: bool) -> None:
    daemon.expect_backup(JOB, KEY)
    peer = dial()
    peer.say(b"Hello Bacula SD: Start Job %s %d\n" % (JOB.encode(), version))
    peer.answer_challenge(KEY.encode())
    peer.hear(b"1000 OK auth\n")
    peer.challenge(KEY.encode())
    peer.say(b"append open session\n")
    peer.hear(*[b"3000 OK Hello 306\n"] * greeted, b"3000 OK open ticket = 1\n")


def test_sessions_are_numbered(daemon: StorageDaemon) -> None:
    first, second = daemon.expect_backup("a", KEY), daemon.expect_backup("b", KEY)
    assert (first.session_id, second.session_id) == (1, 2)
    assert first.session_time == second.session_time
    with pytest.raises(ValueError, match="a job 'a' is expected already"):
        daemon.expect_backup("a", KEY)
    daemon.forget(first)
    assert daemon.expect_backup("a", KEY).session_id == 3


def test_nobody_came(daemon: StorageDaemon) -> None:
    outcome = daemon.expect_backup(JOB, KEY).wait(0)
    assert (outcome.status, outcome.error) == (JobStatus.CREATED, "the File daemon has not asked for it")


def test_stop_cuts_off_what_is_served(daemon: StorageDaemon, greet: Callable[..., Scripted]) -> None:
    job = daemon.expect_backup(JOB, KEY)
    peer = greet()
    peer.say(b"append open session\n")
    peer.hear(b"3000 OK open ticket = 1\n")
    assert daemon.stop()
    peer.hear_end()
    assert job.wait(0).status is JobStatus.FATAL
