"""Comparing two trees in all that a backup can keep.

Both trees are walked in step, directory by directory, so that memory holds the names of one directory, the paths of
directories still to be visited, and one path for each group of hard links. In a directory every name of either tree is
an entry. An entry of both trees goes through the checks of its type (``tree_checks``); what they find is either a
difference or, where the profile (``tree_model``) says that a backup does not keep it, only counted. All that is read
is read through ``tree_side``, which never follows a symbolic link.

Names that share an inode are compared as a partition: two names belong together in both trees or in neither. The
inode itself is compared once, at the first of its names.

What could not be read is a difference of its own: nobody knows whether the trees agree there.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from os import stat_result

from fdsim.files.host import REAL, Host
from fdsim.files.tree_checks import CHECKS, Pair, Tally
from fdsim.files.tree_model import BACULA, Aspect, Difference, Finding, LeftOut, Profile
from fdsim.files.tree_side import CannotCompare, Place, Side, open_root
from fdsim.files.tree_text import printable

_ROOT = b"."
_Sides = tuple[Side, Side]


def compare(
    left: bytes,
    right: bytes,
    *,
    profile: Profile = BACULA,
    host: Host = REAL,
    progress: Callable[[bytes], object] | None = None,
) -> Comparison:
    """Compare two trees; the work is done while the result is iterated over.

    Args:
        left: Root directory of the first tree, usually the one that was backed up.
        right: Root directory of the second, usually the restored one.
        profile: What counts as a difference.
        host: The system calls.
        progress: Called with the path of each entry before it is compared.
    """
    return Comparison(left, right, profile, host, progress)


class Comparison:
    """A comparison of two trees: an iterable of ``Difference``.

    Iterating raises UnusableRootError at its first step if one of the roots cannot be opened.

    Attributes:
        tally: What the latest iteration has done so far.
    """

    def __init__(
        self,
        left: bytes,
        right: bytes,
        profile: Profile = BACULA,
        host: Host = REAL,
        progress: Callable[[bytes], object] | None = None,
    ) -> None:
        self.tally = Tally()
        self._roots = (left, right)
        self._profile = profile
        self._left_out = profile.left_out()
        self._host = host
        self._progress = progress
        self._links = _LinkGroups(), _LinkGroups()

    def __iter__(self) -> Generator[Difference, None, None]:
        self.tally = Tally()
        self._links = _LinkGroups(), _LinkGroups()
        with closing(self._roots_and_below()) as differences:
            for difference in differences:
                self.tally.differences += 1
                yield difference

    def _roots_and_below(self) -> Generator[Difference, None, None]:
        try:
            with ExitStack() as opened:
                left = open_root(self._host, 0, self._roots[0])
                opened.callback(left.close, left.root)
                right = open_root(self._host, 1, self._roots[1])
                opened.callback(right.close, right.root)
                yield from self._walk((left, right))
        except CannotCompare as failure:
            yield _unreadable(_ROOT, "the root", failure)

    def _walk(self, sides: _Sides) -> Iterator[Difference]:
        pending: list[bytes] = []
        yield from self._entry(sides, (Place(sides[0].root, _ROOT), Place(sides[1].root, _ROOT)), _ROOT, pending)
        while pending:
            path = pending.pop()
            below: list[bytes] = []
            yield from self._directory(sides, path, below)
            pending.extend(reversed(below))

    def _directory(self, sides: _Sides, path: bytes, below: list[bytes]) -> Iterator[Difference]:
        """Compare the entries of one directory and add the paths of those to descend into to ``below``."""
        prefix = b"" if path == _ROOT else path + b"/"
        try:
            with ExitStack() as opened:
                directories, names = [], []
                for side in sides:
                    directories.append(side.open_directory(path))
                    opened.callback(side.close, directories[-1])
                    names.append(side.names(directories[-1]))
                for name in sorted(names[0] | names[1]):
                    places = Place(directories[0], name), Place(directories[1], name)
                    if name in names[0] and name in names[1]:
                        yield from self._entry(sides, places, prefix + name, below)
                    else:
                        index = 0 if name in names[0] else 1
                        yield from self._lonely(sides[index], places[index], prefix + name)
        except CannotCompare as failure:
            yield _unreadable(path, "names", failure)

    def _lonely(self, side: Side, place: Place, path: bytes) -> Iterator[Difference]:
        """An entry that only one tree has; what lies below it goes without saying."""
        self._begin(path)
        try:
            status = side.lstat(place)
        except CannotCompare as failure:
            yield _unreadable(path, "status", failure)
            return
        excuse = LeftOut.SOCKETS if stat.S_ISSOCK(status.st_mode) else None
        left, right = side.placed(_type_name(status), "missing")
        yield from self._judge(path, Finding(Aspect.PRESENCE, left, right, excuse))

    def _entry(
        self, sides: _Sides, places: tuple[Place, Place], path: bytes, below: list[bytes]
    ) -> Iterator[Difference]:
        """An entry that both trees have."""
        self._begin(path)
        try:
            stats = sides[0].lstat(places[0]), sides[1].lstat(places[1])
        except CannotCompare as failure:
            yield _unreadable(path, "status", failure)
            return
        kind = stat.S_IFMT(stats[0].st_mode)
        if kind != stat.S_IFMT(stats[1].st_mode):
            yield from self._judge(path, Finding.between(Aspect.TYPE, *stats, _type_name))
            return
        if kind == stat.S_IFSOCK and LeftOut.SOCKETS in self._left_out:
            self.tally.left_out[LeftOut.SOCKETS] += 1
            return
        if kind == stat.S_IFDIR:
            below.append(path)
        else:
            first = self._links[0].first(stats[0], path), self._links[1].first(stats[1], path)
            if first[0] != first[1]:
                excuse = LeftOut.SYMLINK_LINKS if kind == stat.S_IFLNK else None
                left, right = (_link_text(name, path) for name in first)
                yield from self._judge(path, Finding(Aspect.HARD_LINK, left, right, excuse))
            elif first[0] != path:
                return
        pair = Pair(sides, places, stats, self._profile.least_hole, self.tally)
        for what, check in CHECKS[kind][1]:
            try:
                for finding in check(pair):
                    yield from self._judge(path, finding)
            except CannotCompare as failure:
                yield _unreadable(path, what, failure)

    def _begin(self, path: bytes) -> None:
        self.tally.entries += 1
        if self._progress:
            self._progress(path)

    def _judge(self, path: bytes, finding: Finding) -> Iterator[Difference]:
        if finding.excuse in self._left_out:
            self.tally.left_out[finding.excuse] += 1
        else:
            yield Difference(path, finding.aspect, finding.left, finding.right)


class _LinkGroups:
    """The names of one tree that share an inode, each known by the first of its group."""

    def __init__(self) -> None:
        self._first: dict[tuple[int, int], bytes] = {}

    def first(self, status: stat_result, path: bytes) -> bytes:
        """The first name seen of this inode, ``path`` itself if that is it."""
        return path if status.st_nlink == 1 else self._first.setdefault((status.st_dev, status.st_ino), path)


def _type_name(status: stat_result) -> str:
    return CHECKS[stat.S_IFMT(status.st_mode)][0]


def _link_text(first: bytes, path: bytes) -> str:
    return "no earlier name" if first == path else f"same file as {printable(first)}"


def _unreadable(path: bytes, what: str, failure: CannotCompare) -> Difference:
    left, right = failure.side.placed(f"cannot compare: {what}: {failure.reason}", "")
    return Difference(path, Aspect.UNREADABLE, left, right)
