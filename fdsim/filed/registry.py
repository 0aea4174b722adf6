"""The daemon's sessions and the jobs that ended, for ``status`` (DIR-END-12, DIR-STS)."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from fdsim.filed.job import Job
from fdsim.wire.jobs import JobStatus

_KEPT: Final = 10


@dataclass(frozen=True, slots=True)
class EndedJob:
    """What is kept of a job that is over."""

    job_id: int
    name: str
    kind: str
    level: str
    files: int
    job_bytes: int
    status: JobStatus
    ended: float


class Registry:
    """Knows all sessions; safe to use from several threads."""

    def __init__(self) -> None:
        self.started: Final = time.time()
        self._lock = threading.Lock()
        self._running: list[Job] = []
        self._ended: deque[EndedJob] = deque(maxlen=_KEPT)
        self._count = 0

    @contextmanager
    def session(self, job: Job) -> Iterator[None]:
        """Lists ``job`` while the block runs and keeps its result afterwards, if it became a real job."""
        with self._lock:
            self._running.append(job)
        try:
            yield
        finally:
            with self._lock:
                self._running.remove(job)
                if job.kind in {"B", "R", "V"}:
                    self._count += 1
                    self._ended.append(
                        EndedJob(
                            job.job_id, job.name, job.kind, job.level, job.files, job.job_bytes, job.status, time.time()
                        )
                    )

    def running(self) -> tuple[Job, ...]:
        """The sessions there are."""
        with self._lock:
            return tuple(self._running)

    def ended(self) -> tuple[EndedJob, ...]:
        """The last jobs that ended, the oldest first."""
        with self._lock:
            return tuple(self._ended)

    @property
    def run(self) -> int:
        """How many jobs have ended since the daemon started."""
        with self._lock:
            return self._count
