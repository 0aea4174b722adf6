"""One job between a File daemon and our two mocks, which are put together here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fdsim.cli.progress import Progress
from fdsim.dird.conversation import Conversation
from fdsim.dird.director import Director
from fdsim.dird.job import BackupJob, JobIdentity, JobResult, RestoreJob, StorageSession, session_key
from fdsim.stored.archive import Archive, StoredJob
from fdsim.stored.daemon import StorageDaemon
from fdsim.stored.expected import ExpectedJob, Outcome
from fdsim.wire.fileset import FileSet
from fdsim.wire.jobs import Replace

_SETTLE: Final = 10.0
_SETTLE_BADLY: Final = 1.0
"""Seconds that the Storage daemon has to finish its part after the File daemon has told the end of the job."""


@dataclass(frozen=True, slots=True)
class Target:
    """A File daemon, and the Director that it knows."""

    director: Director
    host: str
    port: int
    timeout: float
    """Seconds without any movement after which a job is given up."""
    storage_address: str | None = None
    """Where the File daemon finds our Storage daemon; None for our end of the connection to it."""


@dataclass(frozen=True, slots=True)
class Report:
    """One job, as the File daemon told it to the Director and as the Storage daemon saw it."""

    step: str
    job: JobIdentity
    result: JobResult
    outcome: Outcome

    @property
    def good(self) -> bool:
        """Whether both sides are content; single files may be missing all the same (DIR-END-13)."""
        return self.result.status.good and self.outcome.status.good


def run_backup(target: Target, archive: Archive, fileset: FileSet, progress: Progress) -> Report:
    """Save a FileSet into an archive.

    Raises:
        NetworkError, ProtocolError: the File daemon cannot be reached, went away, or broke the protocol.
        OSError: no port can be had for the Storage daemon.
    """
    roots = tuple(path for block in fileset.includes for path in block.files)
    job = BackupJob(fileset)
    return _run(
        target,
        archive,
        "Backup",
        lambda storage, name, key: storage.expect_backup(name, key, roots),
        lambda conversation, identity, session: target.director.backup(conversation, identity, job, session),
        progress,
    )


def run_restore(
    target: Target, archive: Archive, stored: StoredJob, where: bytes, replace: Replace, progress: Progress
) -> Report:
    """Restore a stored job below ``where``; errors as for ``run_backup``."""
    job = RestoreJob(where, stored.files, replace)
    return _run(
        target,
        archive,
        "Restore",
        lambda storage, name, key: storage.expect_restore(name, key, stored),
        lambda conversation, identity, session: target.director.restore(conversation, identity, job, session),
        progress,
    )


def _run(
    target: Target,
    archive: Archive,
    name: str,
    announce: Callable[[StorageDaemon, str, str], ExpectedJob],
    run: Callable[[Conversation, JobIdentity, StorageSession], JobResult],
    progress: Progress,
) -> Report:
    director = target.director
    with director.connect(target.host, target.port, target.timeout, on_message=progress.message) as conversation:
        address = target.storage_address or conversation.local_address
        with StorageDaemon(archive, address, timeout=target.timeout) as storage:
            identity = director.identify(name)
            expected = announce(storage, identity.name, session_key())
            conversation.activity = lambda: expected.bytes
            session = StorageSession(address, storage.port, expected.session_id, expected.session_time, expected.key)
            with progress.following(name, expected):
                result = run(conversation, identity, session)
                outcome = expected.wait(_SETTLE if result.status.good else _SETTLE_BADLY)
            return Report(name, identity, result, outcome)
