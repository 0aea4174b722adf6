"""Numbers of streams and of file types (SD-STREAM-1 to SD-STREAM-3, DIR-LST-12)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

STREAM_MASK: Final = 0x7FF
"""A stream's number is in its low 11 bits, the others are flags (SD-STREAM-1)."""


class Stream(IntEnum):
    """What a record holds."""

    UNIX_ATTRIBUTES = 1
    FILE_DATA = 2
    MD5_DIGEST = 3
    GZIP_DATA = 4
    UNIX_ATTRIBUTES_EX = 5
    SPARSE_DATA = 6
    SPARSE_GZIP_DATA = 7
    PROGRAM_NAMES = 8
    PROGRAM_DATA = 9
    SHA1_DIGEST = 10
    WIN32_DATA = 11
    WIN32_GZIP_DATA = 12
    MACOS_FORK_DATA = 13
    HFSPLUS_ATTRIBUTES = 14
    UNIX_ACCESS_ACL = 15
    UNIX_DEFAULT_ACL = 16
    SHA256_DIGEST = 17
    SHA512_DIGEST = 18
    SIGNED_DIGEST = 19
    ENCRYPTED_FILE_DATA = 20
    ENCRYPTED_WIN32_DATA = 21
    ENCRYPTED_SESSION_DATA = 22
    ENCRYPTED_FILE_GZIP_DATA = 23
    ENCRYPTED_WIN32_GZIP_DATA = 24
    ENCRYPTED_MACOS_FORK_DATA = 25
    PLUGIN_NAME = 26
    PLUGIN_DATA = 27
    RESTORE_OBJECT = 28
    COMPRESSED_DATA = 29
    SPARSE_COMPRESSED_DATA = 30
    WIN32_COMPRESSED_DATA = 31
    ENCRYPTED_FILE_COMPRESSED_DATA = 32
    ENCRYPTED_WIN32_COMPRESSED_DATA = 33
    PLUGIN_OBJECT = 34
    PLUGIN_META_BLOB = 35
    PLUGIN_META_CATALOG = 36
    UNIX_ATTRIBUTE_UPDATE = 37
    FILEEVENT = 38
    XXHASH64_DIGEST = 39
    XXH3_64_DIGEST = 40
    XXH3_128_DIGEST = 41
    ACL_LINUX_DEFAULT = 1007
    ACL_LINUX_ACCESS = 1008
    XATTR_LINUX = 1998


ATTRIBUTES: Final = frozenset({Stream.UNIX_ATTRIBUTES, Stream.UNIX_ATTRIBUTES_EX, Stream.UNIX_ATTRIBUTE_UPDATE})
"""Streams whose record is an attributes record (SD-ATTR-1)."""

DIGESTS: Final = frozenset(
    {
        Stream.MD5_DIGEST,
        Stream.SHA1_DIGEST,
        Stream.SHA256_DIGEST,
        Stream.SHA512_DIGEST,
        Stream.XXHASH64_DIGEST,
        Stream.XXH3_64_DIGEST,
        Stream.XXH3_128_DIGEST,
    }
)
"""Streams whose record is a plain digest of the file's data (SD-DIG-1)."""


class FileType(IntEnum):
    """What kind of object an attributes record describes, and why one was left out (DIR-LST-12)."""

    LNKSAVED = 1
    REGE = 2
    REG = 3
    LNK = 4
    DIREND = 5
    SPEC = 6
    NOACCESS = 7
    NOFOLLOW = 8
    NOSTAT = 9
    NOCHG = 10
    DIRNOCHG = 11
    ISARCH = 12
    NORECURSE = 13
    NOFSCHG = 14
    NOOPEN = 15
    RAW = 16
    FIFO = 17
    DIRBEGIN = 18
    INVALIDFS = 19
    INVALIDDT = 20
    REPARSE = 21
    PLUGIN = 22
    DELETED = 23
    BASE = 24
    RESTORE_FIRST = 25
    JUNCTION = 26
    PLUGIN_CONFIG = 27
    PLUGIN_CONFIG_FILLED = 28
    PLUGIN_OBJECT = 29
    SECURITY_OBJECT = 30


def stream_name(number: int) -> str:
    """A stream's name for people, e.g. ``MD5_DIGEST`` or ``stream 77``; flags are shown behind it."""
    base, flags = number & STREAM_MASK, number & ~STREAM_MASK
    name = Stream(base).name if base in Stream._value2member_map_ else f"stream {base}"
    return f"{name} with flags {flags:#x}" if flags else name


def type_name(number: int) -> str:
    """A file type's name for people."""
    return FileType(number).name if number in FileType._value2member_map_ else f"type {number}"
