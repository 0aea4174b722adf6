"""The catalog of a real Director: making an empty one, and reading what jobs left in it.

Only SQLite catalogs, and they are read without writing a byte. Names and messages may hold any bytes, so nothing is
decoded before it is known to be text.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fdsim.oracles.errors import LabError

COMPLETED = "T"
"""JobStatus of a job that ended without a complaint."""

_ENDED = frozenset("TWEefDAI")
_TABLES = re.compile(r"<<END-OF-DATA\n(.*?)^END-OF-DATA$", re.DOTALL | re.MULTILINE)
_BUSY_SECONDS = 10.0

_JOB = """
    SELECT Job.Name, Client.Name, Type, Level, JobStatus, JobFiles, JobBytes, ReadBytes, JobErrors
    FROM Job LEFT JOIN Client USING (ClientId) WHERE JobId = ?
"""
_LOG = "SELECT LogText FROM Log WHERE JobId = ? ORDER BY LogId"
# Bacula 9.6 keeps the names of files in a table of their own, 15.0 beside the records.
_FILES = """
    SELECT Path || {name}, LStat, MD5, FileIndex FROM File JOIN Path USING (PathId) {names}
    WHERE JobId = ? ORDER BY FileIndex, FileId
"""
_FILES_WITH_TABLE = _FILES.format(name="Name", names="JOIN Filename USING (FilenameId)")
_FILES_ALONE = _FILES.format(name="File.Filename", names="")


@dataclass(frozen=True)
class JobRecord:
    """What the catalog says about one job."""

    jobid: int
    name: str
    client: str
    type: str
    level: str
    status: str
    """One letter: T completed, W with warnings, E with errors, f failed, A canceled; R and others have not ended."""
    files: int
    bytes: int
    read_bytes: int
    errors: int
    log: str
    """The job's messages, as the Director keeps them in the catalog."""

    @property
    def ended(self) -> bool:
        """Whether its status is final."""
        return self.status in _ENDED


class FileRecord(NamedTuple):
    """What the catalog says about one file of a backup."""

    path: bytes
    lstat: str
    """The file's attributes in Bacula's base64 notation."""
    digest: str
    """Base64 of the digest; ``0`` or empty where there is none."""
    file_index: int


class Catalog:
    """The SQLite database of a Director, for reading."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def job(self, jobid: int) -> JobRecord:
        """The record of a job.

        Raises:
            LabError: the catalog has no such job.
        """
        with self._reading() as connection:
            row = connection.execute(_JOB, (jobid,)).fetchone()
            # The Director stores each message with a backslash behind its last newline.
            log = b"".join(text.removesuffix(b"\\") for (text,) in connection.execute(_LOG, (jobid,)))
        if row is None:
            raise LabError(f"the catalog has no job {jobid}")
        name, client, kind, level, status, files, size, read, errors = row
        return JobRecord(
            jobid=jobid,
            name=_text(name),
            client=_text(client or b""),
            type=_text(kind),
            level=_text(level),
            status=_text(status),
            files=files,
            bytes=size,
            read_bytes=read,
            errors=errors,
            log=_text(log),
        )

    def files(self, jobid: int) -> list[FileRecord]:
        """The files of a backup in the order of their FileIndex."""
        with self._reading() as connection:
            columns = {column for _, column, *_ in connection.execute("PRAGMA table_info(File)")}
            query = _FILES_ALONE if b"Filename" in columns else _FILES_WITH_TABLE
            return [
                FileRecord(path, _text(lstat), _text(digest), file_index)
                for path, lstat, digest, file_index in connection.execute(query, (jobid,))
            ]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        address = f"{self._database.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)) as connection:
            connection.text_factory = bytes
            yield connection


def create_catalog(script: Path, database: Path) -> None:
    """Make an empty catalog with the statements that a release's own shell script feeds to sqlite3.

    Raises:
        LabError: the script holds no statements, or they fail.
    """
    statements = _TABLES.search(script.read_text("utf-8"))
    if statements is None:
        raise LabError(f"{script} holds no statements between END-OF-DATA marks")
    with closing(sqlite3.connect(database)) as connection:
        try:
            # A new catalog is worth no waiting for the disk.
            connection.executescript("PRAGMA synchronous = OFF;" + statements[1])
        except sqlite3.Error as error:
            raise LabError(f"{script} makes no catalog: {error}") from error


def _text(field: bytes) -> str:
    return field.decode("utf-8", "surrogateescape")
