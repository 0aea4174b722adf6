"""Single steps of a Director's session, and what may go wrong in them."""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Callable

import lz4.block
import pytest

from fdsim.dird.errors import OrderRefused
from fdsim.dird.job import JobIdentity, StorageSession
from fdsim.net.errors import AuthenticationError, PeerClosed, PeerTimeout
from fdsim.tests.dird.conftest import Line
from fdsim.tests.scripted import BTIME, EOD, HEARTBEAT, POLL, TERMINATE
from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.fileset import Block, FileSet, Options
from fdsim.wire.fileset import Line as Code
from fdsim.wire.jobs import Replace

STORAGE = StorageSession("127.0.0.1", 19103, 2, 1795392655, "PMND-KLNP-DAHC-CKEF-ABCD-EFGH-IJKL-MNOP")
IDENTITY = JobIdentity(7, "Backup.2026-11-24_12.00.00_03")
FILESET = FileSet(
    (Block((b"/etc", b"/my files"), (Options("S2AX", ((Code.WILD_FILE, b"*.o"),)),)),), (Block((b"/etc/motd",)),)
)


def test_hello(line: Line) -> None:
    hello = line.start(line.director.hello)
    line.greet()
    assert hello.result() == 214
    assert line.director.fd_version == 214


Step = Callable[[Line], object]


@pytest.mark.parametrize(
    ("step", "heard", "reply"),
    [
        (
            lambda line: line.director.job(IDENTITY, 2, 1795392655, "ABCD-EFGH"),
            [b"JobId=7 Job=Backup.2026-11-24_12.00.00_03 SDid=2 SDtime=1795392655 Authorization=ABCD-EFGH\n"],
            b"2000 OK Job 9.6.7 (10Dec20) x86_64-pc-linux-gnu,debian,bookworm/sid",
        ),
        (lambda line: line.director.level(), [b"level = full  mtime_only=0 \n"], b"2000 OK level\n"),
        (lambda line: line.director.level("base"), [b"level = base  mtime_only=0 \n"], b"2000 OK level\n"),
        (
            lambda line: line.director.fileset(FILESET),
            [
                b"fileset vss=1\n",
                b"I\n",
                b"O S2AX\n",
                b"WF *.o\n",
                b"N\n",
                b"F /etc",
                b"F /my files",
                b"N\n",
                b"N\n",
                b"E\n",
                b"F /etc/motd",
                b"N\n",
                b"N\n",
                EOD,
            ],
            b"2000 OK include\n",
        ),
        (
            lambda line: line.director.storage(STORAGE),
            [b"storage address=127.0.0.1 port=19103 ssl=0\n"],
            b"2000 OK storage\n",
        ),
        (
            lambda line: line.director.storage(STORAGE, with_key=True),
            [b"storage address=127.0.0.1 port=19103 ssl=0 Authorization=PMND-KLNP-DAHC-CKEF-ABCD-EFGH-IJKL-MNOP\n"],
            b"2000 OK storage\n",
        ),
        (lambda line: line.director.backup(), [b"backup FileIndex=0\n"], b"2000 OK backup\n"),
        (
            lambda line: line.director.restore(b"/my dst", Replace.IF_NEWER, 20),
            [b"restore replace=w prelinks=0 where=/my\x01dst\n"],  # before the Hello we speak as to an old version
            b"2000 OK restore\n",
        ),
        (lambda line: line.director.storage_end(), [], b"2000 OK storage end\n"),
    ],
)
def test_a_step(line: Line, step: Step, heard: list[bytes | int], reply: bytes) -> None:
    done = line.start(lambda: step(line))
    line.fd.hear(*heard)
    line.fd.say(reply)
    done.result()


def test_a_new_file_daemon_is_told_how_many_files_to_expect(line: Line) -> None:
    line.director.fd_version = 7
    done = line.start(lambda: line.director.restore(b"/", Replace.NEVER, 20))
    line.fd.hear(b"restore files=20 replace=n prelinks=0 where=/\n")
    line.fd.say(b"2000 OK restore\n")
    done.result()


def test_endrestore_has_no_newline(line: Line) -> None:
    line.director.end_restore()
    line.fd.hear(b"endrestore")


def test_signs_of_life_and_messages_before_a_reply(line: Line) -> None:
    done = line.start(line.director.level)
    line.fd.hear(b"level = full  mtime_only=0 \n")
    line.fd.say(HEARTBEAT, -7, POLL)
    line.fd.hear(b"1000 OK\n")
    before = time.time()
    line.fd.say(BTIME)
    answer = line.fd.next()
    assert isinstance(answer, bytes)
    match = re.fullmatch(rb"btime (\d{16})\n", answer)
    assert match is not None, answer
    assert before - 1 <= int(match[1]) / 1e6 <= time.time() + 1
    line.fd.say(-3)
    line.fd.hear(b"Status OK\n", EOD)
    line.fd.say(b"Progress JobId=7 files=12 bytes=3456 bps=100\n")
    line.fd.say(b'Jmsg JobId=7 type=8 level=1795392655 lab-fd JobId 7:      Could not stat "/x": ERR=gone\n')
    line.fd.say(b"2000 OK level\n")
    done.result()
    (message,) = line.seen
    assert (message.job_id, message.type, message.time) == (7, 8, 1795392655)
    assert message.text == 'lab-fd JobId 7:      Could not stat "/x": ERR=gone\n'
    assert line.director.messages == [message]
    assert line.director.progress is not None
    assert (line.director.progress.files, line.director.progress.bytes) == (12, 3456)


def test_bare_text_is_a_message(line: Line) -> None:
    done = line.start(line.director.level)
    line.fd.say(b"job.c:2015 Something happened\n", b"2000 OK level\n")
    done.result()
    assert [message.text for message in line.seen] == ["job.c:2015 Something happened\n"]


@pytest.mark.parametrize(
    ("reply", "complaint"),
    [
        (b"2000 OK level", "deviated in a reply: the newline at the end is missing"),
        (b"2000 OK level\n\0", "deviated in a reply: a NUL follows the end"),
        (b"2000  OK level\n", "deviated in a reply: the exact form is b'2000 OK level"),
        (b"2000 OK include\n", "answered 'level = full  mtime_only=0' with b'2000 OK include"),
        (b"2901 Bad Job\n", "answered 'level = full  mtime_only=0' with b'2901 Bad Job"),
        (EOD, "sent the signal EOD where '2000 OK level' was due"),
        (TERMINATE, "sent the signal TERMINATE where '2000 OK level' was due"),
    ],
)
def test_an_unexpected_reply_is_named_with_what_was_due(line: Line, reply: bytes | int, complaint: str) -> None:
    line.fd.say(reply)
    with pytest.raises(RemoteProtocolError, match=re.escape(complaint)):
        line.director.level()


@pytest.mark.parametrize(
    ("step", "reply", "text"),
    [
        (
            lambda line: line.director.storage(STORAGE),
            b"2902 Bad storage\n",
            "Bad response to storage address=127.0.0.1 port=19103 ssl=0: wanted 2000 OK storage, got 2902 Bad storage",
        ),
        (
            lambda line: line.director.backup(),
            b"2902 Bad backup\n",
            "Bad response to backup FileIndex=0: wanted 2000 OK backup, got 2902 Bad backup",
        ),
        (
            lambda line: line.director.level(),
            b"2999 Invalid command\n",
            "Bad response to level = full  mtime_only=0: wanted 2000 OK level, got 2999 Invalid command",
        ),
        (
            lambda line: line.director.fileset(FILESET),
            b"2800 End Job TermCode=102 JobFiles=0 ReadBytes=0 JobBytes=0 Errors=1\n",
            "Bad response to fileset: wanted 2000 OK include, but the job ended",
        ),
    ],
)
def test_a_refusal(line: Line, step: Step, reply: bytes, text: str) -> None:
    line.fd.say(reply)
    with pytest.raises(OrderRefused) as raised:
        step(line)
    assert str(raised.value) == text


def test_the_end_of_a_job_that_came_instead_of_a_reply_is_not_lost(line: Line) -> None:
    line.fd.say(b"2800 End Job TermCode=102 JobFiles=0 ReadBytes=0 JobBytes=0 Errors=1\n")
    with pytest.raises(OrderRefused):
        line.director.level()
    assert line.director.end_job().status == 102


@pytest.mark.parametrize(
    "tail", [b"", b" VSS=1 Encrypt=0", b" VSS=0 Encrypt=0 CommBytes=94483 CompressCommBytes=93358"]
)
def test_the_three_forms_of_the_end(line: Line, tail: bytes) -> None:
    head = b"2800 End Job TermCode=84 JobFiles=20 ReadBytes=91650 JobBytes=91651 Errors=2"
    line.fd.say(HEARTBEAT, head + tail + b"\n")
    end = line.director.end_job()
    assert (end.status, end.files, end.read_bytes, end.job_bytes, end.errors) == (84, 20, 91650, 91651, 2)


def test_something_else_where_the_end_was_due(line: Line) -> None:
    line.fd.say(b"2000 OK backup\n")
    with pytest.raises(RemoteProtocolError, match="where the end of the job was due"):
        line.director.end_job()


def test_farewell_reads_the_last_messages(line: Line) -> None:
    line.fd.say(b"Jmsg JobId=7 type=6 level=1 lab-fd JobId 7: bye\n", TERMINATE)
    line.director.farewell()
    assert [message.text for message in line.seen] == ["lab-fd JobId 7: bye\n"]
    line.fd.hear(TERMINATE)


def test_farewell_from_a_file_daemon_that_has_gone(line: Line) -> None:
    line.fd.close()
    line.director.farewell()


def test_a_reply_after_the_end_is_an_error(line: Line) -> None:
    line.fd.say(b"2999 Invalid command\n")
    with pytest.raises(RemoteProtocolError, match="after the end of the job"):
        line.director.farewell()


def test_status(line: Line) -> None:
    done = line.start(line.director.status)
    line.fd.hear(b"status")
    line.fd.say(b"\n", b"lab-fd Version: 9.6.7\n\0", b"JobId 1 Job x is running.\n    Files=1\n\0", b"====\n\0", EOD)
    assert done.result() == ["", "lab-fd Version: 9.6.7", "JobId 1 Job x is running.", "    Files=1", "===="]


def test_packets_are_compressed_for_a_214(line: Line) -> None:
    hello = line.start(line.director.hello)
    line.greet(214)
    hello.result()
    line.start(lambda: line.director.fileset(FileSet((Block((b"/" + b"a" * 100,)),))))
    line.fd.hear(b"fileset vss=1\n", b"I\n")
    word: int = struct.unpack(">I", line.fd.exactly(4))[0]
    assert word & 0x40000000
    assert lz4.block.decompress(line.fd.exactly(word & 0x1FFFFFFF), uncompressed_size=1000) == b"F /" + b"a" * 100
    line.fd.hear(b"N\n", b"N\n", EOD)
    line.fd.say(b"2000 OK include\n")


def test_packets_are_plain_for_a_213(line: Line) -> None:
    hello = line.start(line.director.hello)
    line.greet(213)
    hello.result()
    line.start(lambda: line.director.fileset(FileSet((Block((b"/" + b"a" * 100,)),))))
    line.fd.hear(b"fileset vss=1\n", b"I\n", b"F /" + b"a" * 100, b"N\n", b"N\n", EOD)
    line.fd.say(b"2000 OK include\n")


def test_compression_can_be_switched_off(line: Line) -> None:
    line.director._compress = False
    hello = line.start(line.director.hello)
    line.greet(214)
    hello.result()
    assert not line.director.connection.compress


# What a caller of a File daemon may meet instead of a greeting


def test_a_wrong_password(line: Line) -> None:
    done = line.start(line.director.hello)
    line.fd.hear(b"Hello Director lab-dir calling 103\n")
    line.fd.say(b"auth cram-md5 <1.2@lab-fd> ssl=0\n")
    line.fd.next()
    line.fd.say(b"1999 Authorization failed.\n")
    with pytest.raises(AuthenticationError, match="rejected our password: it said b'1999 Authorization failed"):
        done.result()


def test_an_impostor_that_does_not_know_the_password(line: Line) -> None:
    done = line.start(line.director.hello)
    line.fd.hear(b"Hello Director lab-dir calling 103\n")
    line.fd.say(b"auth cram-md5 <1.2@lab-fd> ssl=0\n")
    line.fd.next()
    line.fd.say(b"1000 OK auth\n")
    line.fd.answer_challenge(b"guessed")
    line.fd.hear(b"1999 Authorization failed.\n")
    with pytest.raises(AuthenticationError, match="does not know the password"):
        done.result()


def test_an_unknown_director(line: Line) -> None:
    done = line.start(line.director.hello)
    line.fd.hear(b"Hello Director lab-dir calling 103\n")
    line.fd.say(b"hello.c:109 Connection from unknown Director lab-dir at 127.0.0.1 rejected.\n")
    line.fd.hear(b"1999 Authorization failed.\n")
    with pytest.raises(AuthenticationError, match=r"refused our Hello: it sent b'hello.c:109 Connection from unknown"):
        done.result()


def test_garbage(line: Line) -> None:
    line.fd.sock.sendall(b"HTTP/1.1 400 Bad Request\r\n")
    with pytest.raises(RemoteProtocolError, match="packet of 139744336 bytes announced"):
        line.director.hello()


def test_silence(line: Line) -> None:
    line.director.connection.timeout = 0.1
    with pytest.raises(PeerTimeout, match=r"waited in vain for an answer from File daemon .*; the time-out is 0.1 s"):
        line.director.hello()


@pytest.mark.parametrize("last", [b"", b"\0", b"\0\0\0\x20auth cram-md5"])
def test_closed_in_the_middle(line: Line, last: bytes) -> None:
    line.fd.sock.sendall(last)
    done = line.start(line.director.hello)
    line.fd.hear(b"Hello Director lab-dir calling 103\n")
    line.fd.close()
    with pytest.raises(PeerClosed, match="closed the connection"):
        done.result()


def test_a_silent_job_that_moves_is_not_given_up(line: Line) -> None:
    line.director.connection.timeout = 0.05
    moved = iter(range(4))
    line.director.activity = lambda: next(moved, "end")
    with pytest.raises(PeerTimeout):
        line.director.end_job()
    assert next(moved, None) is None
