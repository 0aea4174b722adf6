"""Jobs that were announced to the Storage daemon, and what became of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fdsim.net.connection import Connection
from fdsim.stored.archive import StoredJob
from fdsim.stored.session import Commands
from fdsim.wire.jobs import JobStatus


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended for the Storage daemon."""

    status: JobStatus
    files: int = 0
    """The last FileIndex (SD-ACCT-4)."""
    bytes: int = 0
    """Payload of all records, attributes and digests included (SD-ACCT-4)."""
    error: str = ""
    """Why the status is not good, for people."""
    stored: StoredJob | None = None
    """Where a backup was put."""


class ExpectedJob:
    """One announced job; several threads may look at it."""

    def __init__(
        self, name: str, key: str, session_id: int, session_time: int, open_session: Callable[..., Commands]
    ) -> None:
        self.name: Final = name
        """The unique job name, by which the File daemon asks for it."""
        self.key: Final = key
        """The session key, with which it authenticates (SD-AUTH-4)."""
        self.session_id: Final = session_id
        self.session_time: Final = session_time
        self.files = 0
        """The FileIndex reached so far."""
        self.bytes = 0
        """Payload of the records so far."""
        self.error = ""
        """The last trouble with this job, for people."""
        self._open_session = open_session
        self._lock = threading.Lock()
        self._claimed = False
        self._outcome: Outcome | None = None
        self._ended = threading.Event()

    def claim(self) -> bool:
        """Whether this caller is the one that serves the job; only the first is (SD-HELLO-9)."""
        with self._lock:
            claimed, self._claimed = self._claimed, True
            return not claimed

    def release(self, error: str) -> None:
        """Let the next client try: this one did not know the key."""
        self.error = error
        with self._lock:
            self._claimed = False

    def open_session(self, connection: Connection) -> Commands:
        """The commands that this job allows, over an authenticated connection."""
        return self._open_session(self, connection)

    def succeed(self, stored: StoredJob | None = None) -> None:
        """The job has ended well."""
        self._end(Outcome(JobStatus.TERMINATED, self.files, self.bytes, stored=stored))

    def fail(self, error: str) -> None:
        """The job has ended badly; of several errors the first counts."""
        self._end(Outcome(JobStatus.FATAL, self.files, self.bytes, error))

    def wait(self, timeout: float) -> Outcome:
        """How the job ended; if it has not within ``timeout`` seconds, the outcome says so."""
        self._ended.wait(timeout)
        return self._outcome or Outcome(
            JobStatus.RUNNING if self._claimed else JobStatus.CREATED,
            self.files,
            self.bytes,
            self.error or ("it has not ended" if self._claimed else "the File daemon has not asked for it"),
        )

    def _end(self, outcome: Outcome) -> None:
        with self._lock:
            if self._outcome is None:
                self._outcome = outcome
        self._ended.set()
