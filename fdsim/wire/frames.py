"""BNET framing: a byte stream is a sequence of packets and signals.

Every frame starts with a signed 32-bit big-endian word (DIR-BNET-1). A negative word is a *signal* and nothing follows
it (DIR-BNET-2). Otherwise its low bits are the length of the payload that follows, and two high bits are flags
(DIR-BNET-7):

* bit 30: the payload is one raw LZ4 block (see ``linecomp``);
* bit 29: a second word of flags stands between the length and the payload.

Decoding is incremental: feed whatever arrived, in pieces of any size, and take out the frames that are complete.
Lengths are bounded before anything is allocated for them.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

from fdsim.wire import linecomp
from fdsim.wire.errors import LocalProtocolError, RemoteProtocolError

COMPRESSED = 0x40000000
EXTENDED = 0x20000000
LENGTH_MASK = 0x1FFFFFFF
IS_CMD = 1 << 28
"""In the second word: the payload is a command of deduplication (DIR-BNET-9)."""

MAX_RECEIVED = 1_000_000
"""The longest payload a receiver accepts, as it is on the wire (DIR-BNET-15)."""

_WORD = struct.Struct(">i")
_TWO_WORDS = struct.Struct(">iI")


class Signal(IntEnum):
    """A frame without payload; the value is the word on the wire (DIR-BNET-4, DIR-BNET-5).

    Any other negative number is a signal too: ``Signal(-99)`` is a member of its own called ``UNKNOWN_99``.
    """

    EOD = -1
    EOD_POLL = -2
    STATUS = -3
    TERMINATE = -4
    POLL = -5
    HEARTBEAT = -6
    HB_RESPONSE = -7
    PROMPT = -8
    BTIME = -9
    BREAK = -10
    START_SELECT = -11
    END_SELECT = -12
    INVALID_CMD = -13
    CMD_FAILED = -14
    CMD_OK = -15
    CMD_BEGIN = -16
    MSGS_PENDING = -17
    MAIN_PROMPT = -18
    SELECT_INPUT = -19
    WARNING_MSG = -20
    ERROR_MSG = -21
    INFO_MSG = -22
    RUN_CMD = -23
    YESNO = -24
    START_RTREE = -25
    END_RTREE = -26
    SUB_PROMPT = -27
    TEXT_INPUT = -28
    EXT_TERMINATE = -29
    FDCALLED = -30
    ISALIVE = -31

    @classmethod
    def _missing_(cls, value: object) -> Signal | None:
        if not isinstance(value, int) or value >= 0:
            return None
        unknown = int.__new__(cls, value)
        unknown._name_ = f"UNKNOWN_{-value}"
        unknown._value_ = value
        return unknown


class Packet(NamedTuple):
    """A frame with a payload, decompressed."""

    payload: bytes
    compressed: bool = False
    """Whether the payload was an LZ4 block on the wire."""
    flags: int | None = None
    """The second word of an extended header, None if there was none."""


Frame = Packet | Signal


def split(payload: bytes, *, compress: bool = False, flags: int | None = None) -> tuple[bytes, bytes]:
    """A packet as its header and its body, so that a long body need not be copied.

    Args:
        payload: what to send; may be empty, which is a legal packet of its own (DIR-BNET-3).
        compress: use LZ4 where it saves enough (DIR-BNET-12).
        flags: a second word for the header (DIR-BNET-9), which makes it an extended one.

    Raises:
        LocalProtocolError: the peer could not read so long a packet (DIR-BNET-17).
    """
    word = 0
    if compress and (block := linecomp.compress(payload)) is not None:
        payload = block
        word = COMPRESSED
    if len(payload) > MAX_RECEIVED:
        raise LocalProtocolError(f"a packet of {len(payload)} bytes is longer than any peer accepts ({MAX_RECEIVED})")
    if flags is not None:
        return _TWO_WORDS.pack(word | EXTENDED | len(payload), flags), payload
    return _WORD.pack(word | len(payload)), payload


def encode(payload: bytes, *, compress: bool = False, flags: int | None = None) -> bytes:
    """A packet as one piece; arguments and errors as for ``split``."""
    return b"".join(split(payload, compress=compress, flags=flags))


def encode_signal(signal: int) -> bytes:
    """Frame one signal."""
    return _WORD.pack(signal)


class FrameDecoder:
    """Turns one direction of a connection into frames."""

    def __init__(self) -> None:
        self._buffer = b""
        self._offset = 0

    @property
    def pending(self) -> int:
        """How many bytes of an incomplete frame are held."""
        return len(self._buffer) - self._offset

    def feed(self, data: bytes) -> None:
        """Take in what arrived."""
        self._buffer = self._buffer[self._offset :] + data if self._offset < len(self._buffer) else data
        self._offset = 0

    def next(self) -> Frame | None:
        """The next complete frame, or None until more bytes are fed.

        Raises:
            RemoteProtocolError: the length is absurd or the LZ4 block is damaged. The stream has lost its
                synchronisation then and the connection must be given up.
        """
        buffer, start = self._buffer, self._offset
        begin = start + 4
        if begin > len(buffer):
            return None
        (word,) = _WORD.unpack_from(buffer, start)
        if 0 <= word <= MAX_RECEIVED:
            # A plain packet, by far the most frequent frame.
            end = begin + word
            if end > len(buffer):
                return None
            self._offset = end
            return Packet(buffer[begin:end])
        if word < 0:
            self._offset = begin
            return Signal(word)
        return self._next_flagged(word, begin)

    def take(self) -> list[Frame]:
        """The complete frames up to and with the first signal; none if more bytes are needed.

        As often calling ``next``, for where many small packets come: a third of the time.

        Raises:
            RemoteProtocolError: as ``next``, once all frames before the damage were taken.
        """
        frames: list[Frame] = []
        buffer, start = self._buffer, self._offset
        available = len(buffer)
        while (begin := start + 4) <= available:
            (word,) = _WORD.unpack_from(buffer, start)
            if not 0 <= word <= MAX_RECEIVED:
                # Signals and whatever has flags are left to the one place that knows them.
                self._offset = start
                try:
                    frame = self.next()
                except RemoteProtocolError:
                    if not frames:
                        raise
                    self._offset = start
                    return frames
                if frame is None:
                    return frames
                frames.append(frame)
                start = self._offset
                if word < 0:
                    return frames
                continue
            end = begin + word
            if end > available:
                break
            frames.append(Packet(buffer[begin:end]))
            start = end
        self._offset = start
        return frames

    def _next_flagged(self, word: int, begin: int) -> Packet | None:
        """A packet whose first word has flags, or is absurd."""
        buffer = self._buffer
        length = word & LENGTH_MASK
        if length > MAX_RECEIVED:
            raise RemoteProtocolError(
                f"packet of {length} bytes announced (word {word:#010x}), {MAX_RECEIVED} are allowed"
            )
        flags = None
        if word & EXTENDED:
            if begin + 4 > len(buffer):
                return None
            flags = int.from_bytes(buffer[begin : begin + 4], "big")
            begin += 4
        end = begin + length
        if end > len(buffer):
            return None
        self._offset = end
        payload = buffer[begin:end]
        compressed = bool(word & COMPRESSED)
        return Packet(linecomp.decompress(payload) if compressed else payload, compressed, flags)
