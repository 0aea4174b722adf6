"""Each order and its answer, to the letter."""

from collections.abc import Callable, Iterator

import pytest

from fdsim.filed.daemon import FileDaemon
from fdsim.tests.filed.peers import JOB, JOB_OK, PASSWORD, let_in, log_in, storage
from fdsim.tests.scripted import EOD, HEARTBEAT, TERMINATE, Scripted
from fdsim.wire import cram

Start = Callable[..., FileDaemon]


@pytest.fixture
def director(start: Start) -> Iterator[Scripted]:
    with Scripted.connect(start().port) as peer:
        log_in(peer)
        yield peer


@pytest.fixture
def job(director: Scripted) -> Scripted:
    director.say(JOB)
    director.hear(JOB_OK)
    return director


def end(status: int, errors: int = 0) -> bytes:
    return (
        b"2800 End Job TermCode=%d JobFiles=0 ReadBytes=0 JobBytes=0 Errors=%d VSS=0 Encrypt=0 "
        b"CommBytes=0 CompressCommBytes=0\n" % (status, errors)
    )


def texts(frames: list[bytes | int]) -> list[bytes]:
    """The texts of job messages, without time; other frames as they are."""
    return [
        frame.partition(b" level=")[2].partition(b" ")[2] if frame.startswith(b"Jmsg JobId=7 ") else frame
        for frame in frames
        if isinstance(frame, bytes)
    ]


def test_a_session_without_a_job_ends_without_a_report(director: Scripted) -> None:
    director.say(TERMINATE)
    assert director.receive_all() == [TERMINATE]


@pytest.mark.parametrize("signal", [EOD, HEARTBEAT, -99])
def test_any_signal_ends_the_session(job: Scripted, signal: int) -> None:
    job.say(signal)
    assert job.receive_all() == [end(67), TERMINATE]


def test_an_empty_packet_ends_the_session(job: Scripted) -> None:
    job.say(b"")
    assert job.receive_all() == [end(67), TERMINATE]


@pytest.mark.parametrize("frame", [b"\x0f\xff\xff\xff", b"\x40\x00\x00\x04\xff\xff\xff\xff"])
def test_a_packet_too_long_or_damaged_ends_the_session_without_a_word(job: Scripted, frame: bytes) -> None:
    job.sock.sendall(frame)
    assert job.receive_all() == []


def test_a_command_of_deduplication_ends_the_session(job: Scripted) -> None:
    job.sock.sendall(b"\x20\x00\x00\x06\x10\x00\x00\x00status")
    assert job.receive_all() == [end(67), TERMINATE]


def test_a_second_storage_needs_a_key_of_its_own(job: Scripted) -> None:
    def script(peer: Scripted) -> None:
        let_in(peer)
        peer.hear(TERMINATE)

    with storage(script) as port:
        job.say(b"storage address=127.0.0.1 port=%d ssl=0\n" % port)
        job.hear(b"2000 OK storage\n")
        job.say(b"storage address=127.0.0.1 port=%d ssl=0\n" % port)
        said = texts(job.receive_all())
    assert said[0].startswith(b"test-fd JobId 7: Fatal error: There is no session key for the Storage daemon")
    assert said[1] == b"2902 Bad storage\n"


@pytest.mark.parametrize("where", [b"127.0.0.1 port=99999", b"a..b port=9103", b"127.0.0.1 port=-5"])
def test_a_storage_daemon_that_cannot_be_anywhere(job: Scripted, where: bytes) -> None:
    job.say(b"storage address=" + where + b" ssl=0\n")
    assert texts(job.receive_all())[1] == b"2902 Bad storage\n"


def test_going_on_with_an_incomplete_job_is_refused(job: Scripted) -> None:
    job.say(b"backup FileIndex=5\n")
    assert texts(job.receive_all())[1:] == [b"2902 Bad backup\n", end(102, 1)]


def test_an_unknown_order_ends_the_session(job: Scripted) -> None:
    job.say(b"levitate\n")
    assert job.receive_all() == [b"2999 Invalid command\n", end(67), TERMINATE]


def test_a_bad_job_line_is_quoted(director: Scripted) -> None:
    director.say(b"JobId=x nonsense\n")
    assert director.receive_all() == [b"Bad Job Command: JobId=x nonsense\n", b"2901 Bad Job\n", TERMINATE]


@pytest.mark.parametrize("order", [b"level = full  mtime_only=0 \n", b"level = base  mtime_only=0 \n", b"level = FULL"])
def test_levels(job: Scripted, order: bytes) -> None:
    job.say(order)
    job.hear(b"2000 OK level\n")


def test_an_unknown_level_is_fatal(job: Scripted) -> None:
    job.say(b"level = weird  mtime_only=0 \n")
    assert texts(job.receive_all()) == [
        b"test-fd JobId 7: Fatal error: job.c:2015 Unknown backup level: weird\n",
        end(102, 1),
    ]


def test_a_fileset_is_accepted(job: Scripted) -> None:
    job.say(b"fileset vss=1\n", b"I\n", b"O M\n", b"N\n", b"F /a", b"N\n", b"N\n", EOD)
    job.hear(b"2000 OK include\n")


def test_a_second_fileset_ends_the_session_without_a_word(job: Scripted) -> None:
    job.say(b"fileset\n", EOD)
    job.hear(b"2000 OK include\n")
    job.say(b"fileset\n")
    assert job.receive_all() == [end(67), TERMINATE]


def test_an_unknown_line_makes_the_fileset_fail(job: Scripted) -> None:
    job.say(b"fileset vss=1\n", b"I\n", b"what\n", b"F /a", EOD)
    assert texts(job.receive_all()) == [
        b"test-fd JobId 7: Fatal error: Invalid FileSet command: what\n",
        end(102, 1),
    ]


def test_an_unknown_letter_is_an_error_and_the_job_goes_on(job: Scripted) -> None:
    job.say(b"fileset vss=1\n", b"I\n", b"O Mz\n", b"N\n", b"N\n", EOD)
    message = job.receive()
    assert isinstance(message, bytes)
    assert message.startswith(b"Jmsg JobId=7 type=4 level=")
    assert message.endswith(b" test-fd JobId 7: Error: job.c:1845 Unknown include/exclude option: z\n")
    job.hear(b"2000 OK include\n")


@pytest.mark.parametrize(
    "line", [b"O Me\n", b"W *.gz\n", b"RF x\n", b"F |date", b"F </list", b"P bpipe:x", b"Z .nobackup\n"]
)
def test_a_rule_that_is_not_supported_fails_the_job_instead_of_being_left_out(job: Scripted, line: bytes) -> None:
    job.say(b"fileset vss=1\n", b"I\n", line, EOD)
    [message, report] = texts(job.receive_all())
    assert b"Fatal error: This version of the client does not support " in message
    assert report == end(102, 1)


def test_an_option_without_effect_is_a_warning(job: Scripted) -> None:
    job.say(b"fileset vss=1\n", b"I\n", b"O MZ6\n", b"N\n", b"N\n", EOD)
    message = job.receive()
    assert isinstance(message, bytes)
    assert b" type=5 " in message
    assert b"Warning: Option Z (compression) has no effect" in message
    job.hear(b"2000 OK include\n")


def test_a_backup_without_a_storage_daemon(job: Scripted) -> None:
    job.say(b"backup FileIndex=0\n")
    assert texts(job.receive_all()) == [
        b"test-fd JobId 7: Fatal error: Cannot contact Storage daemon\n",
        b"2902 Bad backup\n",
        end(102, 1),
    ]


def test_a_restore_without_a_storage_daemon(job: Scripted) -> None:
    job.say(b"restore files=1 replace=a prelinks=0 where=\n")
    assert texts(job.receive_all()) == [
        b"2000 OK restore\n",
        b"test-fd JobId 7: Fatal error: Improper calling sequence.\n",
        end(102, 1),
    ]


@pytest.mark.parametrize("order", [b"restore nonsense\n", b"restore files=1 replace=x prelinks=0 where=/\n"])
def test_a_bad_restore_line(job: Scripted, order: bytes) -> None:
    job.say(order)
    assert texts(job.receive_all()) == [
        b"test-fd JobId 7: Fatal error: Bad replace command. CMD=" + order + b"\n",
        end(102, 1),
    ]


def test_a_bad_storage_line(job: Scripted) -> None:
    job.say(b"storage nonsense\n")
    assert texts(job.receive_all()) == [
        b"test-fd JobId 7: Fatal error: Bad storage command: storage nonsense\n",
        b"2902 Bad storage\n",
        end(102, 1),
    ]


def test_endrestore_alone_leaves_the_job_as_it_was(job: Scripted) -> None:
    job.say(b"endrestore")
    assert job.receive_all() == [end(67), TERMINATE]


def test_status_ends_each_line_with_a_nul(director: Scripted) -> None:
    director.say(b"status")
    director.hear(b"\n")
    lines = []
    while (frame := director.receive()) != EOD:
        assert isinstance(frame, bytes)
        lines.append(frame)
    assert lines[0] == b"test-fd Version: 9.6.7 (10 December 2020)  x86_64-pc-linux-gnu debian bookworm/sid\n\0"
    assert all(line.endswith(b"\n\0") for line in lines)
    assert b"\nRunning Jobs:\n\0" in lines
    assert b"\nTerminated Jobs:\n\0" in lines


def test_a_monitor_may_only_look(start: Start) -> None:
    with Scripted.connect(start().port) as peer:
        key = cram.secret_of(PASSWORD)
        peer.say(b"Hello Director monitor-dir calling 0\n")
        peer.answer_challenge(key)
        peer.hear(b"1000 OK auth\n")
        peer.challenge(key)
        peer.hear(b"2000 OK Hello 214\n")
        peer.say(JOB)
        peer.hear(b"2997 Invalid command for a Director with Monitor directive enabled.\n", EOD)
        peer.say(b"status")
        peer.hear(b"\n")


def test_a_running_job_shows_in_status(start: Start) -> None:
    daemon = start()
    with Scripted.connect(daemon.port) as busy, Scripted.connect(daemon.port) as asking:
        log_in(busy)
        busy.say(JOB)
        busy.hear(JOB_OK)
        log_in(asking)
        asking.say(b"status")
        text = b""
        while (frame := asking.receive()) != EOD:
            assert isinstance(frame, bytes)
            text += frame
        assert b"JobId 7 Job Test.2026-11-24_12.00.00_03 is running.\n" in text


def test_stopping_breaks_off_a_session_that_waits(start: Start) -> None:
    daemon = start()
    with Scripted.connect(daemon.port) as peer:
        log_in(peer)
        assert daemon.stop(2.0)
        assert peer.receive_all() == []
