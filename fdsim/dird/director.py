"""The mock Director: connects to any File daemon and runs jobs through it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Final

from fdsim.dird.conversation import Conversation, OnMessage
from fdsim.dird.errors import OrderRefused
from fdsim.dird.job import (
    BackupJob,
    JobIdentity,
    JobResult,
    RestoreJob,
    StorageSession,
    session_key,
    unique_name,
)
from fdsim.net.connection import Connection, Tap
from fdsim.net.dialing import connect
from fdsim.wire.dialect import BACULA_9_6, Dialect
from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.jobs import JobStatus, MessageType, message_text
from fdsim.wire.messages.replies import EndJob, JobMessage
from fdsim.wire.roles import Role


class Director:
    """A Director by name."""

    def __init__(
        self,
        name: str,
        password: str,
        *,
        dialect: Dialect = BACULA_9_6,
        compress: bool = True,
        tap: Tap | None = None,
    ) -> None:
        """Be a Director that a File daemon's configuration knows.

        Args:
            name: as in its Director resource.
            password: likewise.
            dialect: whose version number we state.
            compress: whether packets are compressed towards a File daemon that can read them (DIR-HELLO-14).
            tap: sees the traffic of all connections.
        """
        self.name: Final = name
        self._password = password
        self._dialect = dialect
        self._compress = compress
        self._tap = tap
        self._job_ids = count(1)
        self._names = count(1)

    def connect(self, host: str, port: int, timeout: float, *, on_message: OnMessage | None = None) -> Conversation:
        """Call a File daemon; nothing is said yet.

        Args:
            host: its name or address.
            port: its TCP port.
            timeout: seconds for the connection, and later for every answer.
            on_message: called with each job message as it comes.

        Raises:
            ConnectFailed: nobody answers there.
        """
        sock = connect(host, port, what=Role.FILE_DAEMON.title, timeout=timeout)
        return Conversation(
            Connection(sock, me=Role.DIRECTOR, peer=Role.FILE_DAEMON, timeout=timeout, tap=self._tap),
            self.name,
            self._password,
            local_address=sock.getsockname()[0],
            dialect=self._dialect,
            compress=self._compress,
            on_message=on_message,
        )

    def identify(self, name: str) -> JobIdentity:
        """The next job's number and unique name."""
        return JobIdentity(next(self._job_ids), self._unique(name))

    def backup(
        self, conversation: Conversation, identity: JobIdentity, job: BackupJob, storage: StorageSession
    ) -> JobResult:
        """Run a backup over a fresh connection (DIR-SEQ-1).

        An order that is refused, or a job that ends early, is a result as well. Errors as for ``Conversation``'s steps.
        """

        def steps() -> None:
            conversation.job(identity, storage.session_id, storage.session_time, storage.key)
            conversation.level(job.level)
            conversation.fileset(job.fileset)
            conversation.storage(storage)
            conversation.backup()

        return self._run(conversation, identity, steps)

    def restore(
        self, conversation: Conversation, identity: JobIdentity, job: RestoreJob, storage: StorageSession
    ) -> JobResult:
        """Run a restore over a fresh connection (DIR-SEQ-7); results and errors as for ``backup``."""

        def steps() -> None:
            # The second key, which comes with the storage, makes it a restore that ends with endrestore (DIR-RST-10).
            conversation.job(identity, storage.session_id, storage.session_time, session_key())
            conversation.storage(storage, with_key=True)
            conversation.restore(job.where, job.replace, job.files)
            conversation.storage_end()
            conversation.end_restore()

        return self._run(conversation, identity, steps)

    def status(self, conversation: Conversation) -> list[str]:
        """What a File daemon tells of itself, over a fresh connection (DIR-SEQ-11)."""
        conversation.hello()
        conversation.job(JobIdentity(0, self._unique("-Console-")))
        lines = conversation.status()
        conversation.terminate()
        return lines

    def _run(self, conversation: Conversation, identity: JobIdentity, steps: Callable[[], None]) -> JobResult:
        started = time.monotonic()
        conversation.hello()
        try:
            steps()
        except OrderRefused as refused:
            text = message_text(self.name, identity.job_id, MessageType.FATAL, f"{refused}\n")
            conversation.note(JobMessage(identity.job_id, MessageType.FATAL, int(time.time()), text))
        end = conversation.end_job()
        conversation.farewell()
        return _result(conversation, end, time.monotonic() - started)

    def _unique(self, name: str) -> str:
        return unique_name(name, datetime.now().astimezone(), next(self._names))


def _result(conversation: Conversation, end: EndJob, seconds: float) -> JobResult:
    try:
        status = JobStatus(chr(end.status))
    except ValueError as error:
        raise RemoteProtocolError(f"{conversation.connection} ended the job with the status {end.status}") from error
    return JobResult(
        status, end.files, end.read_bytes, end.job_bytes, end.errors, tuple(conversation.messages), seconds
    )
