"""The configuration of a File daemon, read from a bacula-fd.conf (DIR-CFG-1 to DIR-CFG-18).

``load`` leads from the file to frozen values: ``lexer`` and ``parser`` know the language, ``resources`` lists what can
be said in it, ``schema`` checks the one against the other. This module adds what holds between resources.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from fdsim.config.addresses import Address, listening
from fdsim.config.errors import ConfigError, Place
from fdsim.config.lexer import tokens_of_file
from fdsim.config.messages import Destination, Rule, destinations
from fdsim.config.parser import parse
from fdsim.config.resources import CONSOLE, DIRECTOR, FILE_DAEMON, MESSAGES, RESOURCES
from fdsim.config.schema import Ignored, Record, read

_ADDRESS_DIRECTIVES = ("FDPort", "FDAddress", "FDAddresses")


@dataclass(frozen=True, slots=True)
class Director:
    """A Director that may call.

    Attributes:
        name: the name it has to give, case included.
        password: what it has to know.
        monitor: whether it may ask for the status and nothing else.
    """

    name: str
    password: str = field(repr=False)
    monitor: bool = False

    @property
    def secret(self) -> bytes:
        """What CRAM-MD5 uses as key: the hex digits of the password's MD5 (DIR-AUTH-5)."""
        return hashlib.md5(self.password.encode("utf-8", "surrogateescape")).hexdigest().encode("ascii")


@dataclass(frozen=True, slots=True)
class FileDaemon:
    """The File daemon itself; what is not configured has the defaults of bacula-fd (DIR-CFG-12).

    Attributes:
        name: its name, which it also puts into messages.
        working_directory: where it may write; it exists.
        pid_directory: where the real daemon leaves its process id.
        addresses: where it listens.
        maximum_concurrent_jobs: how many connections it serves at once.
        messages: the name of the Messages resource to use; without one it is the first.
        sd_connect_timeout: how long it tries to reach a Storage daemon, in seconds.
        heartbeat_interval: how often it gives a sign of life, in seconds; 0 is never.
        maximum_network_buffer_size: bytes of file data in a packet.
        comm_compression: whether it offers to compress what it sends.
        fd_source_address: the address it calls a Storage daemon from; without one the system chooses.
        plugin_directory: where plugins lie.
    """

    name: str
    working_directory: Path
    pid_directory: Path
    addresses: tuple[Address, ...] = (Address(),)
    maximum_concurrent_jobs: int = 20
    messages: str | None = None
    sd_connect_timeout: float = 1800.0
    heartbeat_interval: float = 300.0
    maximum_network_buffer_size: int = 65536
    comm_compression: bool = True
    fd_source_address: str | None = None
    plugin_directory: Path | None = None


@dataclass(frozen=True, slots=True)
class Messages:
    """A Messages resource: which messages go where."""

    name: str
    destinations: tuple[Destination, ...] = ()

    @property
    def director_types(self) -> frozenset[str]:
        """The types of messages, in lower case, that go to the Director, whatever name it has there (DIR-MSG-9)."""
        return frozenset(kind for one in self.destinations if one.kind == "director" for kind in one.types)


@dataclass(frozen=True, slots=True)
class FileDaemonConfiguration:
    """All that a bacula-fd.conf says.

    Attributes:
        file_daemon: the daemon itself.
        directors: the Directors that may call, at least one.
        messages: the Messages resources, at least one.
        without_effect: what the file says and nothing here acts on.
    """

    file_daemon: FileDaemon
    directors: tuple[Director, ...]
    messages: tuple[Messages, ...]
    without_effect: tuple[Ignored, ...] = ()

    def director(self, name: str) -> Director | None:
        """The Director of this name, case included, or None."""
        return next((director for director in self.directors if director.name == name), None)


def load(path: str | Path) -> FileDaemonConfiguration:
    """Read a bacula-fd.conf.

    Args:
        path: the file; what it includes by a relative name is sought from the working directory of the process.

    Raises:
        ConfigError: the file cannot be used; the text says where, why, and what to do.
    """
    records, ignored = read(parse(tokens_of_file(str(path))), RESOURCES)
    whole = Place(str(path), 0)
    daemon, *others = _required(records, FILE_DAEMON.name, whole)
    if others:
        message = f"a second FileDaemon, the first is at {daemon.place}; a File daemon has one, remove the other"
        raise ConfigError(others[0].place, message)
    directors = _required(records, DIRECTOR.name, whole)
    _check_remote(directors, consoles=_of_kind(records, CONSOLE.name))
    _check_working_directory(daemon)
    return FileDaemonConfiguration(
        file_daemon=FileDaemon(addresses=_addresses(daemon), **daemon.fields()),
        directors=tuple(Director(**record.fields()) for record in directors),
        messages=tuple(_messages(record) for record in _required(records, MESSAGES.name, whole)),
        without_effect=ignored,
    )


def _of_kind(records: Iterable[Record], kind: str) -> tuple[Record, ...]:
    return tuple(record for record in records if record.kind == kind)


def _required(records: Iterable[Record], kind: str, whole: Place) -> tuple[Record, ...]:
    """All resources of a kind of which there has to be one (DIR-CFG-7)."""
    found = _of_kind(records, kind)
    if not found:
        raise ConfigError(whole, f"there is no {kind} resource; add '{kind} {{ ... }}'")
    return found


def _addresses(daemon: Record) -> tuple[Address, ...]:
    entries = daemon.named(*_ADDRESS_DIRECTIVES)
    ports, hosts, blocks = (daemon.values(name) for name in _ADDRESS_DIRECTIVES)
    return listening(ports, hosts, blocks, entries[-1].place if entries else daemon.place)


def _messages(record: Record) -> Messages:
    rules = [entry.value for entry in record.entries if isinstance(entry.value, Rule)]
    return Messages(destinations=destinations(rules), **record.fields())


def _check_remote(directors: Iterable[Record], consoles: tuple[Record, ...]) -> None:
    """A Director that is called, instead of calling, is reached through a Console resource (DIR-CFG-11)."""
    for director in directors:
        for entry in director.named("Remote"):
            if entry.value and not consoles:
                raise ConfigError(entry.place, "Remote = yes needs a Console resource; add one")


def _check_working_directory(daemon: Record) -> None:
    entry = daemon.named("WorkingDirectory")[0]
    try:
        mode = entry.value.stat().st_mode
    except OSError as error:
        message = f"WorkingDirectory = {str(entry.value)!r}: {error.strerror}; create it or name another"
        raise ConfigError(entry.place, message) from error
    if not stat.S_ISDIR(mode):
        raise ConfigError(entry.place, f"WorkingDirectory = {str(entry.value)!r} is no directory; name another")
