"""What each packet between Director and File daemon means in its place (DIR-FD.md sections 3 to 7).

The Director gives orders, some followed by lists; the table ``ORDERS`` says by what and what answers them. The File
daemon answers in the order of the orders. Messages for the job's log, progress reports and heartbeats may stand
anywhere between (DIR-MSG-10, DIR-BNET-24), and the end of the job comes unasked (DIR-END-1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fdsim.wire.catalog import AccurateEntry, VerifyAttributes, VerifyDigest
from fdsim.wire.dues import Due, Dues, Part, SignalAnswers
from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.events import Kind, Meaning, match_any
from fdsim.wire.fileset import parse_line
from fdsim.wire.frames import Signal
from fdsim.wire.handshake import DIRECTOR_HANDSHAKE, Handshake
from fdsim.wire.jobs import JobStatus, MessageType
from fdsim.wire.messages import orders as o
from fdsim.wire.messages import replies as r
from fdsim.wire.messages.base import Message, shorten
from fdsim.wire.orders import Answer, Follow, Order, find_order
from fdsim.wire.roles import Role
from fdsim.wire.streams import stream_name

_PARTS: Final = {
    Answer.NONE: (),
    Answer.ONE: (Part.REPLY,),
    Answer.LINES: (Part.LINES,),
    Answer.RECORDS: (Part.REPLY, Part.RECORDS),
}

_PRELIMINARY: Final[dict[str, tuple[type[Message], ...]]] = {
    # The search for the job and the order itself are answered separately (DIR-BW-2).
    "setbandwidth": (r.JobNotFound,),
    # One reply when the restore begins, one when the storage is done (DIR-RST-8, DIR-RST-10).
    "restore": (r.RestoreOk,),
}
"""Replies after which another one to the same order is due."""

_SIGNAL_ANSWERS: Final[dict[Signal, type[Message]]] = {Signal.BTIME: o.ClockAnswer, Signal.POLL: o.PollAnswer}
_UNASKED: Final[tuple[tuple[type[Message], Kind], ...]] = (
    (r.JobMessage, Kind.JOB_MESSAGE),
    (r.Progress, Kind.PROGRESS),
    (r.EndJob, Kind.END_OF_JOB),
)
"""What a File daemon may say at any time."""

_LIST_LENGTH: Final = {Follow.OBJECT: 2}
"""Lists that have a fixed number of packets instead of an EOD (DIR-OBJ-1)."""


class DirectorLink:
    """The state of one connection between a Director and a File daemon."""

    caller: Final = Role.DIRECTOR
    called: Final = Role.FILE_DAEMON

    def __init__(self) -> None:
        self.handshake: Final = Handshake(DIRECTOR_HANDSHAKE)
        self._dues = Dues(Kind.REPLY, _note)
        self._asked = SignalAnswers(_SIGNAL_ANSWERS)
        self._follow = Follow.NOTHING
        self._followed = 0
        self._job_id = 0

    # Packets

    def packet(self, sender: Role, payload: bytes) -> Meaning:
        """What a packet means."""
        if not self.handshake.done:
            return self.handshake.packet(sender, payload)
        return self._from_director(payload) if sender is self.caller else self._from_file_daemon(payload)

    def _from_director(self, payload: bytes) -> Meaning:
        if answer := self._asked.match(self.called, payload):
            return answer
        if self._follow in _LISTS:
            self._followed += 1
            if self._followed == _LIST_LENGTH.get(self._follow):
                follow, self._follow = self._follow, Follow.NOTHING
                return _LISTS[follow](payload)
            return _LISTS[self._follow](payload)
        return self._order(payload)

    def _order(self, payload: bytes) -> Meaning:
        order = find_order(payload)
        if order is None:
            # It is answered nevertheless (DIR-LOOP-5).
            self._dues.add([Due("an unknown order", Part.REPLY)])
            return Meaning(Kind.UNKNOWN, deviations=("no order begins like this",))
        meaning = Meaning(Kind.ORDER)
        if order.message is not None:
            read = match_any(payload, [order.message], Kind.ORDER)
            meaning = read or meaning._replace(deviations=(f"not of the form {order.message.shape.text!r}",))
        message = meaning.message
        if isinstance(message, o.JobOrder):
            self._job_id = message.job_id
        if order.name == "hello":
            self.handshake.again()
            return meaning
        self._follow, self._followed = order.follow, 0
        if not self._dues.add(_answer(order, meaning)):
            return meaning._replace(deviations=(*meaning.deviations, "too many orders are unanswered"))
        return meaning

    def _from_file_daemon(self, payload: bytes) -> Meaning:
        for message, kind in _UNASKED:
            if payload.startswith(message.shape.prefix) and (meaning := match_any(payload, [message], kind)):
                if kind is Kind.END_OF_JOB:
                    # Nothing else is due: a failed job ends without the answers that it owes (DIR-END-1).
                    self._dues.clear()
                return meaning._replace(note=_note(meaning.message))
        due = self._dues.first
        if due is not None and due.part is Part.RECORDS and (meaning := _verify_record(payload)):
            return meaning
        if meaning := self._dues.reply(payload):
            return meaning
        if due is not None and due.part is Part.LINES:
            return Meaning(Kind.LISTING)
        if self._job_id == 0:
            return Meaning(Kind.JOB_MESSAGE, "a message without header")
        expected = f"{due} or a message" if due else "a message"
        return Meaning(Kind.UNKNOWN, deviations=(f"stands where {expected} was due",))

    # Signals

    def signal(self, sender: Role, signal: Signal) -> Meaning:
        """What a signal means."""
        if not self.handshake.done:
            return self.handshake.signal(signal)
        if signal is Signal.TERMINATE:
            return Meaning(Kind.TERMINATE)
        if signal is Signal.EOD and self._asked.end(self.caller if sender is self.called else self.called):
            return Meaning(Kind.END_OF_LIST, "of the answer to STATUS")
        return self._director_signal(signal) if sender is self.caller else self._file_daemon_signal(signal)

    def _director_signal(self, signal: Signal) -> Meaning:
        if self._follow not in _LISTS:
            return Meaning(Kind.SIGNAL, deviations=("stands where an order was due and ends the session",))
        follow, self._follow = self._follow, Follow.NOTHING
        # Any signal ends a list (DIR-BNET-28), but none is due where the number of packets is fixed.
        wanted = Signal.EOD if follow not in _LIST_LENGTH else None
        deviations = () if signal is wanted else (f"ends {follow.value}",)
        return Meaning(Kind.END_OF_LIST, deviations=deviations)

    def _file_daemon_signal(self, signal: Signal) -> Meaning:
        if signal in {Signal.HEARTBEAT, Signal.HB_RESPONSE}:
            return Meaning(Kind.HEARTBEAT)
        if self._asked.ask(self.called, signal):
            due = self._dues.first
            if signal is not Signal.BTIME:
                return Meaning(Kind.POLL)
            in_place = due is not None and due.part is Part.CLOCK
            return Meaning(Kind.CLOCK, deviations=() if in_place else ("nobody wants to compare clocks here",))
        # What testnetwork measured ends with one of two signals of its own (DIR-MISC-4).
        if signal in {Signal.EOD, Signal.CMD_OK, Signal.CMD_FAILED} and (meaning := self._dues.end()):
            return meaning
        return Meaning(Kind.SIGNAL, deviations=("ends nothing",) if signal is Signal.EOD else ())


def _answer(order: Order, meaning: Meaning) -> list[Due]:
    """The parts of what answers an order."""
    message = meaning.message
    if isinstance(message, o.LevelOrder) and any(word in message.level.lower() for word in _UNANSWERED_LEVELS):
        return []
    parts = _PARTS[order.answer]
    if order.follow is Follow.CLOCK:
        parts = (Part.CLOCK, *parts)
    preliminary = _PRELIMINARY.get(order.name, ())
    return [Due(order.name, part, order.replies, preliminary) for part in parts]


_UNANSWERED_LEVELS: Final = ("differential", "incremental")
"""Levels that a second line completes, which is answered for both (DIR-LEVEL-5)."""


# The packets of lists


def _fileset_line(payload: bytes) -> Meaning:
    try:
        line, _ = parse_line(payload)
    except RemoteProtocolError as error:
        return Meaning(Kind.FILESET_LINE, deviations=(str(error),))
    return Meaning(Kind.FILESET_LINE, line.name.lower().replace("_", " "))


def _accurate_entry(payload: bytes) -> Meaning:
    try:
        entry = AccurateEntry.parse(payload)
    except RemoteProtocolError as error:
        return Meaning(Kind.ACCURATE_ENTRY, deviations=(str(error),))
    return Meaning(Kind.ACCURATE_ENTRY, message=entry)


_LISTS: Final[dict[Follow, Callable[[bytes], Meaning]]] = {
    Follow.FILESET: _fileset_line,
    Follow.ACCURATE: _accurate_entry,
    Follow.OBJECT: lambda _: Meaning(Kind.RESTORE_OBJECT),
    Follow.LINES: lambda _: Meaning(Kind.LIST_LINE),
}


def _verify_record(payload: bytes) -> Meaning | None:
    for record, kind in ((VerifyAttributes, Kind.VERIFY_ATTRIBUTES), (VerifyDigest, Kind.VERIFY_DIGEST)):
        try:
            message = record.parse(payload)
        except RemoteProtocolError:
            continue
        note = stream_name(message.stream) if isinstance(message, VerifyDigest) else ""
        exact = message.encode()
        deviations = () if payload == exact else (f"the exact form is {shorten(exact)}",)
        return Meaning(kind, note, message, deviations)
    return None


def _note(message: object) -> str:
    """Words about what a File daemon says."""
    if isinstance(message, r.JobMessage):
        known = message.type in MessageType._value2member_map_
        return MessageType(message.type).name if known else f"message type {message.type}"
    if isinstance(message, r.EndJob):
        letter = chr(message.status) if 0 < message.status < 128 else ""
        status = JobStatus(letter).words if letter in JobStatus._value2member_map_ else f"status {message.status}"
        return f"{status}, {message.files} files, {message.job_bytes} bytes, {message.errors} errors"
    return ""
