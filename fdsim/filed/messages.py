"""Messages for the job's log, sent to the Director as they arise (DIR-MSG-1 to DIR-MSG-10)."""

from __future__ import annotations

import logging
import time

from fdsim.filed.job import Job
from fdsim.net.connection import Connection
from fdsim.net.errors import NetworkError
from fdsim.wire.jobs import JobStatus, MessageType, message_text
from fdsim.wire.messages.replies import JobMessage
from fdsim.wire.messages.shape import bytes_of

log = logging.getLogger(__name__)


class Reporter:
    """Sends one session's messages and keeps count of what they mean for the job."""

    def __init__(self, name: str, director: Connection, job: Job, wanted: frozenset[str]) -> None:
        """Set up.

        Args:
            name: the daemon's name, which stands in every message.
            director: where messages go.
            job: whose errors are counted.
            wanted: the types that the configuration sends to the Director (DIR-MSG-9).
        """
        self._name = name
        self._director = director
        self._job = job
        self._wanted = wanted
        self._lost = False

    def wants(self, kind: MessageType) -> bool:
        """Whether messages of this type are sent at all, so that making them can be spared."""
        return kind.word in self._wanted

    def __call__(self, kind: MessageType, text: str) -> None:
        """Report ``text``, which ends with a newline.

        A fatal message makes the job's status f, an error adds to the job's errors (DIR-END-10).
        """
        job = self._job
        if kind is MessageType.FATAL:
            job.set_status(JobStatus.FATAL)
            job.errors = max(job.errors, 1)
        elif kind is MessageType.ERROR:
            job.errors += 1
        if not self.wants(kind):
            return
        if job.job_id == 0 and kind is not MessageType.SECURITY:
            # A console's session has no log: it gets the bare text (DIR-MSG-4).
            self._send(bytes_of(text))
        else:
            full = message_text(self._name, job.job_id, kind, text)
            self._send(JobMessage(job.job_id, kind, int(time.time()), full).encode())

    def not_saved(self, text: str) -> None:
        """Report something that could not be saved, which counts as an error of the job (DIR-BKP-9)."""
        self._job.errors += 1
        self(MessageType.NOTSAVED, text)

    def _send(self, payload: bytes) -> None:
        if self._lost:
            log.warning(
                "message for the Director that is gone: %s", payload.decode("utf-8", "backslashreplace").rstrip()
            )
            return
        try:
            self._director.send(payload)
        except NetworkError as error:
            # The job goes on without its Director, as the real FD's does (9.6 wire, section 14).
            self._lost = True
            log.warning("a message could not be delivered: %s", error)
