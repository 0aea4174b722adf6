"""What a comparison of two trees may find, and what a backup format excuses.

The checks find every departure there is. Those that a backup cannot help carry a ``LeftOut``, and the ``Profile`` of
the comparison says for each of these whether it counts as a difference or is only counted for the summary.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeVar

_T = TypeVar("_T")


class Aspect(Enum):
    """In what two entries of the same name may differ; the value is its name in reports."""

    PRESENCE = "presence"
    TYPE = "type"
    MODE = "mode"
    OWNER = "owner"
    GROUP = "group"
    SIZE = "size"
    MTIME = "mtime"
    CONTENTS = "contents"
    HOLES = "holes"
    TARGET = "link target"
    HARD_LINK = "hard link"
    LINK_COUNT = "link count"
    DEVICE = "device number"
    ACCESS_ACL = "access ACL"
    DEFAULT_ACL = "default ACL"
    XATTR = "xattr"
    UNREADABLE = "unreadable"


class Phrase(NamedTuple):
    """How the summary speaks of what it left out: one, several, and the reason."""

    one: str
    several: str
    reason: str


class LeftOut(Enum):
    """What a profile may leave out; each member is counted where the two trees do depart from each other in it.

    Sockets are the exception: each is counted, since there is nothing in a backup to compare it with.
    """

    # DIR-BKP-10, DIR-RST-22
    SOCKETS = Phrase("socket", "sockets", "Bacula does not save them")
    # SD-REPL-12
    SUBSECONDS = Phrase("mtime within the second", "mtimes within the second", "Bacula keeps whole seconds")
    # SD-ORD-9
    SYMLINK_LINKS = Phrase(
        "hard link of a symbolic link", "hard links of symbolic links", "Bacula saves each as a link of its own"
    )
    # Names outside the tree count in it, and a restore does not make those.
    LINK_COUNTS = Phrase("link count", "link counts", "the other names may lie outside the tree")
    DIRECTORY_SIZES = Phrase("directory size", "directory sizes", "the file system decides on them")
    # DIR-OPT-25
    HOLES = Phrase("file that lost holes", "files that lost holes", "Bacula keeps holes only with sparse = yes")
    # SD-ACL-4
    ACLS = Phrase("ACL", "ACLs", "taken as not kept by the backup")
    # SD-XATTR-4
    XATTRS = Phrase("extended attribute", "extended attributes", "taken as not kept by the backup")

    def text(self, number: int) -> str:
        """A phrase for the summary, such as ``2 sockets not compared: Bacula does not save them``."""
        return f"{number} {self.value.one if number == 1 else self.value.several} not compared: {self.value.reason}"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a backup between the two trees is expected to keep.

    Times of access and of status change are in no profile: reading a tree changes the former, and no program can set
    the latter.

    Attributes:
        least_hole: The size in bytes from which a hole counts. A hole shorter than two of Bacula's sparse blocks of
            65528 bytes need not contain a whole one, and only whole ones are skipped (SD-SPARSE-2).
        sockets: Sockets are saved.
        subseconds: Times are kept to the nanosecond.
        symlink_links: Symbolic links keep their hard links.
        link_counts: The number of hard links is kept, names outside the tree included.
        directory_sizes: Directories take as many bytes as before.
        holes: Holes of sparse files stay holes.
        acls: POSIX ACLs are kept.
        xattrs: Extended attributes other than POSIX ACLs are kept.
    """

    least_hole: int
    sockets: bool
    subseconds: bool
    symlink_links: bool
    link_counts: bool
    directory_sizes: bool
    holes: bool
    acls: bool = True
    xattrs: bool = True

    def left_out(self) -> frozenset[LeftOut]:
        """Whatever this profile does not count as a difference."""
        kept = {
            LeftOut.SOCKETS: self.sockets,
            LeftOut.SUBSECONDS: self.subseconds,
            LeftOut.SYMLINK_LINKS: self.symlink_links,
            LeftOut.LINK_COUNTS: self.link_counts,
            LeftOut.DIRECTORY_SIZES: self.directory_sizes,
            LeftOut.HOLES: self.holes,
            LeftOut.ACLS: self.acls,
            LeftOut.XATTRS: self.xattrs,
        }
        return frozenset(reason for reason, counts in kept.items() if not counts)


BACULA = Profile(
    least_hole=2 * 65528,
    sockets=False,
    subseconds=False,
    symlink_links=False,
    link_counts=False,
    directory_sizes=False,
    holes=False,
)
EXACT = Profile(
    least_hole=1,
    sockets=True,
    subseconds=True,
    symlink_links=True,
    link_counts=True,
    directory_sizes=True,
    holes=True,
)
PROFILES = {"bacula": BACULA, "exact": EXACT}


class Finding(NamedTuple):
    """One departure of an entry, before the profile has judged it."""

    aspect: Aspect
    left: str
    right: str
    excuse: LeftOut | None = None

    @classmethod
    def between(
        cls, aspect: Aspect, left: _T, right: _T, show: Callable[[_T], str] = str, excuse: LeftOut | None = None
    ) -> Finding:
        """The finding that two values differ, each made text by ``show``."""
        return cls(aspect, show(left), show(right), excuse)


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference of two trees.

    Attributes:
        path: The name below the roots, ``b"."`` for the roots themselves.
        aspect: In what the two differ.
        left: What the first tree has, as text fit for a terminal.
        right: What the second tree has.
    """

    path: bytes
    aspect: Aspect
    left: str
    right: str
