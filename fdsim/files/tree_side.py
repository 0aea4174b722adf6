"""One of the two trees under comparison: how its entries are read.

An entry is named by an open directory and a name in it, so neither the length of a path nor a symbolic link on the way
matters. Nothing here follows a symbolic link or, where the kernel allows it, changes a time of access. Every failing
system call becomes ``CannotCompare``, which knows the side it happened on.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

from fdsim.files.host import OPEN_DIRECTORY, OPEN_FILE, Host
from fdsim.files.tree_text import printable

_LONGEST_PATH = 4000  # bytes handed to one system call; the kernel's limit is 4096
# A FIFO that took a file's place since lstat must not make open wait.
_FILE_FLAGS = OPEN_FILE | os.O_NOFOLLOW | os.O_NONBLOCK
_DIRECTORY_FLAGS = OPEN_DIRECTORY | os.O_NOFOLLOW


class UnusableRootError(Exception):
    """A tree cannot be compared at all; the message names the root, the trouble and the way out."""


class CannotCompare(Exception):
    """Something of an entry could not be read.

    Attributes:
        side: The tree in which it failed.
        reason: What failed and why.
    """

    def __init__(self, side: Side, reason: str) -> None:
        super().__init__(reason)
        self.side = side
        self.reason = reason


class Place(NamedTuple):
    """Where an entry stands: a name in a directory that is open at ``directory``."""

    directory: int
    name: bytes


_P = ParamSpec("_P")
_T = TypeVar("_T")


def _attributed(
    read: Callable[Concatenate[Side, _P], _T],
) -> Callable[Concatenate[Side, _P], _T]:
    @wraps(read)
    def attributed(self: Side, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return read(self, *args, **kwargs)
        except OSError as error:
            raise CannotCompare(self, error.strerror or str(error)) from error

    return attributed


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two trees.

    Attributes:
        host: The system calls.
        index: 0 for the first tree, 1 for the second.
        root: Descriptor of its open root directory.
    """

    host: Host
    index: int
    root: int

    def placed(self, own: str, other: str) -> tuple[str, str]:
        """A text about this tree and one about the other, in the order of the trees."""
        return (own, other) if self.index == 0 else (other, own)

    @_attributed
    def open_directory(self, path: bytes) -> int:
        """Open the directory at ``path`` below the root, in several steps if one call cannot take it whole."""
        descriptor = self.root
        for piece in _pieces(path):
            try:
                below = open_quietly(self.host, piece, _DIRECTORY_FLAGS, descriptor)
            finally:
                if descriptor != self.root:
                    self.host.close(descriptor)
            descriptor = below
        return descriptor

    @_attributed
    def open_file(self, place: Place) -> int:
        """Open a regular file."""
        return open_quietly(self.host, place.name, _FILE_FLAGS, place.directory)

    @_attributed
    def close(self, descriptor: int) -> None:
        """Close a file or directory."""
        self.host.close(descriptor)

    @_attributed
    def names(self, directory: int) -> set[bytes]:
        """The names in an open directory."""
        with self.host.scandir(directory) as entries:
            return {os.fsencode(entry.name) for entry in entries}

    @_attributed
    def lstat(self, place: Place) -> os.stat_result:
        """The status of an entry."""
        return self.host.lstat(place.name, dir_fd=place.directory)

    @_attributed
    def target(self, place: Place) -> bytes:
        """Where a symbolic link leads."""
        target: bytes = self.host.readlink(place.name, dir_fd=place.directory)
        return target

    @_attributed
    def xattrs(self, place: Place) -> dict[bytes, bytes]:
        """The extended attributes of an entry in all name spaces that the process may read, ACLs among them."""
        # The calls for extended attributes know no directory descriptor; this is the way to name an entry in one.
        path = b"/proc/self/fd/%d/%s" % place
        try:
            names = self.host.listxattr(path, follow_symlinks=False)
        except OSError as error:
            # A file system without extended attributes is one where no entry has any.
            if error.errno != errno.ENOTSUP:
                raise
            return {}
        return {os.fsencode(name): self.host.getxattr(path, name, follow_symlinks=False) for name in names}

    @_attributed
    def seek(self, descriptor: int, offset: int) -> None:
        """Go to ``offset`` of an open file."""
        self.host.lseek(descriptor, offset, os.SEEK_SET)

    @_attributed
    def next_data(self, descriptor: int, offset: int, size: int) -> int:
        """The first offset from ``offset`` on that lies in no hole, ``size`` if all the rest is one."""
        try:
            return self.host.lseek(descriptor, offset, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return size

    @_attributed
    def next_hole(self, descriptor: int, offset: int) -> int:
        """The first offset from ``offset`` on that lies in a hole; the end of the file counts as one.

        Space that is allocated but was never written counts as a hole, too.
        """
        return self.host.lseek(descriptor, offset, os.SEEK_HOLE)

    @_attributed
    def read(self, descriptor: int, length: int) -> bytes:
        """The next ``length`` bytes of an open file."""
        block = self.host.read(descriptor, length)
        while len(block) < length:
            more = self.host.read(descriptor, length - len(block))
            if not more:
                raise OSError(errno.EIO, "the file became shorter while it was read")
            block += more
        return block

    def holes(self, descriptor: int, size: int) -> Iterator[tuple[int, int]]:
        """Start and end of each hole of an open file."""
        hole = self.next_hole(descriptor, 0)
        while hole < size:
            data = self.next_data(descriptor, hole, size)
            yield hole, data
            if data >= size:
                return
            hole = self.next_hole(descriptor, data)


def open_root(host: Host, index: int, path: bytes) -> Side:
    """Open the root of a tree.

    Raises:
        UnusableRootError: The root is no directory that can be opened.
    """
    try:
        return Side(host, index, open_quietly(host, path, _DIRECTORY_FLAGS, None))
    except OSError as error:
        hints = {
            errno.ENOENT: "there is no such directory",
            errno.ENOTDIR: "it is no directory (of a symbolic link, name the directory that it leads to)",
            errno.EACCES: "permission denied; run as a user who may read it",
        }
        hint = hints.get(error.errno or 0, error.strerror)
        raise UnusableRootError(f"cannot compare the tree {printable(path)}: {hint}") from error


def open_quietly(host: Host, path: bytes, flags: int, directory: int | None) -> int:
    """Open without changing the time of access where that is allowed: to the owner and to privileged processes."""
    try:
        return host.open(path, flags | os.O_NOATIME, dir_fd=directory)
    except OSError as error:
        if error.errno != errno.EPERM:
            raise
        return host.open(path, flags, dir_fd=directory)


def _pieces(path: bytes) -> Iterator[bytes]:
    while len(path) > _LONGEST_PATH:
        cut = path.rindex(b"/", 0, _LONGEST_PATH)
        yield path[:cut]
        path = path[cut + 1 :]
    yield path
