"""Walking what a FileSet names, in the order in which the File daemon saves it.

Depth first, entries of a directory in the order in which the system returns them, a directory after all that it holds
(DIR-SEL-6, DIR-SEL-7). Symbolic links are never followed (DIR-SEL-5). Nothing is held but the names of a part of each
directory on the way down: a directory is read in batches, and one that fits into a batch is closed before its entries
are visited, so that the depth of a tree costs no file descriptors.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from fdsim.files.host import Host
from fdsim.files.patterns import PathFilter
from fdsim.wire.attributes import regular_type
from fdsim.wire.streams import FileType

_BATCH: Final = 1024
_IFMT: Final = 0o170000
_IFREG: Final = stat.S_IFREG
_IFDIR: Final = stat.S_IFDIR
_NO_STATUS: Final = os.stat_result((0,) * 10)


class Entry(NamedTuple):
    """One object that was found; types as in an attributes record, or the reason why it can't be saved."""

    path: bytes
    """Full name; for a directory that is saved (DIREND) with one slash at the end."""
    type: FileType
    st: os.stat_result
    """All zero for NOSTAT."""
    link: bytes = b""
    """Target of a symbolic link."""
    error: OSError | None = None
    """What failed, for NOSTAT, NOFOLLOW and NOOPEN."""
    top: bytes = b""
    """The path of the FileSet below which a directory lies that is not entered (NOFSCHG, NORECURSE)."""


class _Level(NamedTuple):
    """A directory on the way down."""

    prefix: bytes
    st: os.stat_result
    names: Iterator[bytes | OSError]


class Walker:
    """Finds the objects of one Include."""

    def __init__(self, host: Host, excluded: PathFilter, *, one_filesystem: bool = True, recurse: bool = True) -> None:
        """Set up the rules.

        Args:
            host: the system calls.
            excluded: full paths that are left out below the top (DIR-SEL-39), with all that they hold (DIR-SEL-40).
            one_filesystem: do not enter directories on other devices (DIR-SEL-10).
            recurse: enter directories below the top (DIR-SEL-9).
        """
        self._host = host
        self._excluded = excluded
        self._one_filesystem = one_filesystem
        self._recurse = recurse

    def walk(self, top: bytes) -> Iterator[Entry]:
        """All that is found at and below one path of the FileSet, which itself is never excluded (DIR-SEL-4)."""
        try:
            st = self._host.lstat(top)
        except OSError as error:
            yield Entry(top, FileType.NOSTAT, _NO_STATUS, error=error)
            return
        if not stat.S_ISDIR(st.st_mode):
            yield self._leaf(top, st)
            return
        level = self._open(top, st)
        if isinstance(level, Entry):
            yield level
            return
        yield from self._below(level, top)

    def _below(self, first: _Level, top: bytes) -> Iterator[Entry]:
        lstat: Callable[[bytes], os.stat_result] = self._host.lstat
        excluded = self._excluded
        device = first.st.st_dev
        stack = [first]
        while stack:
            prefix, directory, names = stack[-1]
            for name in names:
                if isinstance(name, OSError):
                    yield Entry(prefix, FileType.NOOPEN, directory, error=name)
                    continue
                path = prefix + name
                if path in excluded:
                    continue
                try:
                    st = lstat(path)
                except OSError as error:
                    yield Entry(path, FileType.NOSTAT, _NO_STATUS, error=error)
                    continue
                kind = st.st_mode & _IFMT
                if kind == _IFREG:
                    yield Entry(path, regular_type(st.st_size, st.st_mode), st)
                    continue
                if kind != _IFDIR:
                    yield self._leaf(path, st)
                    continue
                found = self._directory(path, st, top, device)
                if isinstance(found, _Level):
                    stack.append(found)
                    break
                yield found
            else:
                stack.pop()
                yield Entry(prefix, FileType.DIREND, directory)

    def _directory(self, path: bytes, st: os.stat_result, top: bytes, device: int) -> _Level | Entry:
        """A directory below the top: to be entered, or to be saved or reported without that."""
        if not self._recurse:
            return Entry(path + b"/", FileType.NORECURSE, st, top=top)
        if self._one_filesystem and st.st_dev != device:
            return Entry(path + b"/", FileType.NOFSCHG, st, top=top)
        return self._open(path, st)

    def _leaf(self, path: bytes, st: os.stat_result) -> Entry:
        """Anything but a directory."""
        if st.st_mode & _IFMT == stat.S_IFREG:
            return Entry(path, regular_type(st.st_size, st.st_mode), st)
        if stat.S_ISLNK(st.st_mode):
            try:
                return Entry(path, FileType.LNK, st, self._host.readlink(path))
            except OSError as error:
                return Entry(path, FileType.NOFOLLOW, st, error=error)
        return Entry(path, FileType.SPEC, st)

    def _open(self, path: bytes, st: os.stat_result) -> _Level | Entry:
        """A directory ready to be read, or why it can't be (it is not saved then either)."""
        try:
            entries = self._host.scandir(path)
        except OSError as error:
            return Entry(path, FileType.NOOPEN, st, error=error)
        # "/" and "dir/" have their slash already (DIR-SEL-20).
        return _Level(path.rstrip(b"/") + b"/", st, _names(entries))


def _names(entries: Any) -> Iterator[bytes | OSError]:
    """The names in a directory; an error that stops the reading comes last."""
    with entries:
        while True:
            batch: list[bytes] = []
            failure = None
            try:
                batch.extend(entry.name for entry in islice(entries, _BATCH))
            except OSError as error:
                failure = error
            if len(batch) < _BATCH:
                break
            yield from batch
    yield from batch
    if failure is not None:
        yield failure
