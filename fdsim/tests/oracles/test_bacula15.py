from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fdsim.oracles import bacula15
from fdsim.oracles.errors import OracleMissing
from fdsim.oracles.installation import Installation, version_of


def make_command(directory: Path, name: str, script: str) -> None:
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(f"#!/bin/sh\n{script}\n")
    (directory / name).chmod(0o755)


@pytest.mark.oracle
def test_recipe_unpacks_the_release_once(
    obtained: Callable[[Callable[[], Installation]], Installation],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    directory = tmp_path / "new" / "a b"

    unpacked = obtained(lambda: bacula15.unpack(directory))

    assert unpacked.version.startswith("15.0.")
    assert version_of(unpacked.file) == version_of(unpacked.bls) == version_of(unpacked.console) == unpacked.version
    assert [path.name for path in directory.parent.iterdir()] == ["a b"]
    monkeypatch.setenv("PATH", "/nowhere")
    assert bacula15.main([str(directory)]) == 0
    assert capsys.readouterr().out == f"Bacula {unpacked.version} is in {directory}\n"


def test_directory_with_something_else_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "precious").touch()

    assert bacula15.main([str(tmp_path)]) == 1

    error = capsys.readouterr().err
    assert error.startswith(
        f"error: {tmp_path} exists and is not whole; remove it or name another one (Bacula 15.0: no "
    )
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bacula15, "_KEYRING", tmp_path / "keyring.gpg")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    (tmp_path / "keyring.gpg").touch()
    return tmp_path / "keyring.gpg"


def failure(tmp_path: Path) -> str:
    with pytest.raises(OracleMissing) as missing:
        bacula15.unpack(tmp_path / "b15")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("b15")]
    return str(missing.value)


def test_host_without_keyring(keyring: Path, tmp_path: Path) -> None:
    keyring.unlink()

    assert failure(tmp_path) == (
        f"Bacula 15.0: {keyring} is missing; to install it: apt-get install debian-archive-keyring"
    )


def test_host_without_apt(keyring: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert keyring.exists()
    monkeypatch.setenv("PATH", "/nowhere")

    assert failure(tmp_path) == "Bacula 15.0: apt-get is missing; the recipe takes a Debian host"


def test_host_without_mirror(keyring: Path, tmp_path: Path) -> None:
    assert keyring.exists()
    make_command(tmp_path / "bin", "apt-get", "exit 0")

    assert failure(tmp_path) == (
        "Bacula 15.0: apt knows no Debian mirror; it takes a Debian host, and apt-get update once"
    )


def test_mirror_that_cannot_be_reached(keyring: Path, tmp_path: Path) -> None:
    assert keyring.exists()
    make_command(
        tmp_path / "bin",
        "apt-get",
        'case "$*" in indextargets*) echo http://mirror/debian;; *update) echo "E: unreachable" >&2; exit 100;; esac',
    )

    assert failure(tmp_path) == "Bacula 15.0: apt-get update failed: E: unreachable"
