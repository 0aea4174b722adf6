"""Jobs as values: what is to be done, under which names, and what came of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fdsim.wire.fileset import FileSet
from fdsim.wire.jobs import JobStatus, Replace
from fdsim.wire.messages.replies import JobMessage

_KEY_LETTERS: Final = "ABCDEFGHIJKLMNOP"
_KEY_GROUPS: Final = 8
_GROUP_LENGTH: Final = 4


@dataclass(frozen=True, slots=True)
class BackupJob:
    """Save the files of a FileSet."""

    fileset: FileSet
    level: str = "full"


@dataclass(frozen=True, slots=True)
class RestoreJob:
    """Restore all that the Storage daemon was told to send."""

    where: bytes
    """Directory in front of every name, or ``/`` for the original places (DIR-RST-4)."""
    files: int = 0
    """How many objects to expect, 0 if unknown (DIR-RST-3)."""
    replace: Replace = Replace.ALWAYS


@dataclass(frozen=True, slots=True)
class JobIdentity:
    """Under which number and unique name a job runs."""

    job_id: int
    name: str


@dataclass(frozen=True, slots=True)
class StorageSession:
    """Where the File daemon of a job finds the Storage daemon, and how the two know each other (DIR-SEQ-2)."""

    address: str
    port: int
    session_id: int
    session_time: int
    key: str


@dataclass(frozen=True, slots=True)
class JobResult:
    """How a job ended for the File daemon, in its own words (DIR-END-2)."""

    status: JobStatus
    files: int
    read_bytes: int
    job_bytes: int
    errors: int
    messages: tuple[JobMessage, ...]
    seconds: float
    """From the Hello to the end of the job."""


def unique_name(name: str, now: datetime, number: int) -> str:
    """The unique name of a job that is called ``name``, e.g. ``Backup.2026-11-24_12.00.00_03``."""
    return f"{name}.{now:%Y-%m-%d_%H.%M.%S}_{number:02d}"


def session_key() -> str:
    """A new session key: eight groups of four letters (SD-AUTH-12)."""
    return "-".join("".join(secrets.choice(_KEY_LETTERS) for _ in range(_GROUP_LENGTH)) for _ in range(_KEY_GROUPS))
