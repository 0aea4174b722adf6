"""Finding the programs of a Bacula release on this machine.

Two releases serve as oracles: 9.6, installed from Debian 12's packages, and 15.0, which ``bacula15`` unpacks beside it
because a host has room for one installed release only. Programs of any other version are no oracle.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fdsim.oracles.errors import OracleMissing

DIRECTORY_VARIABLE = "FDSIM_BACULA15"
"""The environment variable that names the directory of Bacula 15.0."""

_PROGRAMS = {
    "director": "bacula-dir",
    "storage": "bacula-sd",
    "file": "bacula-fd",
    "console": "bconsole",
    "bls": "bls",
    "bextract": "bextract",
}
_SYSTEM_PROGRAMS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
_SYSTEM_SCRIPTS = ("/usr/share/bacula-director", "/usr/libexec/bacula", "/etc/bacula/scripts", "/etc/bacula")
_TABLES = "make_sqlite3_tables"
_VERSION = re.compile(r"^Version: (\d+(?:\.\d+)+)", re.MULTILINE)
_VERSION_SECONDS = 10
_FIRST_WITH_TLS_PSK = 11

_INSTALL_96 = (
    "apt-get install --no-install-recommends bacula-director bacula-director-sqlite3 bacula-sd bacula-fd "
    "bacula-console bacula-common-sqlite3"
)


@dataclass(frozen=True)
class Command:
    """How to start a File daemon; ``-c FILE`` is put behind ``argv``."""

    argv: tuple[str, ...]
    knows_tls_psk: bool = False
    """Whether its configuration may have ``TLS PSK Enable``, which is younger than Bacula 9.6."""


@dataclass(frozen=True)
class Installation:
    """The programs of one Bacula release."""

    version: str
    director: Path
    storage: Path
    file: Path
    console: Path
    bls: Path
    bextract: Path
    tables: Path
    """The shell script that makes the tables of an SQLite catalog."""

    @property
    def knows_tls_psk(self) -> bool:
        """Whether its daemons encrypt with a pre-shared key unless ``TLS PSK Enable = no``."""
        return int(self.version.partition(".")[0]) >= _FIRST_WITH_TLS_PSK

    @property
    def file_daemon(self) -> Command:
        """The real File daemon of this release."""
        return Command((str(self.file), "-f"), self.knows_tls_psk)


def find_bacula96(environment: Mapping[str, str] = os.environ) -> Installation:
    """Bacula 9.6, installed in PATH or where system programs lie.

    Raises:
        OracleMissing: it is not here; the text says what is missing and how to install it.
    """
    path = os.pathsep.join((environment.get("PATH", os.defpath), *_SYSTEM_PROGRAMS))
    return _found(
        "9.6",
        lambda program: shutil.which(program, path=path),
        [Path(scripts) for scripts in _SYSTEM_SCRIPTS],
        looked_in="PATH and " + ", ".join(_SYSTEM_PROGRAMS),
        remedy=_INSTALL_96,
    )


def find_bacula15(directory: Path | None = None) -> Installation:
    """Bacula 15.0, unpacked in ``directory``, else in ``unpack_directory()``.

    Raises:
        OracleMissing: it is not here, or not whole; the text says what is missing and how to unpack it.
    """
    top = directory or unpack_directory()
    return _found(
        "15.0",
        lambda program: shutil.which(program, path=str(top / "bin")),
        [top / "root/usr/share/bacula-director"],
        looked_in=str(top),
        remedy=f"python -m fdsim.oracles.bacula15 {top}",
    )


def unpack_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Where Bacula 15.0 lies: the directory that FDSIM_BACULA15 names, else one in the user's cache."""
    if chosen := environment.get(DIRECTORY_VARIABLE):
        return Path(chosen)
    cache = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "fdsim" / "bacula-15.0"


def version_of(program: Path) -> str | None:
    """The version that a Bacula program states, or None when it states none."""
    try:
        usage = subprocess.run(
            [program, "-?"], capture_output=True, check=False, timeout=_VERSION_SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search((usage.stdout + usage.stderr).decode("utf-8", "replace"))
    return match[1] if match else None


def _found(
    release: str, which: Callable[[str], str | None], scripts: list[Path], *, looked_in: str, remedy: str
) -> Installation:
    programs = {field: which(program) for field, program in _PROGRAMS.items()}
    tables = next((place / _TABLES for place in scripts if (place / _TABLES).is_file()), None)
    absent = [_PROGRAMS[field] for field, path in programs.items() if path is None]
    if absent:
        raise OracleMissing(f"Bacula {release}: no {', '.join(absent)} in {looked_in}; to install it: {remedy}")
    if tables is None:
        places = ", ".join(map(str, scripts))
        raise OracleMissing(f"Bacula {release}: no {_TABLES} in {places}; to install it: {remedy}")
    paths = {field: Path(path) for field, path in programs.items() if path is not None}
    version = version_of(paths["director"])
    if version is None or not version.startswith(f"{release}."):
        stated = f"is version {version}" if version else "states no version"
        raise OracleMissing(f"Bacula {release}: {paths['director']} {stated}; to install it: {remedy}")
    return Installation(version=version, tables=tables, **paths)
