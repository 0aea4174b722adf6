"""``fdsim backup`` and ``fdsim restore``, with our File daemon as a process."""

from __future__ import annotations

import json
import pty
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from fcntl import ioctl
from os import close, read
from pathlib import Path
from termios import TIOCSWINSZ

import pytest

from fdsim.cli.main import main
from fdsim.cli.own_fd import own_file_daemon

Run = Callable[..., int]


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[str], str]]:
    """The options that lead to a File daemon, and its password."""
    with own_file_daemon(tmp_path_factory.mktemp("fd"), 20.0) as target:
        options = ["--connect", f"{target.host}:{target.port}", "--director", target.director.name]
        yield options, target.director._password


@pytest.fixture
def run(connection: tuple[list[str], str], monkeypatch: pytest.MonkeyPatch) -> Run:
    options, password = connection
    monkeypatch.setenv("FDSIM_PASSWORD", password)
    return lambda command, *argv: main([command, *options, *map(str, argv)])


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "one").write_bytes(b"1" * 1000)
    (tree / "two").write_bytes(b"2" * 1000)
    return tree


def test_there_and_back(run: Run, tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive, where = tmp_path / "archive", tmp_path / "where"
    assert run("backup", "--include", tree, "--archive", archive) == 0
    out, err = capsys.readouterr()
    header, _, row, kept = out.splitlines()
    assert header.split() == ["step", "files", "bytes", "seconds", "MB/s", "errors", "result"]
    assert row.split()[:3] == ["backup", "3", "2,000"]
    assert row.split()[5:] == ["0", "OK"]
    assert kept == f"kept as job 1 in {archive}"
    assert err == ""
    assert run("restore", "--archive", archive, "--where", where) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[2].split()[:3] == ["restore", "3", "2,000"]
    assert (Path(f"{where}{tree}") / "one").read_bytes() == b"1" * 1000


def test_json(run: Run, tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = tmp_path / "archive"
    assert run("backup", "--include", tree, "--include", "/no/such/file", "--archive", archive, "--json") == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert result["job"].startswith("Backup.20")
    assert (result["step"], result["good"], result["status"], result["errors"]) == ("backup", True, "OK", 1)
    assert (result["files"], result["job_bytes"], result["archived_as"]) == (3, 2000, 1)
    assert (result["storage"]["files"], result["storage"]["status"]) == (3, "OK")
    (message,) = result["messages"]
    assert message["type"] == 8
    assert message["text"].endswith('Could not stat "/no/such/file": ERR=No such file or directory\n')
    assert 'Could not stat "/no/such/file"' in err


def test_messages_are_shown_as_they_come(run: Run, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "a\x1b[2Jb").mkdir()
    assert run("backup", "--include", f"{tree}/a\x1b[2Jb/missing") == 0
    out = capsys.readouterr().out
    # A name cannot drive the terminal.
    assert 'a\\x1b[2Jb/missing": ERR=No such file or directory' in out.splitlines()[0]
    assert "OK with warnings" in out
    assert out.splitlines()[-1] == "not kept: no --archive was given"


def test_exclude_and_signature(run: Run, tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = tmp_path / "archive"
    options = ["--exclude", tree / "two", "--signature", "SHA1", "--archive", archive]
    assert run("backup", "--include", tree, *options) == 0
    assert capsys.readouterr().out.splitlines()[2].split()[:3] == ["backup", "2", "1,000"]
    assert b"\0\0\0\x0a\0\0\0\x14" in (archive / "000001.records").read_bytes()


def test_which_job_and_what_to_replace(run: Run, tree: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    assert run("backup", "--include", tree, "--archive", archive) == 0
    (tree / "one").write_bytes(b"changed")
    assert run("backup", "--include", tree, "--archive", archive) == 0
    where = tmp_path / "where"
    restored = Path(f"{where}{tree}") / "one"
    assert run("restore", "--archive", archive, "--job", 1, "--where", where) == 0
    assert restored.read_bytes() == b"1" * 1000
    assert run("restore", "--archive", archive, "--where", where, "--replace", "never") == 0
    assert restored.read_bytes() == b"1" * 1000
    assert run("restore", "--archive", archive, "--where", where) == 0
    assert restored.read_bytes() == b"changed"


def test_a_failed_job(run: Run, tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = tmp_path / "archive"
    assert run("backup", "--include", tree, "--archive", archive) == 0
    path = archive / "000001.records"
    path.write_bytes(path.read_bytes()[:-1])
    assert run("restore", "--archive", archive, "--where", tmp_path / "where") == 1
    out = capsys.readouterr().out
    assert "fatal error" in out
    assert f"Storage daemon: fatal error: {path} is truncated" in out


def test_wrong_archives(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("restore", "--archive", tmp_path / "none", "--where", "/") == 2
    assert f"there is no archive {tmp_path}/none: make one with fdsim backup --archive" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
    assert run("restore", "--archive", tmp_path, "--where", "/") == 2
    assert capsys.readouterr().err == f"fdsim: {tmp_path}: the archive is empty\n"
    assert run("restore", "--archive", tmp_path, "--job", 3, "--where", "/") == 2
    assert capsys.readouterr().err == f"fdsim: {tmp_path}: no job 3; there are: none\n"


def test_the_password_is_never_shown(
    connection: tuple[list[str], str], run: Run, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("backup", "--include", tree, "--password", "wr0ng") == 3
    out, err = capsys.readouterr()
    assert err.startswith("fdsim: File daemon at 127.0.0.1:")
    assert "rejected our password" in err
    assert "wr0ng" not in out + err
    assert connection[1] not in out + err


def test_progress_on_a_terminal(connection: tuple[list[str], str], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 1_000_000)
    options, password = connection
    terminal, its_end = pty.openpty()
    ioctl(its_end, TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-m", "fdsim", "backup", *options, "--password", password]
    try:
        subprocess.run(
            [*command, "--include", str(tmp_path / "file")],
            stdout=subprocess.DEVNULL,
            stderr=its_end,
            check=True,
            timeout=60,
        )
        assert read(terminal, 10_000).lstrip(b"\r").startswith(b"Backup: 0.00B [00:00, ?B/s]")
    finally:
        close(its_end)
        close(terminal)
