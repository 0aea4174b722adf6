"""Our mocks at the other end of the real File daemon, from the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fdsim.cli.main import main
from fdsim.files.tree import compare
from fdsim.files.tree_model import BACULA
from fdsim.oracles.daemons import file_daemon
from fdsim.oracles.installation import Installation
from fdsim.oracles.ports import Endpoint, reserved_endpoints
from fdsim.oracles.settings import Options, Passwords
from fdsim.stored.archive import Archive
from fdsim.tests.oracles.trees import make_special_tree
from fdsim.wire.attributes import Attributes
from fdsim.wire.streams import Stream

pytestmark = [pytest.mark.oracle, pytest.mark.root]

PASSWORD = "the password of the lab"
KEPT = replace(BACULA, acls=False, xattrs=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("source") / "tree"
    make_special_tree(root)
    return root


@pytest.fixture(scope="module", params=[True, False], ids=["compressed", "plain"])
def endpoint(
    bacula96: Installation, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Endpoint]:
    options = Options(passwords=Passwords(fd=PASSWORD), fd_compression=request.param)
    directory = tmp_path_factory.mktemp("fd") / "real"
    with reserved_endpoints(1) as (at,), file_daemon(bacula96.file_daemon, directory, at, options):
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


def test_the_records_are_those_that_the_documents_say(endpoint: Endpoint, tree: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    save = ["backup", *target(endpoint), "--include", str(tree / "regular"), "--include", str(tree / "symlink")]
    assert main([*save, "--archive", str(archive)]) == 0
    records = [
        (record.file_index, record.stream, record.payload) for record in Archive(archive).latest().open_records()
    ]
    first, second = Attributes.parse(records[0][2]), Attributes.parse(records[3][2])
    assert [(record.file_index, record.stream) for record in records] == [(1, 1), (1, 2), (1, 3), (2, 1)]
    assert (first.file_index, first.type, first.name, first.link) == (1, 3, bytes(tree / "regular"), b"")
    assert first.status.size == 6
    assert first.status.data_stream == Stream.FILE_DATA
    assert records[0][2].count(b"\0") == 5
    assert records[1][2] == b"fdsim\n"
    # The MD5 of these six bytes.
    assert records[2][2] == bytes.fromhex("43ac445249381243f2b373e82f0af348")
    assert (second.type, second.link) == (4, b"regular")


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
