"""POSIX ACLs as the Linux kernel hands them out: the binary form of ``system.posix_acl_access``, decoded to text.

The layout is the one of the kernel's ``linux/posix_acl_xattr.h``: a version, then entries of tag, permissions and id,
all little-endian whatever the host's byte order.
"""

from __future__ import annotations

import struct

ACCESS = b"system.posix_acl_access"
DEFAULT = b"system.posix_acl_default"

_HEADER = struct.Struct("<I")
_ENTRY = struct.Struct("<HHI")
_VERSION = 2

# Tag of an entry: its word, and whether an id follows it.
_TAGS = {
    0x01: ("user", False),
    0x02: ("user", True),
    0x04: ("group", False),
    0x08: ("group", True),
    0x10: ("mask", False),
    0x20: ("other", False),
}
_MINIMAL = {0x01, 0x04, 0x20}


def decode_acl(raw: bytes) -> str:
    """The short text form of an ACL with numeric ids, such as ``user::rwx,user:1000:r-x,group::r-x,other::---``.

    Raises:
        ValueError: The bytes are no ACL of the version known here; the message says what is wrong with them.
    """
    return ",".join(_entry_text(*entry) for entry in _entries(raw))


def is_minimal(raw: bytes) -> bool:
    """Whether an access ACL says no more than the mode bits do, so that a backup rightly leaves it out (SD-ACL-2).

    Raises:
        ValueError: As for ``decode_acl``.
    """
    return {tag for tag, _, _ in _entries(raw)} <= _MINIMAL


def _entries(raw: bytes) -> list[tuple[int, int, int]]:
    size = len(raw) - _HEADER.size
    if size < 0 or size % _ENTRY.size:
        raise ValueError(f"an ACL of {len(raw)} bytes is no header of 4 bytes and entries of 8")
    (version,) = _HEADER.unpack_from(raw)
    if version != _VERSION:
        raise ValueError(f"ACL version {version}, expected {_VERSION}")
    return list(_ENTRY.iter_unpack(raw[_HEADER.size :]))


def _entry_text(tag: int, permissions: int, identity: int) -> str:
    if tag not in _TAGS:
        raise ValueError(f"unknown ACL tag 0x{tag:02x}")
    word, named = _TAGS[tag]
    letters = "".join(letter if permissions & bit else "-" for letter, bit in (("r", 4), ("w", 2), ("x", 1)))
    return f"{word}:{identity if named else ''}:{letters}"
