"""What the File daemon knows of one session with a Director, and of the job it is about."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from fdsim.net.connection import Connection
from fdsim.net.errors import NetworkError
from fdsim.wire.fileset import FileSet
from fdsim.wire.frames import Signal
from fdsim.wire.jobs import JobStatus
from fdsim.wire.messages.replies import EndJob

NO_JOB: Final = "*Director*"
"""The name of a session that has not been told its job (DIR-LOOP-10)."""

# A status gives way only to one of a higher rank; the first of equals stays (DIR-CAN-6).
_RANK: Final = {
    JobStatus.INCOMPLETE: 10,
    JobStatus.CANCELED: 9,
    JobStatus.ERROR: 9,
    JobStatus.FATAL: 9,
    JobStatus.DIFFERENCES: 7,
}


@dataclass(slots=True)
class Job:
    """The state of one session. Only the session's own thread changes it."""

    job_id: int = 0
    name: str = NO_JOB
    kind: str = "I"
    """B backup, R restore, V verify, I none of them (DIR-LOOP-10)."""
    level: str = " "
    """F full and so on, a blank where there is none."""
    director: str = ""
    """The Director's name."""
    sd_session_id: int = 0
    sd_session_time: int = 0
    key: str = ""
    """The session key for the Storage daemon; empty once it was used (DIR-STO-9)."""
    keys_received: int = 0
    storage: Connection | None = None
    fileset: FileSet | None = None
    status: JobStatus = JobStatus.CREATED
    files: int = 0
    examined: int = 0
    read_bytes: int = 0
    job_bytes: int = 0
    errors: int = 0
    encrypted: bool = False
    comm_bytes: int = 0
    compressed_comm_bytes: int = 0
    current: bytes = b""
    """The file being worked on, for status."""
    started: float = field(default_factory=time.time)

    @property
    def failed(self) -> bool:
        """Whether nothing further of the job should be done."""
        return self.status in {JobStatus.FATAL, JobStatus.CANCELED, JobStatus.ERROR, JobStatus.INCOMPLETE}

    @property
    def several_storages(self) -> bool:
        """Whether the Director sent a second key, and so will say when the restore is over (DIR-RST-10)."""
        return self.keys_received > 1

    def set_status(self, status: JobStatus) -> None:
        """Change the status unless the present one outranks the new one (DIR-CAN-6)."""
        if _RANK.get(status, 0) > _RANK.get(self.status, 0) or not _RANK.get(self.status, 0):
            self.status = status

    def take_key(self, key: str) -> None:
        """Keep a session key; a new one ends the connection that the old one opened (DIR-JOB-7, DIR-STO-10)."""
        if key:
            self.close_storage()
            self.key = key
            self.keys_received += 1

    def close_storage(self) -> None:
        """Close the connection to the Storage daemon, if there is one, and keep its counts (DIR-END-7)."""
        storage, self.storage = self.storage, None
        if storage is not None:
            # Whether the Storage daemon is still there to hear it makes no difference (SD-HB-8).
            with suppress(NetworkError):
                storage.send_signal(Signal.TERMINATE)
            self.comm_bytes += storage.payload_bytes
            self.compressed_comm_bytes += storage.compressed_bytes
            storage.close()

    def end(self) -> EndJob:
        """The report with which the session ends."""
        return EndJob(
            status=self.status.code,
            files=self.files,
            read_bytes=self.read_bytes,
            job_bytes=self.job_bytes,
            errors=self.errors,
            vss=0,
            encrypt=int(self.encrypted),
            comm_bytes=self.comm_bytes,
            compressed_comm_bytes=self.compressed_comm_bytes,
        )
