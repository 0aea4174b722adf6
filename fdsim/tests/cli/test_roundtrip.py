"""``fdsim roundtrip``: the whole way with our own three daemons."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fdsim.cli import mocks, own_fd, roundtrip
from fdsim.cli.main import main
from fdsim.cli.mocks import Report


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "below").mkdir(parents=True)
    (tree / "regular").write_bytes(b"x" * 100_000)
    (tree / "empty").touch()
    (tree / "below" / "hard").hardlink_to(tree / "regular")
    (tree / "symlink").symlink_to("/nowhere")
    os.mkfifo(tree / "fifo")
    Path(os.fsdecode(bytes(tree) + b"/latin-1-\xe9")).write_bytes(b"1")
    return tree


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary directories are made."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    return scratch


def test_everything_comes_back(
    tree: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket(socket.AF_UNIX) as endpoint:
        monkeypatch.chdir(tree)  # the whole path may be too long for an address
        endpoint.bind("socket")
    threads = threading.active_count()
    assert main(["roundtrip", str(tree)]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert [line.split()[:3] for line in lines[2:5]] == [
        ["backup", "8", "100,001"],
        ["restore", "8", "100,001"],
        ["compare", "9", "100,001"],
    ]
    assert [line.split()[-1] for line in lines[2:5]] == ["OK", "OK", "equal"]
    assert "1 socket not compared: Bacula does not save them" in lines
    assert lines[-1] == f"everything came back of {tree}"
    assert err == ""
    assert list(scratch.iterdir()) == []
    assert threading.active_count() == threads


def test_json_and_keep(tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep = tmp_path / "keep"
    assert main(["roundtrip", str(tree), "--json", "--keep", str(keep), "--signature", "SHA512"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["good"] is True
    assert [job["step"] for job in result["jobs"]] == ["backup", "restore"]
    assert (result["comparison"]["entries"], result["comparison"]["count"]) == (8, 0)
    assert sorted(path.name for path in keep.iterdir()) == ["archive", "fd", "restored"]
    assert Path(f"{keep}/restored{tree}/regular").read_bytes() == b"x" * 100_000
    assert (keep / "fd" / "bacula-fd.conf").stat().st_mode & 0o777 == 0o600


def damage(change: Callable[[Path], object]) -> Callable[..., Report]:
    """A restore after which something is changed in what was restored."""

    def restore(*arguments: Any) -> Report:
        report = mocks.run_restore(*arguments)
        change(Path(os.fsdecode(arguments[3] + arguments[2].roots[0])))
        return report

    return restore


@pytest.mark.parametrize(
    ("change", "aspect"),
    [
        (lambda root: (root / "regular").write_bytes(b"y" * 100_000), "contents"),
        (lambda root: (root / "empty").unlink(), "presence"),
        (lambda root: (root / "empty").chmod(0o777), "mode"),
    ],
)
def test_differences_are_told(
    tree: Path,
    change: Callable[[Path], object],
    aspect: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(roundtrip, "run_restore", damage(change))
    assert main(["roundtrip", str(tree)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[4].split()[-1] == "different"
    assert any(aspect in line for line in lines[5:])
    assert lines[-1] == f"NOT everything came back of {tree}"


def test_a_damaged_archive_ends_the_way(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def backup(*arguments: Any) -> Report:
        report = mocks.run_backup(*arguments)
        path = arguments[1].directory / "000001.records"
        path.write_bytes(path.read_bytes()[:100])
        return report

    monkeypatch.setattr(roundtrip, "run_backup", backup)
    assert main(["roundtrip", str(tree)]) == 1
    out = capsys.readouterr().out
    assert "is truncated: it has 100 bytes" in out
    assert "compare" not in out


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["{tmp}/none"], "{tmp}/none is no directory"),
        (["{tree}", "--keep", "{tree}/below"], "{tree}/below is not empty: --keep wants a new or an empty directory"),
        (["{tree}", "--keep", "{tree}/new"], "{tree}/new, where the work is done, lies below {tree}"),
        (["{tmp}"], "{tmp}/scratch/fdsim-roundtrip-"),
    ],
)
def test_what_cannot_be_done(
    tree: Path, tmp_path: Path, argv: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"tmp": tmp_path, "tree": tree}
    assert main(["roundtrip", *(text.format(**names) for text in argv)]) == 2
    assert capsys.readouterr().err.startswith("fdsim: " + line.format(**names))


def test_a_file_daemon_that_does_not_start(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho out of order >&2\nexit 7\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    assert main(["roundtrip", str(tree)]) == 3
    assert capsys.readouterr().err == (
        "our File daemon ended with the status 7 and said:\nout of order\n"
        "fdsim: our File daemon ended before it was ready\n"
    )


def test_a_file_daemon_that_is_never_ready(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    idle = tmp_path / "idle"
    idle.write_text("#!/bin/sh\nexec sleep 60\n")
    idle.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(idle))
    monkeypatch.setattr(own_fd, "_START", 0.2)
    assert main(["roundtrip", str(tree)]) == 3
    assert "fdsim: our File daemon was not ready within 0.2 s" in capsys.readouterr().err


def test_an_interrupt_leaves_nothing(tmp_path: Path, scratch: Path) -> None:
    tree = tmp_path / "big"
    tree.mkdir()
    # Holes: much to read for the File daemon, nothing on disk.
    with (tree / "file").open("wb") as file:
        file.truncate(1 << 34)
    with subprocess.Popen(
        [sys.executable, "-m", "fdsim", "roundtrip", str(tree)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch)},
        start_new_session=True,
    ) as process:
        while not list(scratch.glob("*/archive/*.part")):
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err.splitlines()[-1]) == (130, "fdsim: interrupted")
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)
    assert list(scratch.iterdir()) == []
