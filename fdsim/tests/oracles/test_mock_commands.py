"""``fdsim backup`` and ``fdsim restore`` with the real File daemon and ours: their words and exit statuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fdsim.cli.main import main
from fdsim.files.tree import compare
from fdsim.files.tree_model import BACULA
from fdsim.oracles.daemons import file_daemon
from fdsim.oracles.installation import Command, Installation
from fdsim.oracles.ports import Endpoint, reserved_endpoints
from fdsim.oracles.settings import Options, Passwords
from fdsim.tests.oracles.trees import make_special_tree

pytestmark = [pytest.mark.oracle, pytest.mark.root]

OURS = Command((sys.executable, "-m", "fdsim", "serve", "fd"))
PASSWORD = "the password of the lab"
KEPT = replace(BACULA, acls=False, xattrs=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("source") / "tree"
    make_special_tree(root)
    return root


@pytest.fixture(
    scope="module", params=[("real", True), ("real", False), ("ours", True)], ids=["real", "real-plain", "ours"]
)
def endpoint(
    bacula96: Installation, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Endpoint]:
    which, compression = request.param
    options = Options(passwords=Passwords(fd=PASSWORD), fd_compression=compression)
    directory = tmp_path_factory.mktemp("fd") / which
    command = bacula96.file_daemon if which == "real" else OURS
    with reserved_endpoints(1) as (at,), file_daemon(command, directory, at, options):
        yield at


def target(endpoint: Endpoint, password: str = PASSWORD, director: str = "lab-dir") -> list[str]:
    return ["--connect", f"{endpoint.host}:{endpoint.port}", "--director", director, "--password", password]


@pytest.mark.parametrize("signature", ["MD5", "SHA512", "none"])
def test_the_real_file_daemon_saves_and_restores(
    endpoint: Endpoint, tree: Path, tmp_path: Path, signature: str, capsys: pytest.CaptureFixture[str]
) -> None:
    archive, where = str(tmp_path / "archive"), tmp_path / "restored"
    save = ["backup", *target(endpoint), "--include", str(tree), "--signature", signature, "--archive", archive]
    assert main([*save, "--json"]) == 0
    backup = json.loads(capsys.readouterr().out)
    assert main(["restore", *target(endpoint), "--archive", archive, "--where", str(where), "--json"]) == 0
    restore = json.loads(capsys.readouterr().out)
    assert backup["files"] == restore["files"] > 20
    assert backup["errors"] == restore["errors"] == 0
    assert list(compare(bytes(tree), bytes(where) + bytes(tree), profile=KEPT)) == []


@pytest.mark.parametrize(
    ("password", "director", "words"),
    [
        ("wrong", "lab-dir", "rejected our password: it said b'1999 Authorization failed.\\n'"),
        (PASSWORD, "stranger", "Connection from unknown Director stranger at 127.0.0.1 rejected."),
    ],
)
def test_a_refusal_is_told_and_has_its_exit_status(
    endpoint: Endpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str], password: str, director: str, words: str
) -> None:
    arguments = ["backup", *target(endpoint, password, director), "--include", "/etc/hostname"]
    assert main([*arguments, "--archive", str(tmp_path / "archive")]) == 3
    assert words in capsys.readouterr().err
    assert not list((tmp_path / "archive").glob("*.json"))


def test_a_missing_file_is_a_message_and_the_job_is_good(
    endpoint: Endpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "missing"
    arguments = ["backup", *target(endpoint), "--include", str(missing), "--include", os.devnull]
    status = main([*arguments, "--archive", str(tmp_path / "archive")])
    output = capsys.readouterr().out
    assert status == 0
    assert f'Could not stat "{missing}": ERR=No such file or directory' in output


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system that has room for a megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["/bin/umount", str(place)], check=True)


def test_an_archive_on_a_full_disk(
    endpoint: Endpoint, tmp_path: Path, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "big").write_bytes(os.urandom(3 << 20))
    arguments = ["backup", *target(endpoint), "--include", str(tmp_path / "big")]
    assert main([*arguments, "--archive", str(small_disk / "archive")]) == 1
    output = capsys.readouterr()
    assert "No space left on device" in output.out + output.err
    assert not list((small_disk / "archive").iterdir())


def test_a_restore_onto_a_full_disk(
    endpoint: Endpoint, tmp_path: Path, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "big").write_bytes(os.urandom(3 << 20))
    archive = str(tmp_path / "archive")
    assert main(["backup", *target(endpoint), "--include", str(tmp_path / "big"), "--archive", archive]) == 0
    assert main(["restore", *target(endpoint), "--archive", archive, "--where", str(small_disk)]) == 1
    output = capsys.readouterr().out
    assert "Error: restore.c:1390 Write error at byte=1048576 block=17 write_len=65536 lerror=0 on " in output
    assert f"{tmp_path}/big: ERR=No space left on device" in output
