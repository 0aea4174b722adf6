"""What each packet between File daemon and Storage daemon means in its place (FD-SD.md sections 1 to 3).

The File daemon gives commands; the table ``SESSION`` says what answers them. After ``append data`` the File daemon's
direction carries streams: each a header, packets and an EOD, and one further EOD after the last (SD-APP-4). After the
first reply to ``read data`` the Storage daemon's direction carries records: each a header and one packet, and an EOD
after the last (SD-READ-8). Heartbeats and polls may stand between any two frames (SD-HB-5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fdsim.wire.attributes import Attributes
from fdsim.wire.dues import Due, Dues, Part, SignalAnswers
from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.events import Kind, Meaning
from fdsim.wire.frames import Signal
from fdsim.wire.handshake import STORAGE_HANDSHAKE, Handshake
from fdsim.wire.messages import storage as s
from fdsim.wire.messages.base import Message
from fdsim.wire.records import RecordHeader, StreamHeader
from fdsim.wire.roles import Role
from fdsim.wire.streams import ATTRIBUTES, DIGESTS, STREAM_MASK, Stream, stream_name, type_name


@dataclass(frozen=True, slots=True)
class SessionCommand:
    """One command of a File daemon to a Storage daemon and what answers it."""

    message: type[Message]
    answer: tuple[type[Message] | Part, ...]
    """In this order."""
    streams: bool = False
    """Whether streams follow the command."""


SESSION: Final = (
    SessionCommand(s.AppendOpen, (s.OpenOk,)),
    SessionCommand(s.AppendData, (s.DataOk, s.AppendDataOk), streams=True),
    SessionCommand(s.AppendEnd, (s.EndOk,)),
    SessionCommand(s.AppendClose, (s.CloseOk, Part.EOD)),
    SessionCommand(s.ReadOpen, (s.OpenOk,)),
    SessionCommand(s.ReadData, (s.DataOk, Part.RECORDS)),
    SessionCommand(s.ReadClose, (s.CloseOk, Part.EOD)),
)
"""The commands of both kinds of session (SD-APP-1 to SD-APP-8, SD-READ-1 to SD-READ-15)."""

_NEW_OBJECT: Final = ATTRIBUTES | {Stream.RESTORE_OBJECT, Stream.PLUGIN_OBJECT, Stream.PLUGIN_NAME}
"""Streams whose header may carry the next FileIndex (SD-FIDX-3, SD-FIDX-4)."""


class StorageLink:
    """The state of one connection between a File daemon and a Storage daemon."""

    caller: Final = Role.FILE_DAEMON
    called: Final = Role.STORAGE_DAEMON

    def __init__(self) -> None:
        self.handshake: Final = Handshake(STORAGE_HANDSHAKE)
        self._dues = Dues(Kind.SESSION_REPLY, lambda _: "")
        self._asked = SignalAnswers({Signal.POLL: s.PollOk})
        self._streams = False
        self._stream: StreamHeader | None = None
        self._record: RecordHeader | None = None
        self._file_index = 0

    # Packets

    def packet(self, sender: Role, payload: bytes) -> Meaning:
        """What a packet means."""
        if not self.handshake.done:
            return self.handshake.packet(sender, payload)
        other = self.called if sender is self.caller else self.caller
        if answer := self._asked.match(other, payload):
            return answer
        return self._from_file_daemon(payload) if sender is self.caller else self._from_storage_daemon(payload)

    def _from_file_daemon(self, payload: bytes) -> Meaning:
        if not self._streams:
            return self._command(payload)
        if self._stream is None:
            return self._stream_header(payload)
        if not payload:
            self._stream = None
            return Meaning(Kind.END_OF_STREAM, deviations=("an empty packet instead of an EOD",))
        meaning = _content(self._stream.stream, payload)
        if isinstance(meaning.message, Attributes) and meaning.message.file_index != self._stream.file_index:
            wrong = f"FileIndex {meaning.message.file_index} in a stream whose header says {self._stream.file_index}"
            return meaning._replace(deviations=(wrong,))
        return meaning

    def _command(self, payload: bytes) -> Meaning:
        for command in SESSION:
            if parsed := command.message.match(payload):
                name = command.message.shape.prefix.decode("ascii").strip()
                self._dues.add(_due(name, part) for part in command.answer)
                self._streams = command.streams
                return Meaning(Kind.SESSION_COMMAND, "", parsed.message, parsed.deviations)
        self._dues.add([Due("an unknown command", Part.REPLY)])
        return Meaning(Kind.UNKNOWN, deviations=("stands where a command was due",))

    def _stream_header(self, payload: bytes) -> Meaning:
        try:
            header = self._stream = StreamHeader.parse(payload)
        except RemoteProtocolError as error:
            return Meaning(Kind.UNKNOWN, deviations=(str(error),))
        return Meaning(Kind.STREAM_HEADER, _header_note(header), header, self._out_of_place(header, payload))

    def _out_of_place(self, header: StreamHeader, payload: bytes) -> tuple[str, ...]:
        """What a Storage daemon would not accept in a header."""
        index, last = header.file_index, self._file_index
        self._file_index = index
        deviations = []
        if payload != header.encode():
            deviations.append(f"the exact form is {header.encode()!r}")
        # The first may be any positive number: a restarted job goes on where it broke off (SD-FIDX-2).
        if index < 1 or (last and index not in {last, last + 1}):
            deviations.append(f"FileIndex {index} follows {last}")
        elif index == last + 1 and header.stream & STREAM_MASK not in _NEW_OBJECT:
            deviations.append(f"FileIndex {index} begins without attributes")
        return tuple(deviations)

    def _from_storage_daemon(self, payload: bytes) -> Meaning:
        due = self._dues.first
        if due is None or due.part is not Part.RECORDS:
            return self._reply(payload, due)
        if self._record is not None:
            header, self._record = self._record, None
            meaning = _content(header.stream, payload)
            if len(payload) != header.length:
                wrong = f"{len(payload)} bytes where the header says {header.length}"
                return meaning._replace(deviations=(*meaning.deviations, wrong))
            return meaning
        try:
            header = self._record = RecordHeader.parse(payload)
        except RemoteProtocolError as error:
            return self._dues.reply(payload) or Meaning(Kind.UNKNOWN, deviations=(str(error),))
        exact = header.encode()
        deviations = () if payload == exact else (f"the exact form is {exact!r}",)
        return Meaning(Kind.RECORD_HEADER, _header_note(header), header, deviations)

    def _reply(self, payload: bytes, due: Due | None) -> Meaning:
        if s.ReadError.match(payload):
            # The one refusal whose number does not tell (SD-READ-5).
            self._dues.clear()
            return Meaning(Kind.SESSION_REPLY, "refused", s.ReadError())
        if meaning := self._dues.reply(payload):
            return meaning
        return Meaning(Kind.UNKNOWN, deviations=(f"stands where {due or 'no answer'} was due",))

    # Signals

    def signal(self, sender: Role, signal: Signal) -> Meaning:
        """What a signal means."""
        if not self.handshake.done:
            return self.handshake.signal(signal)
        if signal is Signal.TERMINATE:
            return Meaning(Kind.TERMINATE, "in the middle of a stream" if self._within(sender) else "")
        if signal in {Signal.HEARTBEAT, Signal.HB_RESPONSE}:
            return Meaning(Kind.HEARTBEAT)
        if signal is Signal.EOD:
            return self._end(sender)
        if self._asked.ask(sender, signal):
            return Meaning(Kind.POLL)
        return Meaning(Kind.SIGNAL, deviations=("has no meaning here",))

    def _within(self, sender: Role) -> bool:
        return (self._stream if sender is self.caller else self._record) is not None

    def _end(self, sender: Role) -> Meaning:
        if self._asked.end(self.called if sender is self.caller else self.caller):
            return Meaning(Kind.END_OF_LIST, "of the answer to STATUS")
        if sender is self.called:
            return self._end_of_records()
        if self._stream is not None:
            self._stream = None
            return Meaning(Kind.END_OF_STREAM)
        if self._streams:
            self._streams = False
            return Meaning(Kind.END_OF_DATA)
        return Meaning(Kind.SIGNAL, deviations=("ends nothing",))

    def _end_of_records(self) -> Meaning:
        due = self._dues.first
        meaning = self._dues.end() or Meaning(Kind.SIGNAL, deviations=("ends nothing",))
        if due is None or due.part is not Part.RECORDS:
            return meaning
        missing = () if self._record is None else ("stands where the packet of a record was due",)
        self._record = None
        return Meaning(Kind.END_OF_DATA, deviations=missing)


def _due(command: str, part: type[Message] | Part) -> Due:
    return Due(command, part) if isinstance(part, Part) else Due(command, Part.REPLY, (part,))


def _content(stream: int, payload: bytes) -> Meaning:
    """What the packet of a stream or record means."""
    number = stream & STREAM_MASK
    if number in DIGESTS:
        return Meaning(Kind.DIGEST, payload.hex())
    if number not in ATTRIBUTES:
        return Meaning(Kind.DATA, stream_name(stream))
    try:
        attributes = Attributes.parse(payload)
    except RemoteProtocolError as error:
        return Meaning(Kind.ATTRIBUTES, deviations=(str(error),))
    return Meaning(Kind.ATTRIBUTES, type_name(attributes.type), attributes)


def _header_note(header: StreamHeader | RecordHeader) -> str:
    return f"FileIndex {header.file_index}, {stream_name(header.stream)}"
