"""LStat: a file's status as sixteen base64 numbers (DIR-LST-1 to DIR-LST-10, SD-LSTAT-1)."""

from __future__ import annotations

import os
from typing import NamedTuple

from fdsim.wire.base64 import decode_number, encode_number
from fdsim.wire.errors import RemoteProtocolError

_REQUIRED = 13
_FIELDS = 16
_ABSENT = [0] * _FIELDS


class LStat(NamedTuple):
    """The fields in the order in which they travel. Times are whole seconds of Unix time, sizes bytes."""

    dev: int = 0
    ino: int = 0
    mode: int = 0
    nlink: int = 0
    uid: int = 0
    gid: int = 0
    rdev: int = 0
    size: int = 0
    blksize: int = 0
    blocks: int = 0
    atime: int = 0
    mtime: int = 0
    ctime: int = 0
    link_file_index: int = 0
    """FileIndex of the first name saved of a hard-linked file (DIR-LST-9)."""
    flags: int = 0
    data_stream: int = 0
    """The stream that carries the file's data, whether it has any or not (DIR-LST-10)."""

    def encode(self) -> str:
        """The sixteen numbers, separated by single blanks."""
        return " ".join(map(encode_number, self))

    @classmethod
    def parse(cls, text: str) -> LStat:
        """Read an LStat; the three last fields may be missing (DIR-LST-6), more than sixteen are ignored (DIR-LST-2).

        Raises:
            RemoteProtocolError: too few fields, or one is no number.
        """
        words = text.split()
        if len(words) < _REQUIRED:
            raise RemoteProtocolError(f"an LStat has at least {_REQUIRED} numbers, this has {len(words)}: {text!r}")
        try:
            numbers = list(map(decode_number, words[:_FIELDS]))
        except ValueError as error:
            raise RemoteProtocolError(f"bad LStat {text!r}: {error}") from error
        return cls._make(numbers + _ABSENT[len(numbers) :])


class _Memo(dict[int, str]):
    """What ``encode_number`` gave before, bounded."""

    _LIMIT = 1 << 14

    def __missing__(self, number: int) -> str:
        if len(self) >= self._LIMIT:
            self.clear()
        text = self[number] = encode_number(number)
        return text


class LStatEncoder:
    """Encodes the status of the many files of one job.

    Neighbouring files share most of their fields (device, mode, owner, block size, often times), so what was encoded
    once is looked up: this is the most expensive step for a small file.
    """

    def __init__(self) -> None:
        self._memo = _Memo()

    def encode(self, st: os.stat_result, link_file_index: int, data_stream: int) -> str:
        """The LStat of ``st``; the field of flags is always zero on Linux (DIR-LST-8)."""
        memo = self._memo
        # The tuple form of a stat_result has the seconds as integers; the attributes are floats, which round up to the
        # next second and, before 1970, towards the wrong one.
        mode, ino, dev, nlink, uid, gid, size = st[:7]
        atime, mtime, ctime = map(int, st[7:10])
        return (
            f"{memo[dev]} {encode_number(ino)} {memo[mode]} {memo[nlink]} {memo[uid]} {memo[gid]} {memo[st.st_rdev]} "
            f"{encode_number(size)} {memo[st.st_blksize]} {memo[st.st_blocks]} "
            f"{memo[atime]} {memo[mtime]} {memo[ctime]} {memo[link_file_index]} A {memo[data_stream]}"
        )
