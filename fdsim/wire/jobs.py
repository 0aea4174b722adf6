"""What the wire says of jobs in numbers and letters: statuses, types of messages, what to do with existing files."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class JobStatus(StrEnum):
    """How a job stands; the ASCII code of the letter is its TermCode (DIR-END-5)."""

    CREATED = "C"
    BLOCKED = "B"
    RUNNING = "R"
    TERMINATED = "T"
    WARNINGS = "W"
    ERROR = "E"
    FATAL = "f"
    CANCELED = "A"
    INCOMPLETE = "I"
    DIFFERENCES = "D"

    @property
    def code(self) -> int:
        """The number that stands for it on the wire."""
        return ord(self.value)

    @property
    def good(self) -> bool:
        """Whether a job that ended so did what it was asked to."""
        return self in {JobStatus.TERMINATED, JobStatus.WARNINGS}

    @property
    def words(self) -> str:
        """The status in words, e.g. ``fatal error``."""
        return _WORDS[self]


_WORDS = {
    JobStatus.CREATED: "created, never started",
    JobStatus.BLOCKED: "blocked",
    JobStatus.RUNNING: "running",
    JobStatus.TERMINATED: "OK",
    JobStatus.WARNINGS: "OK with warnings",
    JobStatus.ERROR: "error",
    JobStatus.FATAL: "fatal error",
    JobStatus.CANCELED: "canceled",
    JobStatus.INCOMPLETE: "incomplete",
    JobStatus.DIFFERENCES: "differences",
}


class Replace(StrEnum):
    """What a restore does with a file that exists; the value is the letter on the wire (DIR-RST-2)."""

    ALWAYS = "a"
    IF_NEWER = "w"
    IF_OLDER = "o"
    NEVER = "n"


class MessageType(IntEnum):
    """Kinds of job messages with their numbers up to Bacula 11 (DIR-MSG-6)."""

    ABORT = 1
    DEBUG = 2
    FATAL = 3
    ERROR = 4
    WARNING = 5
    INFO = 6
    SAVED = 7
    NOTSAVED = 8
    SKIPPED = 9
    MOUNT = 10
    ERROR_TERM = 11
    TERM = 12
    RESTORED = 13
    SECURITY = 14
    ALERT = 15
    VOLMGMT = 16

    @property
    def word(self) -> str:
        """The name in the Messages resource of a configuration (DIR-CFG-15)."""
        return _CONFIGURED.get(self, self.name.lower())


_CONFIGURED = {MessageType.ERROR_TERM: "errorterm", MessageType.TERM: "terminate"}

MESSAGE_PREFIX = {
    MessageType.FATAL: "Fatal error: ",
    MessageType.ERROR: "Error: ",
    MessageType.WARNING: "Warning: ",
    MessageType.SECURITY: "Security Alert: ",
}
"""What stands in front of the text of a message of such a type (DIR-MSG-3)."""


def message_text(name: str, job_id: int, message_type: MessageType, text: str) -> str:
    """The text of a job message as it travels: who, which job, how bad, what (DIR-MSG-3)."""
    return f"{name} JobId {job_id}: {MESSAGE_PREFIX.get(message_type, '')}{text}"
