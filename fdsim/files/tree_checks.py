"""The checks that two entries of the same name and type go through; which ones, ``CHECKS`` says for each type.

A check yields a ``Finding`` for each departure, whether or not the profile will count it.
"""

from __future__ import annotations

import os
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from fdsim.files import tree_acl
from fdsim.files.tree_model import Aspect, Finding, LeftOut
from fdsim.files.tree_side import Place, Side
from fdsim.files.tree_text import excerpt, first_difference, printable

_BLOCK = 128 * 1024  # bytes read at once
_SHOWN = 16  # bytes shown of contents that differ
_SECOND = 10**9  # nanoseconds
_UNIT = 512  # bytes that st_blocks counts in


@dataclass(slots=True)
class Tally:
    """What a comparison has done so far.

    Attributes:
        entries: Names seen, each once even if both trees have it.
        bytes: Bytes of contents compared, holes among them.
        differences: Differences found.
        left_out: What the profile did not count as a difference.
    """

    entries: int = 0
    bytes: int = 0
    differences: int = 0
    left_out: Counter[LeftOut] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entries of the same name and type, and what a check needs to know besides."""

    sides: tuple[Side, Side]
    places: tuple[Place, Place]
    stats: tuple[os.stat_result, os.stat_result]
    least_hole: int
    tally: Tally


Check = Callable[[Pair], Iterator[Finding]]


def attributes(pair: Pair) -> Iterator[Finding]:
    """Mode, owner, group and time of modification: what every entry has."""
    left, right = pair.stats
    if left.st_mode != right.st_mode:
        yield Finding.between(Aspect.MODE, left.st_mode, right.st_mode, _mode_text)
    if left.st_uid != right.st_uid:
        yield Finding.between(Aspect.OWNER, left.st_uid, right.st_uid)
    if left.st_gid != right.st_gid:
        yield Finding.between(Aspect.GROUP, left.st_gid, right.st_gid)
    if left.st_mtime_ns != right.st_mtime_ns:
        within = left.st_mtime_ns // _SECOND == right.st_mtime_ns // _SECOND
        show, excuse = (_fine_time_text, LeftOut.SUBSECONDS) if within else (_time_text, None)
        yield Finding.between(Aspect.MTIME, left.st_mtime_ns, right.st_mtime_ns, show, excuse)


def link_count(pair: Pair) -> Iterator[Finding]:
    """The number of hard links. That of a directory counts its subdirectories, whose names are compared anyway."""
    left, right = (status.st_nlink for status in pair.stats)
    if left != right:
        yield Finding.between(Aspect.LINK_COUNT, left, right, excuse=LeftOut.LINK_COUNTS)


def directory_size(pair: Pair) -> Iterator[Finding]:
    """The size of a directory."""
    left, right = (status.st_size for status in pair.stats)
    if left != right:
        yield Finding.between(Aspect.SIZE, left, right, excuse=LeftOut.DIRECTORY_SIZES)


def device_number(pair: Pair) -> Iterator[Finding]:
    """The device that a device node stands for."""
    left, right = (status.st_rdev for status in pair.stats)
    if left != right:
        yield Finding.between(Aspect.DEVICE, left, right, _device_text)


def target(pair: Pair) -> Iterator[Finding]:
    """The target of a symbolic link, byte by byte."""
    left, right = (side.target(place) for side, place in zip(pair.sides, pair.places, strict=True))
    if left != right:
        yield Finding.between(Aspect.TARGET, left, right, printable)


def contents(pair: Pair) -> Iterator[Finding]:
    """Size, contents and holes of a regular file.

    As in a backup, a file has as many bytes as its status says. Files of different sizes are not read, and the holes
    of different contents are not compared: the first difference tells enough.
    """
    left, right = (status.st_size for status in pair.stats)
    if left != right:
        yield Finding.between(Aspect.SIZE, left, right)
    elif left:
        with ExitStack() as opened:
            descriptors = []
            for side, place in zip(pair.sides, pair.places, strict=True):
                descriptors.append(side.open_file(place))
                opened.callback(side.close, descriptors[-1])
            different = list(_compare_bytes(pair, descriptors))
            yield from different or _lost_holes(pair, descriptors)


def xattrs(pair: Pair) -> Iterator[Finding]:
    """Extended attributes, and POSIX ACLs, which travel among them."""
    left, right = (side.xattrs(place) for side, place in zip(pair.sides, pair.places, strict=True))
    if left == right:
        return
    for name in sorted(left.keys() | right.keys()):
        one, other = left.get(name), right.get(name)
        if name in _ACLS:
            aspect, show = _ACLS[name]
            finding = Finding.between(aspect, one, other, show, LeftOut.ACLS)
            if finding.left != finding.right:
                yield finding
        elif one != other:
            yield Finding(Aspect.XATTR, _xattr_text(name, one, other), _xattr_text(name, other, one), LeftOut.XATTRS)


def _is_sparse(status: os.stat_result) -> bool:
    return status.st_blocks * _UNIT < status.st_size


def _compare_bytes(pair: Pair, descriptors: list[int]) -> Iterator[Finding]:
    files = tuple(zip(pair.sides, descriptors, strict=True))
    size = pair.stats[0].st_size
    sparse = any(map(_is_sparse, pair.stats))
    offset = 0
    while offset < size:
        if sparse:
            # Where both have a hole there is nothing to read; a sparse file may be larger than any disk.
            data = min(side.next_data(descriptor, offset, size) for side, descriptor in files)
            pair.tally.bytes += data - offset
            offset = data
            for side, descriptor in files:
                side.seek(descriptor, offset)
        length = min(_BLOCK, size - offset)
        left, right = (side.read(descriptor, length) for side, descriptor in files)
        if left != right:
            index = first_difference(left, right)
            pair.tally.bytes += index
            texts = [f'at {offset + index}: "{printable(part[index : index + _SHOWN])}"' for part in (left, right)]
            yield Finding(Aspect.CONTENTS, texts[0], texts[1])
            return
        pair.tally.bytes += length
        offset += length


def _lost_holes(pair: Pair, descriptors: list[int]) -> Iterator[Finding]:
    """The holes of the first file that are wholly filled in the second; holes gained are no loss.

    The number of blocks only raises the question: compression lowers it, and a file system that allocates ahead
    raises it, without a hole having come or gone.
    """
    status = pair.stats[0]
    if not _is_sparse(status):
        return
    lost = [
        end - start
        for start, end in pair.sides[0].holes(descriptors[0], status.st_size)
        if end - start >= pair.least_hole and pair.sides[1].next_hole(descriptors[1], start) >= end
    ]
    if lost:
        yield Finding(Aspect.HOLES, f"holes of {sum(lost)} bytes", "filled with zeros", LeftOut.HOLES)


def _mode_text(mode: int) -> str:
    return f"{stat.S_IMODE(mode):04o}"


def _device_text(number: int) -> str:
    return f"{os.major(number)}:{os.minor(number)}"


def _time_text(nanoseconds: int) -> str:
    seconds = nanoseconds // _SECOND
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
    except (OverflowError, OSError):  # a year that the C library cannot name
        return f"@{seconds}"


def _fine_time_text(nanoseconds: int) -> str:
    return f"{_time_text(nanoseconds)} + {nanoseconds % _SECOND} ns"


def _access_acl_text(raw: bytes | None) -> str:
    try:
        minimal = raw is None or tree_acl.is_minimal(raw)
    except ValueError:  # shown as what it is
        minimal = False
    return "none" if minimal else _acl_text(raw)


def _acl_text(raw: bytes | None) -> str:
    try:
        return "none" if raw is None else tree_acl.decode_acl(raw)
    except ValueError as error:
        return f"{error}: {raw.hex() if raw else ''}"


def _xattr_text(name: bytes, value: bytes | None, other: bytes | None) -> str:
    return f"{printable(name)}: " + ("absent" if value is None else excerpt(value, other or b""))


_ACLS: dict[bytes, tuple[Aspect, Callable[[bytes | None], str]]] = {
    tree_acl.ACCESS: (Aspect.ACCESS_ACL, _access_acl_text),
    tree_acl.DEFAULT: (Aspect.DEFAULT_ACL, _acl_text),
}
_ALWAYS = (("attributes", attributes), ("extended attributes", xattrs))
_LINKABLE = (*_ALWAYS, ("link count", link_count))

CHECKS: dict[int, tuple[str, tuple[tuple[str, Check], ...]]] = {
    stat.S_IFREG: ("regular file", (*_LINKABLE, ("contents", contents))),
    stat.S_IFDIR: ("directory", (*_ALWAYS, ("size", directory_size))),
    stat.S_IFLNK: ("symbolic link", (*_LINKABLE, ("link target", target))),
    stat.S_IFCHR: ("character device", (*_LINKABLE, ("device number", device_number))),
    stat.S_IFBLK: ("block device", (*_LINKABLE, ("device number", device_number))),
    stat.S_IFIFO: ("FIFO", _LINKABLE),
    stat.S_IFSOCK: ("socket", _LINKABLE),
}
"""For each type of entry its name, and the checks with the words that say what could not be compared if one fails."""
