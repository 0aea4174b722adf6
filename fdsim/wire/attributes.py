r"""The attributes record, which opens every object of a backup (SD-ATTR-1 to SD-ATTR-9).

``<FileIndex> <Type> <name>\0<lstat>\0<link>\0<extended attributes>\0<delta sequence>\0``
"""

from __future__ import annotations

from typing import NamedTuple

from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.lstat import LStat
from fdsim.wire.streams import FileType

_TYPE_MASK = 0xFFFF
_FIELDS = 4
_MAX_DIGITS = 20


class Attributes(NamedTuple):
    """One object as a backup describes it."""

    file_index: int
    """Number of the object in its job, from 1."""
    type: int
    """A ``FileType``, or a number this version does not know."""
    name: bytes
    """Full path; that of a directory ends with one slash (SD-ATTR-3)."""
    lstat: str
    """The encoded LStat; ``status`` decodes it."""
    link: bytes = b""
    """Target of a symbolic link, or the first saved name of a hard link (SD-ATTR-4)."""
    extended: bytes = b""
    delta_sequence: int = 0

    @property
    def status(self) -> LStat:
        """The decoded LStat (RemoteProtocolError if it is damaged)."""
        return LStat.parse(self.lstat)

    def encode(self) -> bytes:
        """The record's payload."""
        return encode_attributes(
            self.file_index, self.type, self.name, self.lstat, self.link, self.extended, self.delta_sequence
        )

    @classmethod
    def parse(cls, payload: bytes) -> Attributes:
        """Read a record; what follows the link may be missing, as old daemons wrote it (SD-ATTR-8).

        Raises:
            RemoteProtocolError: the record has not the shape above. (The real FD goes on with such a record and creates
                a file with meaningless attributes, SD-RST-14; this is refused here, SD-RST-15.)
        """
        head, *rest = payload.split(b"\0")
        words = head.split(b" ", 2)
        if len(words) < 3 or not (_is_number(words[0]) and _is_number(words[1])):
            raise RemoteProtocolError(
                f"an attributes record starts with two numbers and a name, this with {head[:60]!r}"
            )
        if len(rest) < 2:
            raise RemoteProtocolError(f"the attributes record of {words[2]!r} ends before its LStat or link")
        rest += [b""] * (_FIELDS - len(rest))
        lstat, link, extended, delta = rest[:_FIELDS]
        return cls(
            int(words[0]),
            int(words[1]) & _TYPE_MASK,
            words[2],
            lstat.decode("latin-1"),
            link,
            extended,
            int(delta) if _is_number(delta) else 0,
        )


def _is_number(digits: bytes) -> bool:
    return digits.isdigit() and len(digits) <= _MAX_DIGITS


def encode_attributes(
    file_index: int, file_type: int, name: bytes, lstat: str, link: bytes = b"", extended: bytes = b"", delta: int = 0
) -> bytes:
    """The payload of a record from its parts, for the path on which every file counts."""
    return b"%d %d %b\0%b\0%b\0%b\0%d\0" % (file_index, file_type, name, lstat.encode("latin-1"), link, extended, delta)


def regular_type(size: int, mode: int) -> FileType:
    """REGE for an empty file that everybody may read, else REG (SD-ATTR-6)."""
    return FileType.REGE if size == 0 and mode & 0o444 == 0o444 else FileType.REG
