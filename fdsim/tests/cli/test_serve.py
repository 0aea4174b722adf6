"""``fdsim serve fd`` as a process: how it starts, how it ends, and what it says when it can't."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fdsim.tests.filed.peers import JOB, JOB_OK, let_in, log_in, storage
from fdsim.tests.scripted import EOD, TERMINATE, Scripted

CONFIGURATION = """
Director {{ Name = test-dir; Password = "secret" }}
FileDaemon {{
  Name = test-fd
  FDAddress = 127.0.0.1
  WorkingDirectory = {directory}
  Pid Directory = {directory}
  {more}
}}
Messages {{ Name = Standard; director = test-dir = all, !skipped, !restored }}
"""


def write(directory: Path, more: str = "") -> Path:
    file = directory / "bacula-fd.conf"
    file.write_text(CONFIGURATION.format(directory=directory, more=more))
    return file


def command(file: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "fdsim", "serve", "fd", "-c", str(file), *options]


@contextmanager
def running(file: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with subprocess.Popen(command(file, *options), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            line = process.stderr.readline()
            while line and not line.startswith("listening on "):
                line = process.stderr.readline()
            match = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)
            assert match is not None, line
            yield process, int(match[1])
        finally:
            process.kill()


def failed(file: Path, *options: str) -> tuple[int, str]:
    """Exit status and words of a daemon that does not start."""
    done = subprocess.run(command(file, *options), capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_ends_when_told(tmp_path: Path, number: signal.Signals) -> None:
    with running(write(tmp_path), "--port", "0") as (process, port):
        with Scripted.connect(port) as peer:
            peer.say(b"Ping")
            peer.hear(b"2000 Ping OK\n")
        process.send_signal(number)
        assert process.wait(10) == 0


def test_an_idle_session_does_not_keep_it(tmp_path: Path) -> None:
    with running(write(tmp_path), "--port", "0") as (process, port), Scripted.connect(port) as peer:
        log_in(peer)
        process.terminate()
        assert process.wait(10) == 0
        assert peer.receive_all() == []


def test_a_job_in_work_is_broken_off_and_reported(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(3):
        (source / f"big-{number}").write_bytes(bytes(8 << 20))

    def script(peer: Scripted) -> None:
        let_in(peer)
        peer.hear(b"append open session\n")
        peer.say(b"3000 OK open ticket = 1\n")
        peer.hear(b"append data 1\n")
        peer.say(b"3000 OK data\n")
        peer.receive()
        process.terminate()
        while peer.receive() is not None:
            pass

    with (
        running(write(tmp_path), "--port", "0") as (process, port),
        storage(script) as sd,
        Scripted.connect(port) as peer,
    ):
        log_in(peer)
        peer.say(JOB, b"fileset\n", b"I\n", b"F " + bytes(source), EOD)
        peer.hear(JOB_OK, b"2000 OK include\n")
        peer.say(b"storage address=127.0.0.1 port=%d ssl=0\n" % sd, b"backup\n")
        frames = peer.receive_all()
        assert process.wait(20) == 0
    text = b"".join(frame for frame in frames if isinstance(frame, bytes))
    assert b"Fatal error: The File daemon is shutting down\n" in text
    assert b"2800 End Job TermCode=102 " in text
    assert frames[-1] == TERMINATE


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, words = failed(write(tmp_path, f"FDPort = {port}"))
    assert status == 2
    assert words == f"fdsim: cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_a_directive_that_nobody_knows(tmp_path: Path) -> None:
    file = write(tmp_path, "Maximum Concurrent Job = 3")
    status, words = failed(file)
    assert status == 2
    assert words.startswith(f"fdsim: {file}:8: ")
    assert "Maximum Concurrent Jobs" in words or "MaximumConcurrentJobs" in words


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    status, words = failed(tmp_path / "absent.conf")
    assert status == 2
    assert "absent.conf" in words
    assert "No such file or directory" in words


def test_what_has_no_effect_is_said(tmp_path: Path) -> None:
    file = write(tmp_path, "Maximum Bandwidth Per Job = 5 mb/s")
    with subprocess.Popen(command(file, "--port", "0"), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        process.terminate()
        process.wait(10)
    assert "WARNING" in line
    assert f"{file}:8" in line
    assert "Maximum" in line
