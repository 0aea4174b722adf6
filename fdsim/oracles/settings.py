"""What a lab may vary and what its daemons are told, as values; ``configuration`` turns them into text."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fdsim.oracles.ports import Endpoint


@dataclass(frozen=True)
class FileSet:
    """A FileSet, for which a lab makes one Job per client.

    ``include`` and ``exclude`` are written as they are, so ``<list`` and ``|command`` work as in a configuration file.
    """

    name: str
    include: tuple[str | Path, ...]
    exclude: tuple[str | Path, ...] = ()
    options: Mapping[str, str] = field(default_factory=lambda: {"Signature": "MD5"})
    """Directives of the last Options block."""
    more: str = ""
    """Text that precedes this block in Include: other Options blocks, plugins."""
    job: str = ""
    """Further directives of the FileSet's Jobs."""


@dataclass(frozen=True, kw_only=True)
class Extra:
    """Further text of the configuration: directives for the resource a field is named after, or whole resources."""

    director: str = ""
    client: str = ""
    storage: str = ""
    pool: str = ""
    job: str = ""
    restore_job: str = ""
    sd_storage: str = ""
    sd_device: str = ""
    fd_daemon: str = ""
    fd_director: str = ""
    director_resources: str = ""
    sd_resources: str = ""
    fd_resources: str = ""


@dataclass(frozen=True)
class Passwords:
    """What the Director shares with the console, the File daemons and the Storage daemon."""

    console: str = field(default_factory=secrets.token_hex)
    fd: str = field(default_factory=secrets.token_hex)
    sd: str = field(default_factory=secrets.token_hex)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a lab's configuration may vary."""

    director_compression: bool = True
    sd_compression: bool = True
    fd_compression: bool = True
    """``Comm Compression`` of each daemon; it needs both ends of a connection."""
    heartbeat: int | None = None
    """``Heartbeat Interval`` of all daemons, in seconds; None leaves theirs."""
    tls_psk: bool = True
    """False writes ``TLS PSK Enable = no`` for the programs that know it."""
    fd_messages: str = "all, !skipped, !restored, !saved"
    """Which messages the File daemons send to the Director."""
    passwords: Passwords = field(default_factory=Passwords)
    extra: Extra = field(default_factory=Extra)


@dataclass(frozen=True)
class Client:
    """A client as the Director knows it."""

    name: str
    reached_at: Endpoint
    storage_host: str | None = None
    """The address of the Storage daemon that its File daemon is told, in place of the Director's own."""


@dataclass(frozen=True)
class DirectorSetup:
    """All that a Director is told."""

    directory: Path
    listens: Endpoint
    storage_reached_at: Endpoint
    clients: tuple[Client, ...]
    filesets: tuple[FileSet, ...]
    options: Options
    knows_tls_psk: bool
