"""Headers of records between File daemon and Storage daemon.

On the way to the Storage daemon a stream is its header, data packets and an EOD (SD-HDR-1); on the way back each record
is a header of another shape and exactly one packet (SD-READ-7). Neither header ends with a newline.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fdsim.wire.errors import RemoteProtocolError

# No number of the protocol has more than 64 bits, which are 20 digits.
_NUMBER = rb"(-?\d{0,20})"
# The real scanner is lax: white space between numbers may be missing, a number may be empty and then counts as 0, and
# text that follows is ignored (DIR-SCAN-2, DIR-SCAN-3, SD-HDR-4). It knows no plus sign and takes no white space in
# front of the first number, which counts as 0 then.
_STREAM_HEADER = re.compile(rb"\s*".join([_NUMBER] * 3))
_RECORD_HEADER = re.compile(rb"rechdr\s*" + rb"\s*".join([_NUMBER] * 5))


class StreamHeader(NamedTuple):
    """Opens one stream of one object on its way to the Storage daemon (SD-HDR-1, SD-HDR-2)."""

    file_index: int
    stream: int
    length: int
    """Size of the file for its data stream, -1 if unknown, and 0 for any other stream; informative only."""

    def encode(self) -> bytes:
        """The packet's payload."""
        return b"%d %d %d" % self

    @classmethod
    def parse(cls, payload: bytes) -> StreamHeader:
        """Read a header.

        Raises:
            RemoteProtocolError: it does not start with numbers.
        """
        match = _STREAM_HEADER.match(payload)
        if match is None or not match.end():
            raise RemoteProtocolError(f"malformed stream header {payload[:80]!r}")
        return cls._make(map(_number, match.groups()))


class RecordHeader(NamedTuple):
    """Announces one record on its way from the Storage daemon (SD-READ-7)."""

    session_id: int
    session_time: int
    file_index: int
    stream: int
    length: int
    """Bytes of the one packet that follows, decompressed (SD-READ-10)."""

    def encode(self) -> bytes:
        """The packet's payload."""
        return b"rechdr %d %d %d %d %d" % self

    @classmethod
    def parse(cls, payload: bytes) -> RecordHeader:
        """Read a header.

        Raises:
            RemoteProtocolError: it is not of that form (SD-READ-9).
        """
        match = _RECORD_HEADER.match(payload)
        if match is None:
            raise RemoteProtocolError(f"malformed record header {payload[:80]!r}")
        numbers = match.groups()
        try:
            return cls._make(map(int, numbers))  # three times for each small file
        except ValueError:
            return cls._make(map(_number, numbers))


def _number(digits: bytes) -> int:
    return int(digits) if digits.strip(b"-") else 0
