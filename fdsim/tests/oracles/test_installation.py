from __future__ import annotations

from pathlib import Path

import pytest

from fdsim.oracles import installation
from fdsim.oracles.errors import OracleMissing
from fdsim.oracles.installation import Command, find_bacula15, find_bacula96, unpack_directory, version_of

PROGRAMS = ("bacula-dir", "bacula-sd", "bacula-fd", "bconsole", "bls", "bextract")


def make_program(file: Path, version: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    # The real ones write this to either output, and end with status 1.
    file.write_text(f"#!/bin/sh\n[ \"$1\" = '-?' ] && printf '\\nVersion: {version} (1 April 2020)\\n' >&2\nexit 1\n")
    file.chmod(0o755)


def make_installation(programs: Path, scripts: Path, version: str) -> None:
    for program in PROGRAMS:
        make_program(programs / program, version)
    scripts.mkdir(parents=True)
    (scripts / "make_sqlite3_tables").touch()


@pytest.fixture
def bare_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system without Bacula, whose scripts would lie in the directory that this returns."""
    monkeypatch.setattr(installation, "_SYSTEM_PROGRAMS", ())
    monkeypatch.setattr(installation, "_SYSTEM_SCRIPTS", (str(tmp_path / "scripts"),))
    return tmp_path / "scripts"


def test_bacula96_in_path(tmp_path: Path, bare_system: Path) -> None:
    make_installation(tmp_path / "sbin", bare_system, "9.6.7")

    found = find_bacula96({"PATH": f"/nowhere:{tmp_path / 'sbin'}"})

    assert (found.version, found.knows_tls_psk) == ("9.6.7", False)
    assert found.director == tmp_path / "sbin/bacula-dir"
    assert found.file_daemon == Command((str(tmp_path / "sbin/bacula-fd"), "-f"), knows_tls_psk=False)
    assert found.tables == bare_system / "make_sqlite3_tables"


def test_missing_programs_are_named_with_the_way_to_install_them(tmp_path: Path, bare_system: Path) -> None:
    make_installation(tmp_path / "sbin", bare_system, "9.6.7")
    (tmp_path / "sbin/bacula-sd").unlink()
    (tmp_path / "sbin/bls").unlink()

    with pytest.raises(OracleMissing) as missing:
        find_bacula96({"PATH": str(tmp_path / "sbin")})

    assert str(missing.value).startswith("Bacula 9.6: no bacula-sd, bls in PATH and ")
    assert "; to install it: apt-get install --no-install-recommends bacula-director " in str(missing.value)


def test_missing_script_is_named(tmp_path: Path, bare_system: Path) -> None:
    make_installation(tmp_path / "sbin", bare_system, "9.6.7")
    (bare_system / "make_sqlite3_tables").unlink()

    with pytest.raises(OracleMissing, match=rf"^Bacula 9\.6: no make_sqlite3_tables in {bare_system}; to install it: "):
        find_bacula96({"PATH": str(tmp_path / "sbin")})


@pytest.mark.parametrize(("version", "stated"), [("15.0.3", "is version 15.0.3"), ("", "states no version")])
def test_another_version_is_no_oracle(tmp_path: Path, bare_system: Path, version: str, stated: str) -> None:
    make_installation(tmp_path / "sbin", bare_system, version)

    with pytest.raises(OracleMissing, match=rf"^Bacula 9\.6: {tmp_path}/sbin/bacula-dir {stated}; to install it: "):
        find_bacula96({"PATH": str(tmp_path / "sbin")})


def test_bacula15_unpacked(tmp_path: Path) -> None:
    make_installation(tmp_path / "bin", tmp_path / "root/usr/share/bacula-director", "15.0.3")

    found = find_bacula15(tmp_path)

    assert (found.version, found.knows_tls_psk) == ("15.0.3", True)
    assert found.file_daemon == Command((str(tmp_path / "bin/bacula-fd"), "-f"), knows_tls_psk=True)


def test_bacula15_missing(tmp_path: Path) -> None:
    with pytest.raises(OracleMissing) as missing:
        find_bacula15(tmp_path)

    assert str(missing.value) == (
        f"Bacula 15.0: no bacula-dir, bacula-sd, bacula-fd, bconsole, bls, bextract in {tmp_path}; "
        f"to install it: python -m fdsim.oracles.bacula15 {tmp_path}"
    )


@pytest.mark.parametrize(
    ("environment", "directory"),
    [
        ({"FDSIM_BACULA15": "/opt/b15", "XDG_CACHE_HOME": "/cache"}, Path("/opt/b15")),
        ({"FDSIM_BACULA15": "", "XDG_CACHE_HOME": "/cache"}, Path("/cache/fdsim/bacula-15.0")),
        ({}, Path.home() / ".cache/fdsim/bacula-15.0"),
    ],
)
def test_directory_of_bacula15(environment: dict[str, str], directory: Path) -> None:
    assert unpack_directory(environment) == directory


def test_version_of_what_is_no_program(tmp_path: Path) -> None:
    assert version_of(tmp_path / "nothing") is None


@pytest.mark.oracle
def test_version_of_a_real_program(bacula96: installation.Installation) -> None:
    assert bacula96.version == "9.6.7"
    assert version_of(bacula96.file) == version_of(bacula96.bls) == "9.6.7"
