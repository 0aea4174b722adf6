"""The mock Storage daemon: waits for the File daemons of announced jobs and serves each in a thread of its own."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Final, Self

from fdsim.net import authentication
from fdsim.net.connection import Connection, Tap
from fdsim.net.dialing import Listener
from fdsim.net.errors import AuthenticationError, NetworkError
from fdsim.stored.append import AppendSession
from fdsim.stored.archive import Archive, StoredJob
from fdsim.stored.errors import ArchiveError
from fdsim.stored.expected import ExpectedJob
from fdsim.stored.read import ReadSession
from fdsim.stored.session import Commands, Refusal, linger, serve_session
from fdsim.wire.dialect import BACULA_9_6, Dialect
from fdsim.wire.errors import ProtocolError
from fdsim.wire.frames import Packet
from fdsim.wire.messages.greeting import SdClientHello, SdHello
from fdsim.wire.roles import Role

log = logging.getLogger(__name__)

_HELLO_LENGTHS: Final = range(25, 501)
"""How long a Hello may be (SD-HELLO-6)."""
_COMPRESSING_FD: Final = 214
"""The lowest version of a File daemon to which packets are compressed (SD-COMP-2)."""


class StorageDaemon:
    """A Storage daemon, listening from its construction on."""

    def __init__(
        self,
        archive: Archive,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        name: str = "fdsim-sd",
        dialect: Dialect = BACULA_9_6,
        timeout: float = 300.0,
        compress: bool = True,
        tap: Tap | None = None,
    ) -> None:
        """Bind the address.

        Args:
            archive: where backups go.
            host: address to listen on.
            port: TCP port, 0 for one that the system chooses.
            name: stands in our challenges.
            dialect: whose version number we state.
            timeout: seconds after which a silent File daemon is given up.
            compress: whether packets are compressed towards a File daemon that can read them (SD-COMP-1).
            tap: sees the traffic of all connections.

        Raises:
            OSError: the address can't be bound; the text names it.
        """
        self.host: Final = host
        self._archive = archive
        self._name = name
        self._dialect = dialect
        self._timeout = timeout
        self._compress = compress
        self._tap = tap
        self._session_ids = count(1)
        self._session_time = int(time.time())
        self._lock = threading.Lock()
        self._expected: dict[str, ExpectedJob] = {}
        self._listener = Listener([(host, port)], self._serve, name=name)

    @property
    def port(self) -> int:
        """Where we listen."""
        return self._listener.port

    def expect_backup(self, job: str, key: str, roots: tuple[bytes, ...] = ()) -> ExpectedJob:
        """Announce a backup.

        Args:
            job: its unique name.
            key: the session key that its File daemon will know.
            roots: the paths in its FileSet, for the archive's description.
        """
        return self._expect(job, key, partial(AppendSession, self._archive, roots))

    def expect_restore(self, job: str, key: str, stored: StoredJob) -> ExpectedJob:
        """Announce a restore, or a verification, of all that ``stored`` holds."""
        return self._expect(job, key, partial(ReadSession, stored))

    def forget(self, job: ExpectedJob) -> None:
        """Serve a job no more; a session that has begun goes on."""
        with self._lock:
            self._expected.pop(job.name, None)

    def start(self) -> None:
        """Begin to accept connections."""
        self._listener.start()

    def stop(self, timeout: float = 10.0) -> bool:
        """End, and cut off what is being served; False if a thread has not ended within ``timeout`` seconds."""
        return self._listener.stop(timeout)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _expect(self, job: str, key: str, open_session: Callable[..., Commands]) -> ExpectedJob:
        with self._lock:
            if job in self._expected:
                raise ValueError(f"a job {job!r} is expected already")
            expected = ExpectedJob(job, key, next(self._session_ids), self._session_time, open_session)
            self._expected[job] = expected
        return expected

    def _serve(self, sock: socket.socket) -> None:
        with Connection(
            sock, me=Role.STORAGE_DAEMON, peer=Role.FILE_DAEMON, timeout=self._timeout, tap=self._tap
        ) as connection:
            try:
                claimed = self._claim(connection)
            except (NetworkError, ProtocolError) as error:
                log.warning("%s", error)
                return
            if claimed is None:
                return
            job, version = claimed
            try:
                self._greet(connection, job, version)
                serve_session(connection, job.open_session(connection))
                job.fail("the File daemon ended the session before the job was closed")
            except AuthenticationError as error:
                job.release(str(error))
            except Refusal as refusal:
                job.fail(str(refusal))
                linger(connection)
            except (NetworkError, ProtocolError, ArchiveError) as error:
                job.fail(str(error))

    def _claim(self, connection: Connection) -> tuple[ExpectedJob, int] | None:
        """The job that the File daemon asks for, and its version; whoever asks for no such job gets no word."""
        frame = connection.receive(min(self._timeout, authentication.RESPONSE_TIMEOUT))
        payload = frame.payload if isinstance(frame, Packet) else b""
        hello = SdClientHello.match(payload) if len(payload) in _HELLO_LENGTHS else None
        if hello is None:
            log.warning("%s did not say Hello", connection)
            return None
        with self._lock:
            job = self._expected.get(hello.message.job)
        if job is None:
            log.warning("%s asked for the unknown job %s", connection, hello.message.job)
            return None
        if not job.claim():
            log.warning("%s asked for the job %s, which is being served", connection, job.name)
            return None
        return job, hello.message.version

    def _greet(self, connection: Connection, job: ExpectedJob, version: int) -> None:
        authentication.as_server(connection, job.key.encode("utf-8", "surrogateescape"), self._name)
        connection.compress = self._compress and version >= _COMPRESSING_FD
        # Some versions do not wait for it (SD-HELLO-10).
        if version >= 9 or version == 5:
            connection.send(SdHello(self._dialect.sd_version))
