"""The command as a whole: its exit statuses and its one line for each error."""

from __future__ import annotations

import argparse
import errno
import subprocess
import sys
from pathlib import Path

import pytest

from fdsim import __version__
from fdsim.cli import backup, restore
from fdsim.cli.exits import UsageError
from fdsim.cli.main import main
from fdsim.config.errors import ConfigError, Place
from fdsim.net.errors import AuthenticationError, PeerTimeout
from fdsim.stored.errors import ArchiveError
from fdsim.wire.errors import LocalProtocolError, RemoteProtocolError

BACKUP = ["backup", "--connect", "127.0.0.1:1", "--director", "d", "--password", "p", "--include", "/etc"]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"fdsim {__version__}\n"


def test_help_tells_the_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "0 fine; 1 the job did not end well, or trees differ; 2 wrong usage or configuration" in text
    assert "3 network or protocol failure; 130 interrupted" in text


@pytest.mark.parametrize("argv", [[], ["nonsense"], ["backup"], ["restore", "--where", "/"], ["roundtrip"]])
def test_wrong_usage(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert "usage: fdsim" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (UsageError("do it otherwise"), 2, "do it otherwise"),
        (ConfigError(Place("bacula-fd.conf", 3), "no such directive"), 2, "bacula-fd.conf:3: no such directive"),
        (ArchiveError("000001.records is truncated"), 2, "000001.records is truncated"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/x"), 2, "/x: No such file"),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "No space left on device"),
        (AuthenticationError("rejected"), 3, "rejected"),
        (PeerTimeout("in\n vain"), 3, "in vain"),
        (RemoteProtocolError("what is that"), 3, "what is that"),
        (LocalProtocolError("cannot be sent"), 3, "cannot be sent"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_errors_are_one_line_and_a_status(
    error: BaseException,
    status: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(backup, "run", fail)
    assert main(BACKUP) == status
    assert capsys.readouterr() == ("", f"fdsim: {line}\n")


def test_a_fault_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: argparse.Namespace) -> int:
        raise RuntimeError("bug")

    monkeypatch.setattr(restore, "run", fail)
    with pytest.raises(RuntimeError, match="bug"):
        main(["restore", *BACKUP[1:-2], "--archive", "x", "--where", "/"])


def test_nobody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(BACKUP) == 3
    assert capsys.readouterr().err == (
        "fdsim: cannot connect to the File daemon at 127.0.0.1:1: Connection refused. "
        "Is it running, and are address and port right?\n"
    )


def test_as_a_module(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fdsim", "--version"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout == f"fdsim {__version__}\n"
