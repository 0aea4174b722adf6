"""The File daemon: accepts Directors and serves each in a thread of its own."""

from __future__ import annotations

import logging
import socket
import threading
from typing import Self

from fdsim.config.fd import FileDaemonConfiguration, Messages
from fdsim.filed.greeting import greet
from fdsim.filed.job import Job
from fdsim.filed.loop import serve_orders
from fdsim.filed.messages import Reporter
from fdsim.filed.registry import Registry
from fdsim.filed.session import Session, Settings
from fdsim.net.connection import Connection
from fdsim.net.dialing import Listener
from fdsim.net.errors import NetworkError
from fdsim.wire.errors import ProtocolError
from fdsim.wire.roles import Role

log = logging.getLogger(__name__)


class FileDaemon:
    """A File daemon, listening from its construction on."""

    def __init__(self, configuration: FileDaemonConfiguration, settings: Settings | None = None) -> None:
        """Bind the configured addresses.

        Raises:
            OSError: one can't be bound; the text names it.
        """
        self._configuration = configuration
        self._settings = settings or Settings()
        self._registry = Registry()
        self._stop = threading.Event()
        resource = configuration.file_daemon
        self._wanted = _messages(configuration).director_types
        self._listener = Listener(
            [(address.host, address.port) for address in resource.addresses],
            self._serve,
            name=resource.name,
            limit=resource.maximum_concurrent_jobs,
        )

    @property
    def port(self) -> int:
        """The port of the first address."""
        return self._listener.port

    def start(self) -> None:
        """Begin to accept connections."""
        self._listener.start()

    def stop(self, timeout: float = 10.0) -> bool:
        """End: running jobs break off and report that, other sessions are cut off at once.

        Returns:
            Whether every session has ended within ``timeout`` seconds.
        """
        self._stop.set()
        self._listener.close()
        if any(job.job_id for job in self._registry.running()) and not self._listener.join(timeout / 4):
            # Who waits for a Storage daemon that says nothing has not noticed.
            for job in self._registry.running():
                if (storage := job.storage) is not None:
                    storage.abort()
            self._listener.join(timeout / 4)
        return self._listener.stop(timeout / 2)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self, sock: socket.socket) -> None:
        with Connection(sock, me=Role.FILE_DAEMON, peer=Role.DIRECTOR, timeout=self._settings.timeout) as connection:
            log.debug("%s connected", connection)
            try:
                self._talk(connection)
            except (NetworkError, ProtocolError) as error:
                log.warning("%s", error)

    def _talk(self, connection: Connection) -> None:
        greeting = greet(connection, self._configuration, self._settings, self._stop)
        if greeting is None:
            return
        director, version = greeting
        job = Job(director=director.name)
        session = Session(
            configuration=self._configuration,
            settings=self._settings,
            resource=director,
            director=connection,
            job=job,
            report=Reporter(self._configuration.file_daemon.name, connection, job, self._wanted),
            stop=self._stop,
            director_version=version,
        )
        with self._registry.session(job):
            serve_orders(session, self._registry)
        log.info(
            "JobId %d %s: status %s, %d files, %d bytes", job.job_id, job.name, job.status, job.files, job.job_bytes
        )


def _messages(configuration: FileDaemonConfiguration) -> Messages:
    """The Messages resource that the daemon names, or else the first."""
    name = configuration.file_daemon.messages
    return next((one for one in configuration.messages if one.name == name), configuration.messages[0])
