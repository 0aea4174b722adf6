"""What an observer makes of the frames of a conversation: kinds, meanings, events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from fdsim.wire.attributes import Attributes
from fdsim.wire.catalog import AccurateEntry, VerifyAttributes, VerifyDigest
from fdsim.wire.frames import Frame
from fdsim.wire.messages.base import Message
from fdsim.wire.records import RecordHeader, StreamHeader
from fdsim.wire.roles import Role


class Kind(Enum):
    """What a frame is in its place; the value is the word for it in transcripts."""

    # The beginning of either link
    HELLO = "hello"
    CHALLENGE = "challenge"
    RESPONSE = "response"
    VERDICT = "verdict"
    WELCOME = "welcome"
    PING = "ping"
    # Director and File daemon
    ORDER = "order"
    FILESET_LINE = "fileset line"
    ACCURATE_ENTRY = "accurate entry"
    RESTORE_OBJECT = "restore object"
    LIST_LINE = "list line"
    CLOCK = "clock"
    REPLY = "reply"
    JOB_MESSAGE = "job message"
    PROGRESS = "progress"
    LISTING = "listing"
    VERIFY_ATTRIBUTES = "verify attributes"
    VERIFY_DIGEST = "verify digest"
    END_OF_LIST = "end of list"
    END_OF_JOB = "end of job"
    # File daemon and Storage daemon
    SESSION_COMMAND = "session command"
    SESSION_REPLY = "session reply"
    STREAM_HEADER = "stream header"
    RECORD_HEADER = "record header"
    ATTRIBUTES = "attributes"
    DIGEST = "digest"
    DATA = "data"
    END_OF_STREAM = "end of stream"
    END_OF_DATA = "end of data"
    # Anywhere
    HEARTBEAT = "heartbeat"
    POLL = "poll"
    TERMINATE = "terminate"
    SIGNAL = "signal"
    UNKNOWN = "unknown"
    BROKEN = "broken"
    """What arrived is no frame, or breaks off in the middle of one; the last event of its direction."""
    CLOSED = "closed"
    """The sender has closed its direction; the last event of it."""


Content = Message | StreamHeader | RecordHeader | Attributes | AccurateEntry | VerifyAttributes | VerifyDigest


class Meaning(NamedTuple):
    """What one frame means in its place."""

    kind: Kind
    note: str = ""
    """A few words for people."""
    message: Content | None = None
    """The content as it was read, where it has a definition."""
    deviations: tuple[str, ...] = ()
    """In what the frame differs from what the protocol wants here."""


@dataclass(frozen=True, slots=True)
class Event:
    """One frame of a conversation and what it means."""

    number: int
    """Counts the events of the conversation from 1."""
    sender: Role
    receiver: Role
    frame: Frame | None
    """None for BROKEN and CLOSED."""
    meaning: Meaning

    @property
    def kind(self) -> Kind:
        """What the frame is."""
        return self.meaning.kind

    @property
    def note(self) -> str:
        """A few words for people."""
        return self.meaning.note

    @property
    def message(self) -> Content | None:
        """The content as it was read, where it has a definition."""
        return self.meaning.message

    @property
    def deviations(self) -> tuple[str, ...]:
        """In what the frame differs from what the protocol wants here."""
        return self.meaning.deviations


def match_any(payload: bytes, messages: Iterable[type[Message]], kind: Kind) -> Meaning | None:
    """What ``payload`` means as the first of ``messages`` that it can be read as, None if it is none of them."""
    for message in messages:
        parsed = message.match(payload)
        if parsed is not None:
            return Meaning(kind, "", parsed.message, parsed.deviations)
    return None
