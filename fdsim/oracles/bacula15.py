"""Unpacking Bacula 15.0, as Debian 13 packages it, beside whatever the host has installed.

``python -m fdsim.oracles.bacula15 [DIRECTORY]`` installs nothing and needs no root. A private state of ``apt-get``
fetches the packages, and the libraries that they were linked with, from the mirror that this host uses already. The
programs run with Debian 13's own dynamic linker, so the C library of the host does not matter, and see its file system.

The work is done in a neighbouring directory that takes its final name when it is whole: a directory of that name is
complete, and nothing is done where one exists.
"""

from __future__ import annotations

import argparse
import errno
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fdsim.oracles.errors import OracleMissing
from fdsim.oracles.installation import Installation, find_bacula15, unpack_directory

_SUITE = "trixie"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_BACULA = (
    "bacula-common",
    "bacula-common-sqlite3",
    "bacula-console",
    "bacula-director",
    "bacula-director-sqlite3",
    "bacula-fd",
    "bacula-sd",
)
# What the packages above are linked with, all the way down; apt's own resolver would add a mail server and debconf.
_LIBRARIES = (
    "gcc-14-base",
    "libacl1",
    "libattr1",
    "libc6",
    "libcap2",
    "libgcc-s1",
    "liblzo2-2",
    "libreadline8t64",
    "libsqlite3-0",
    "libssl3t64",
    "libstdc++6",
    "libtinfo6",
    "libwrap0",
    "libzstd1",
    "openssl-provider-legacy",
    "zlib1g",
)
_LINKERS = "usr/lib/*/ld-linux*.so.?"
_COMMAND_SECONDS = 300


def unpack(directory: Path) -> Installation:
    """Unpack Bacula 15.0 in ``directory`` unless it is there already.

    Raises:
        OracleMissing: it could not be done; the text says at what step, why, and what to do.
    """
    directory = directory.absolute()
    if directory.exists() and any(directory.iterdir()):
        return _complete(directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{directory.name}.", dir=directory.parent) as scratch:
        whole = Path(scratch) / "whole"
        whole.mkdir()
        for package in _download(Path(scratch) / "apt"):
            _run("dpkg-deb", "--extract", package, whole / "root")
        _write_wrappers(whole, directory)
        try:
            whole.replace(directory)
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:  # else another process was faster
                raise OracleMissing(f"Bacula 15.0: {directory} cannot be made: {error.strerror}") from error
    return _complete(directory)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m fdsim.oracles.bacula15", description="Unpack Bacula 15.0.")
    parser.add_argument(
        "directory", nargs="?", type=Path, default=unpack_directory(), help="where to (default: %(default)s)"
    )
    directory = parser.parse_args(arguments).directory
    try:
        installation = unpack(directory)
    except OracleMissing as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"Bacula {installation.version} is in {directory}")
    return 0


def _complete(directory: Path) -> Installation:
    try:
        return find_bacula15(directory)
    except OracleMissing as error:
        raise OracleMissing(f"{directory} exists and is not whole; remove it or name another one ({error})") from error


def _download(state: Path) -> list[Path]:
    """The packages, fetched with a state of apt's own in ``state`` so that the host's stays as it is."""
    if not _KEYRING.exists():
        raise OracleMissing(
            f"Bacula 15.0: {_KEYRING} is missing; to install it: apt-get install debian-archive-keyring"
        )
    for folder in ("etc", "lists/partial", "cache/archives/partial", "packages"):
        (state / folder).mkdir(parents=True)
    (state / "status").touch()
    (state / "sources.list").write_text(f"deb [signed-by={_KEYRING}] {_mirror()} {_SUITE} main\n")
    settings = {
        "Dir::Etc": state / "etc",
        "Dir::Etc::sourcelist": state / "sources.list",
        "Dir::State": state,
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
        "Acquire::Languages": "none",
        "APT::Update::Error-Mode": "any",
        # Fetching as the user "_apt" would need directories that this user can enter.
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    _run(*apt, "update")
    _run(*apt, "download", *_BACULA, *_LIBRARIES, cwd=state / "packages")
    return sorted((state / "packages").glob("*.deb"))


def _mirror() -> str:
    """The address of the Debian archive that this host's apt uses."""
    filters = ("Created-By: Packages", "Component: main", "Origin: Debian", "Label: Debian")
    addresses = _run("apt-get", "indextargets", "--format", "$(REPO_URI)", *filters).split()
    if not addresses:
        raise OracleMissing("Bacula 15.0: apt knows no Debian mirror; it takes a Debian host, and apt-get update once")
    return addresses[0]


def _write_wrappers(whole: Path, destination: Path) -> None:
    """A script in ``bin`` for each program, which starts it from ``destination`` with its own linker and libraries."""
    linker = next((whole / "root").glob(_LINKERS), None)
    if linker is None:
        raise OracleMissing(f"Bacula 15.0: no package holds {_LINKERS}; please report this with your architecture")
    root = destination / "root"
    linker = root / linker.relative_to(whole / "root")
    libraries = f"{root / 'usr/lib/bacula'}:{linker.parent}"
    (whole / "bin").mkdir()
    for program in (path for path in (whole / "root/usr/sbin").iterdir() if not path.is_symlink()):
        words = [linker, "--argv0", program.name, "--library-path", libraries, root / "usr/sbin" / program.name]
        wrapper = whole / "bin" / program.name
        wrapper.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, words))} "$@"\n')
        wrapper.chmod(0o755)


def _run(*command: str | Path, cwd: Path | None = None) -> str:
    """The standard output of a command; OracleMissing with its complaint where it fails."""
    step = f"{command[0]} {command[-1]}"
    try:
        result = subprocess.run(
            command, cwd=cwd, capture_output=True, check=False, timeout=_COMMAND_SECONDS, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError as error:
        raise OracleMissing(f"Bacula 15.0: {command[0]} is missing; the recipe takes a Debian host") from error
    except subprocess.TimeoutExpired as error:
        raise OracleMissing(f"Bacula 15.0: {step} did not end within {_COMMAND_SECONDS} s") from error
    if result.returncode:
        complaint = result.stderr.decode("utf-8", "replace").strip()
        raise OracleMissing(f"Bacula 15.0: {step} failed: {complaint}")
    return result.stdout.decode()


if __name__ == "__main__":
    sys.exit(main())
