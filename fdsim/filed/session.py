"""What the handlers of a session's orders share."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from fdsim.config.fd import Director, FileDaemonConfiguration
from fdsim.filed.job import Job
from fdsim.filed.messages import Reporter
from fdsim.files.host import REAL, Host
from fdsim.net.connection import Connection
from fdsim.wire.dialect import BACULA_9_6, Dialect


@dataclass(frozen=True, slots=True)
class Settings:
    """How a File daemon behaves beyond what its configuration file can say."""

    dialect: Dialect = BACULA_9_6
    timeout: float = 1800.0
    """Seconds to wait for a peer before it is given up."""
    reject_pause: float = 5.0
    """Seconds after a wrong password before the peer hears of it (DIR-AUTH-10)."""
    close_pause: float = 6.0
    """Seconds before the connection of a refused peer is closed (DIR-AUTH-13, DIR-HELLO-7)."""
    host: Host = field(default=REAL)
    """The system calls on files."""


@dataclass(slots=True)
class Session:
    """One authenticated connection of a Director."""

    configuration: FileDaemonConfiguration
    settings: Settings
    resource: Director
    """The Director's resource in our configuration."""
    director: Connection
    job: Job
    report: Reporter
    stop: threading.Event
    """Set when the daemon ends."""
    director_version: int = 0

    @property
    def name(self) -> str:
        """The daemon's own name."""
        return self.configuration.file_daemon.name
