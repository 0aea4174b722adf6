"""An archive: a directory that keeps the records of finished jobs.

A job is two files named after its number: ``000007.records`` (see ``recordfile``) and ``000007.json``, which describes
it. While the job runs its records are in ``000007.part``, whose creation reserves the number even between processes. At
the end that file gets its lasting name, and the description comes last and in one step: a job is there when its
description is. What a crash leaves behind are files without a description, which nobody sees.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fdsim.stored.errors import ArchiveError
from fdsim.stored.recordfile import RecordReader, RecordWriter

_PART: Final = ".part"
_RECORDS: Final = ".records"
_NEW_DESCRIPTION: Final = ".new"
_DESCRIPTION: Final = ".json"


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A finished job in an archive."""

    archive: Path
    number: int
    """Its number in the archive, from 1."""
    name: str
    """The unique job name."""
    session_id: int
    session_time: int
    files: int
    """The last FileIndex (SD-ACCT-4)."""
    job_bytes: int
    """Payload of all records (SD-ACCT-4)."""
    records: int
    size: int
    """Bytes of the file of records."""
    roots: tuple[bytes, ...]
    """The paths that the FileSet named."""
    date: datetime
    """When it was finished."""

    def open_records(self) -> RecordReader:
        """The records, to be read one after the other (ArchiveError if they are damaged)."""
        return RecordReader(_path(self.archive, self.number, _RECORDS), self.size)

    def description(self) -> dict[str, Any]:
        """What the JSON file says, for programs; bytes of a path that are no UTF-8 are surrogates."""
        return {
            "job": self.name,
            "number": self.number,
            "session_id": self.session_id,
            "session_time": self.session_time,
            "files": self.files,
            "bytes": self.job_bytes,
            "records": self.records,
            "size": self.size,
            "roots": [os.fsdecode(root) for root in self.roots],
            "date": self.date.isoformat(),
        }


class Archive:
    """The jobs in a directory."""

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        """Use the directory; it is made if it is missing.

        Args:
            directory: holds nothing else.
            durable: a finished job survives a power failure. Switched off, much is gained for an archive that is
                thrown away after its use.

        Raises:
            OSError: it cannot be made.
        """
        self.directory = directory
        self.durable = durable
        directory.mkdir(parents=True, exist_ok=True)

    def jobs(self) -> Iterator[StoredJob]:
        """All finished jobs, oldest number first.

        Raises:
            ArchiveError: a description cannot be read.
        """
        for number in self._numbers(_DESCRIPTION):
            yield self.job(number)

    def job(self, number: int) -> StoredJob:
        """One finished job.

        Raises:
            ArchiveError: there is none of that number, or its description cannot be read.
        """
        path = _path(self.directory, number, _DESCRIPTION)
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            there = ", ".join(map(str, self._numbers(_DESCRIPTION))) or "none"
            raise ArchiveError(f"{self.directory}: no job {number}; there are: {there}") from None
        except OSError as error:
            raise ArchiveError(f"{path}: {error.strerror}") from error
        try:
            return _described(self.directory, json.loads(text))
        except (ValueError, KeyError, TypeError) as error:
            raise ArchiveError(f"{path} is no description of a job: {error!r}") from error

    def latest(self) -> StoredJob:
        """The finished job with the highest number.

        Raises:
            ArchiveError: the archive is empty.
        """
        numbers = self._numbers(_DESCRIPTION)
        if not numbers:
            raise ArchiveError(f"{self.directory}: the archive is empty")
        return self.job(numbers[-1])

    def begin(self, name: str, session_id: int, session_time: int, roots: tuple[bytes, ...] = ()) -> JobWriter:
        """Start to keep a job.

        Raises:
            OSError: its file cannot be made.
        """
        number = max(self._numbers(_PART, _RECORDS, _DESCRIPTION), default=0)
        while True:
            number += 1
            try:
                writer = RecordWriter(_path(self.directory, number, _PART))
            except FileExistsError:  # another process took that number meanwhile
                continue
            if not _path(self.directory, number, _RECORDS).exists():
                return JobWriter(self, number, writer, name, session_id, session_time, roots)
            writer.discard()  # it did, and was ready before we came

    def keep(self, job: StoredJob) -> None:
        """Give a job's file of records its lasting name and make the job visible (OSError if that fails)."""
        _path(self.directory, job.number, _PART).rename(_path(self.directory, job.number, _RECORDS))
        new = _path(self.directory, job.number, _NEW_DESCRIPTION)
        with new.open("w", encoding="ascii") as file:
            json.dump(job.description(), file, indent=2)
            file.write("\n")
            file.flush()
            self._sync(file.fileno())
        new.rename(_path(self.directory, job.number, _DESCRIPTION))
        directory = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._sync(directory)
        finally:
            os.close(directory)

    def _sync(self, descriptor: int) -> None:
        if self.durable:
            os.fsync(descriptor)

    def _numbers(self, *suffixes: str) -> list[int]:
        try:
            paths = list(self.directory.iterdir())
        except OSError as error:
            raise ArchiveError(f"{self.directory}: {error.strerror}") from error
        return sorted(int(path.stem) for path in paths if path.suffix in suffixes and path.stem.isdecimal())


class JobWriter:
    """A job on its way into an archive."""

    def __init__(
        self,
        archive: Archive,
        number: int,
        writer: RecordWriter,
        name: str,
        session_id: int,
        session_time: int,
        roots: tuple[bytes, ...],
    ) -> None:
        self.add = writer.add
        self._archive = archive
        self._number = number
        self._writer = writer
        self._name = name
        self._session = session_id, session_time
        self._roots = roots
        self._size = 0

    def sync(self) -> None:
        """Bring all records to the disk; none may follow (OSError if that fails)."""
        self._size = self._writer.sync(durable=self._archive.durable)

    def finish(self, files: int) -> StoredJob:
        """Make the job, ``files`` objects of it, visible in the archive; after ``sync`` (OSError if that fails)."""
        job = StoredJob(
            self._archive.directory,
            self._number,
            self._name,
            *self._session,
            files=files,
            job_bytes=self._writer.bytes,
            records=self._writer.records,
            size=self._size,
            roots=self._roots,
            date=datetime.now(UTC),
        )
        self._archive.keep(job)
        return job

    def discard(self) -> None:
        """Leave nothing of the job; harmless after ``finish``."""
        self._writer.discard()


def _path(directory: Path, number: int, suffix: str) -> Path:
    return directory / f"{number:06d}{suffix}"


def _described(archive: Path, values: dict[str, Any]) -> StoredJob:
    return StoredJob(
        archive,
        int(values["number"]),
        str(values["job"]),
        int(values["session_id"]),
        int(values["session_time"]),
        int(values["files"]),
        int(values["bytes"]),
        int(values["records"]),
        int(values["size"]),
        tuple(os.fsencode(root) for root in values["roots"]),
        datetime.fromisoformat(values["date"]),
    )
