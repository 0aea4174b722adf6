"""The three daemons, each with its configuration in a directory of its own and not yet started.

A lab uses all of them. A mock Director needs a File daemon alone, a mock Storage daemon the other two: they use these
functions with ``ports.reserved_endpoints``::

    with reserved_endpoints(1) as (endpoint,), file_daemon(bacula.file_daemon, directory, endpoint, options):
        ...  # talk to endpoint with options.passwords.fd
"""

from __future__ import annotations

from pathlib import Path

from fdsim.oracles.catalog import create_catalog
from fdsim.oracles.configuration import (
    DATABASE,
    console_configuration,
    director_configuration,
    fd_configuration,
    storage_configuration,
)
from fdsim.oracles.installation import Command, Installation
from fdsim.oracles.ports import Endpoint
from fdsim.oracles.process import Daemon
from fdsim.oracles.settings import DirectorSetup, Options


def file_daemon(command: Command, directory: Path, endpoint: Endpoint, options: Options) -> Daemon:
    """A File daemon of any make; ``directory`` is made."""
    directory.mkdir(parents=True)
    file = directory / "bacula-fd.conf"
    _write(file, fd_configuration(endpoint, directory, options, tls_psk=command.knows_tls_psk))
    return _daemon(f"File daemon {directory.name}", (*command.argv, "-c", str(file)), endpoint, directory)


def storage_daemon(installation: Installation, directory: Path, endpoint: Endpoint, options: Options) -> Daemon:
    """A real Storage daemon that keeps its volumes in ``volumes(directory)``; ``directory`` is made."""
    volumes(directory).mkdir(parents=True)
    file = directory / "bacula-sd.conf"
    tls_psk = installation.knows_tls_psk
    _write(file, storage_configuration(endpoint, directory, volumes(directory), options, tls_psk=tls_psk))
    return _daemon("Storage daemon", (str(installation.storage), "-f", "-c", str(file)), endpoint, directory)


def director_daemon(installation: Installation, setup: DirectorSetup) -> Daemon:
    """A real Director with an empty catalog and the configuration of a console; ``setup.directory`` is made.

    Raises:
        LabError: the configuration cannot be written, or the catalog cannot be made.
    """
    setup.directory.mkdir(parents=True)
    file = configure_director(setup)
    create_catalog(installation.tables, database(setup.directory))
    console = console_configuration(setup.listens, setup.options, tls_psk=setup.knows_tls_psk)
    _write(console_file(setup.directory), console)
    argv = (str(installation.director), "-f", "-c", str(file))
    return _daemon("Director", argv, setup.listens, setup.directory)


def configure_director(setup: DirectorSetup) -> Path:
    """Write the Director's configuration, which a running one reads at the console's ``reload``."""
    file = setup.directory / "bacula-dir.conf"
    _write(file, director_configuration(setup))
    return file


def console_file(directory: Path) -> Path:
    """The console's configuration for the Director in ``directory``."""
    return directory / "bconsole.conf"


def database(directory: Path) -> Path:
    """The catalog of the Director in ``directory``."""
    return directory / f"{DATABASE}.db"


def volumes(directory: Path) -> Path:
    """Where the Storage daemon in ``directory`` keeps its volumes."""
    return directory / "volumes"


def _daemon(name: str, argv: tuple[str, ...], endpoint: Endpoint, directory: Path) -> Daemon:
    return Daemon(name, argv, endpoint=endpoint, log=directory / "output.log")


def _write(file: Path, text: str) -> None:
    """Write a file that holds passwords; a path in it may hold bytes that are no UTF-8."""
    file.touch(mode=0o600)
    file.write_text(text, "utf-8", "surrogateescape")
