"""One test for each aspect: it plants exactly one difference and expects exactly that one."""

import os
import stat
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from fdsim.files.host import REAL
from fdsim.files.tree import compare
from fdsim.files.tree_model import BACULA, EXACT, Aspect, LeftOut, Profile

MEBI = 1024 * 1024


class Trees(NamedTuple):
    """Two directories, and the name that both of them get."""

    left: Path
    right: Path

    def names(self, name: str = "x") -> tuple[Path, Path]:
        return self.left / name, self.right / name

    def write(self, left: bytes, right: bytes | None = None) -> tuple[Path, Path]:
        """A regular file x in each, with the same contents unless others are given, and the same times."""
        files = self.names()
        files[0].write_bytes(left)
        files[1].write_bytes(left if right is None else right)
        self.settle()
        return files

    def settle(self) -> None:
        """Give everything in both trees the same times."""
        for root in self:
            for directory, _, names in os.walk(root):
                for name in (*names, "."):
                    os.utime(Path(directory) / name, (1000, 1000), follow_symlinks=False)

    def differences(self, profile: Profile = BACULA) -> list[tuple[bytes, Aspect, str, str]]:
        found = compare(bytes(self.left), bytes(self.right), profile=profile)
        return [(d.path, d.aspect, d.left, d.right) for d in found]

    def left_out(self, profile: Profile = BACULA) -> dict[LeftOut, int]:
        """What the profile left out, where it finds no difference."""
        comparison = compare(bytes(self.left), bytes(self.right), profile=profile)
        assert not list(comparison)
        return dict(comparison.tally.left_out)


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    made = Trees(tmp_path / "a", tmp_path / "b")
    for root in made:
        root.mkdir(mode=0o755)
    made.settle()
    return made


def test_equal_files_are_equal(trees: Trees) -> None:
    trees.write(b"same")
    assert trees.differences(EXACT) == []


@pytest.mark.parametrize("mode", [0o600, 0o4644, 0o2644, 0o1644])
def test_mode(trees: Trees, mode: int) -> None:
    left, right = trees.write(b"")
    left.chmod(0o644)
    right.chmod(mode)
    assert trees.differences() == [(b"x", Aspect.MODE, "0644", f"{mode:04o}")]


@pytest.mark.root
def test_owner(trees: Trees) -> None:
    os.chown(trees.write(b"")[1], 1234, -1)
    assert trees.differences() == [(b"x", Aspect.OWNER, "0", "1234")]


@pytest.mark.root
def test_group_of_a_symbolic_link(trees: Trees) -> None:
    for link in trees.names():
        link.symlink_to("nowhere")
    os.lchown(trees.right / "x", 0, 99)
    trees.settle()
    assert trees.differences() == [(b"x", Aspect.GROUP, "0", "99")]


def test_size(trees: Trees) -> None:
    trees.write(b"same", b"same+")
    assert trees.differences() == [(b"x", Aspect.SIZE, "4", "5")]


@pytest.mark.parametrize("position", [0, 131071, 131072, 299_999])
def test_contents(trees: Trees, position: int) -> None:
    contents = bytearray(b"-" * 300_000)
    contents[position] = 0xFF
    trees.write(b"-" * 300_000, bytes(contents))
    (difference,) = trees.differences()
    assert difference[:2] == (b"x", Aspect.CONTENTS)
    assert difference[2].startswith(f'at {position}: "-')
    assert difference[3].startswith(rf'at {position}: "\xff')


def test_mtime(trees: Trees) -> None:
    os.utime(trees.write(b"")[1], (1000, 86400))
    assert trees.differences() == [(b"x", Aspect.MTIME, "1970-01-01 00:16:40 UTC", "1970-01-02 00:00:00 UTC")]


def test_mtime_of_a_symbolic_link(trees: Trees) -> None:
    for link in trees.names():
        link.symlink_to("nowhere")
    trees.settle()
    os.utime(trees.right / "x", (1000, 1001), follow_symlinks=False)
    assert trees.differences() == [(b"x", Aspect.MTIME, "1970-01-01 00:16:40 UTC", "1970-01-01 00:16:41 UTC")]


@pytest.mark.parametrize("second", [1, -1])
def test_nanoseconds_are_left_out_by_bacula(trees: Trees, second: int) -> None:
    left, right = trees.write(b"")
    os.utime(left, ns=(0, second * 10**9 + 5))
    os.utime(right, ns=(0, second * 10**9 + 999_999_999))
    assert trees.left_out() == {LeftOut.SUBSECONDS: 1}
    text = {1: "1970-01-01 00:00:01 UTC", -1: "1969-12-31 23:59:59 UTC"}[second]
    assert trees.differences(EXACT) == [(b"x", Aspect.MTIME, f"{text} + 5 ns", f"{text} + 999999999 ns")]


def test_a_step_over_the_second_is_a_difference(trees: Trees) -> None:
    left, right = trees.write(b"")
    os.utime(left, ns=(0, 10**9 - 1))
    os.utime(right, ns=(0, 10**9))
    assert [aspect for _, aspect, _, _ in trees.differences()] == [Aspect.MTIME]


def test_target_of_a_symbolic_link(trees: Trees) -> None:
    for link, target in zip(trees.names(), (b"to\xff", b"to\xfe"), strict=True):
        link.symlink_to(os.fsdecode(target))
    trees.settle()
    assert trees.differences() == [(b"x", Aspect.TARGET, r"to\xff", r"to\xfe")]


@pytest.mark.root
@pytest.mark.parametrize("kind", [stat.S_IFCHR, stat.S_IFBLK])
def test_device_number(trees: Trees, kind: int) -> None:
    for node, minor in zip(trees.names(), (3, 5), strict=True):
        os.mknod(node, kind | 0o600, os.makedev(1, minor))
    trees.settle()
    assert trees.differences() == [(b"x", Aspect.DEVICE, "1:3", "1:5")]


def test_link_count_is_left_out_by_bacula(trees: Trees, tmp_path: Path) -> None:
    trees.write(b"same")
    (tmp_path / "outside").hardlink_to(trees.left / "x")
    assert trees.left_out() == {LeftOut.LINK_COUNTS: 1}
    assert trees.differences(EXACT) == [(b"x", Aspect.LINK_COUNT, "2", "1")]


def test_directory_size_is_left_out_by_bacula(trees: Trees) -> None:
    for number in range(500):
        (trees.left / f"{number:0200}").touch()
    if trees.left.stat().st_size == trees.right.stat().st_size:
        pytest.skip("directories of this file system do not grow")
    for number in range(500):
        (trees.left / f"{number:0200}").unlink()
    if trees.left.stat().st_size == trees.right.stat().st_size:
        pytest.skip("directories of this file system shrink again")
    trees.settle()
    assert trees.left_out() == {LeftOut.DIRECTORY_SIZES: 1}
    assert [d[:2] for d in trees.differences(EXACT)] == [(b".", Aspect.SIZE)]


@pytest.mark.parametrize(
    ("left", "right", "texts"),
    [
        (b"1", b"2", ('user.k\\x20: "1"', 'user.k\\x20: "2"')),
        (b"", None, ('user.k\\x20: ""', "user.k\\x20: absent")),
        (None, b"\x00", ("user.k\\x20: absent", 'user.k\\x20: "\\x00"')),
        (b"a" * 60 + b"b", b"a" * 60, ('user.k\\x20: 61 bytes, at 60: "b"', 'user.k\\x20: 60 bytes, at 60: ""')),
    ],
)
def test_xattr(trees: Trees, left: bytes | None, right: bytes | None, texts: tuple[str, str]) -> None:
    for file, value in zip(trees.write(b""), (left, right), strict=True):
        os.setxattr(file, "user.both", b"same")
        if value is not None:
            os.setxattr(file, "user.k ", value)
    assert trees.differences() == [(b"x", Aspect.XATTR, *texts)]
    assert trees.left_out(replace(BACULA, xattrs=False)) == {LeftOut.XATTRS: 1}


@pytest.mark.root
@pytest.mark.parametrize("kind", ["file", "directory", "symbolic link", "FIFO"])
def test_trusted_xattr_of_every_kind(trees: Trees, kind: str) -> None:
    make: dict[str, Callable[[Path], None]] = {
        "file": Path.touch,
        "directory": Path.mkdir,
        "FIFO": os.mkfifo,
        "symbolic link": lambda link: link.symlink_to("nowhere"),
    }
    for path in trees.names():
        make[kind](path)
    os.setxattr(trees.left / "x", "trusted.t", b"v", follow_symlinks=False)
    trees.settle()
    assert trees.differences() == [(b"x", Aspect.XATTR, 'trusted.t: "v"', "trusted.t: absent")]


NOBODY = 0xFFFFFFFF  # the id of an entry that has none


def acl_bytes(*entries: tuple[int, int, int]) -> bytes:
    """A binary ACL of (tag, permissions, id)."""
    return b"\x02\0\0\0" + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def test_access_acl(trees: Trees) -> None:
    left, right = trees.write(b"")
    for file, permissions in ((left, 6), (right, 4)):
        acl = acl_bytes(
            (0x01, 6, NOBODY), (0x02, permissions, 7), (0x04, 4, NOBODY), (0x10, 6, NOBODY), (0x20, 0, NOBODY)
        )
        os.setxattr(file, "system.posix_acl_access", acl)
    texts = (
        "user::rw-,user:7:rw-,group::r--,mask::rw-,other::---",
        "user::rw-,user:7:r--,group::r--,mask::rw-,other::---",
    )
    assert trees.differences() == [(b"x", Aspect.ACCESS_ACL, *texts)]
    assert trees.left_out(replace(BACULA, acls=False)) == {LeftOut.ACLS: 1}
    # Extended attributes that were not kept say nothing about ACLs.
    assert len(trees.differences(replace(BACULA, xattrs=False))) == 1


def test_default_acl(trees: Trees) -> None:
    for directory in trees.names():
        directory.mkdir()
    acl = acl_bytes((0x01, 7, NOBODY), (0x04, 5, NOBODY), (0x20, 0, NOBODY))
    os.setxattr(trees.right / "x", "system.posix_acl_default", acl)
    trees.settle()
    assert trees.differences() == [(b"x", Aspect.DEFAULT_ACL, "none", "user::rwx,group::r-x,other::---")]


def test_an_access_acl_that_repeats_the_mode_is_none(trees: Trees) -> None:
    """Kernels drop such an ACL, other file systems may keep it: a host that does so stands in for them."""
    trees.write(b"")
    minimal = acl_bytes((0x01, 6, NOBODY), (0x04, 4, NOBODY), (0x20, 4, NOBODY))
    directories: list[bytes] = []

    def listxattr(path: bytes, *, follow_symlinks: bool) -> list[str]:
        assert not follow_symlinks
        directories.append(path)
        return ["system.posix_acl_access"] if path.endswith(b"/x") and len(directories) % 2 else []

    host = replace(REAL, listxattr=listxattr, getxattr=lambda *_args, **_kwargs: minimal)
    assert list(compare(bytes(trees.left), bytes(trees.right), host=host, profile=EXACT)) == []
    host = replace(host, getxattr=lambda *_args, **_kwargs: b"\x09\0\0\0")
    directories.clear()
    (difference,) = compare(bytes(trees.left), bytes(trees.right), host=host)
    assert (difference.left, difference.right) == ("ACL version 9, expected 2: 09000000", "none")


def with_hole(path: Path, hole: int, *, filled: bool) -> None:
    """A block of data, a hole or as many zeros, and a block of data."""
    with path.open("wb") as file:
        file.write(b"d" * 65536)
        file.write(bytes(hole)) if filled else file.seek(hole, os.SEEK_CUR)
        file.write(b"d" * 65536)
        file.flush()
        os.fsync(file.fileno())


def test_lost_holes_count_only_where_the_backup_keeps_them(trees: Trees) -> None:
    left, right = trees.names()
    with_hole(left, MEBI, filled=False)
    with_hole(right, MEBI, filled=True)
    trees.settle()
    expected = [(b"x", Aspect.HOLES, "holes of 1048576 bytes", "filled with zeros")]
    assert trees.differences(EXACT) == expected
    assert trees.differences(replace(BACULA, holes=True)) == expected
    assert trees.left_out() == {LeftOut.HOLES: 1}


def test_a_short_hole_counts_only_in_an_exact_comparison(trees: Trees) -> None:
    left, right = trees.names()
    with_hole(left, 65536, filled=False)
    with_hole(right, 65536, filled=True)
    trees.settle()
    assert trees.left_out(replace(BACULA, holes=True)) == {}
    assert [d[1] for d in trees.differences(EXACT)] == [Aspect.HOLES]


def test_holes_gained_are_no_loss(trees: Trees) -> None:
    left, right = trees.names()
    with_hole(left, MEBI, filled=True)
    with_hole(right, MEBI, filled=False)
    trees.settle()
    assert trees.differences(EXACT) == []


def test_data_behind_large_holes_is_found_without_reading_the_holes(trees: Trees) -> None:
    for path, last in zip(trees.names(), (b"1", b"2"), strict=True):
        with path.open("wb") as file:
            file.seek(2**40)
            file.write(last)
    trees.settle()
    comparison = compare(bytes(trees.left), bytes(trees.right))
    (difference,) = comparison
    assert (difference.aspect, difference.left) == (Aspect.CONTENTS, f'at {2**40}: "1"')
    assert comparison.tally.bytes == 2**40


@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFSOCK])
def test_what_has_no_contents_is_equal_to_its_like(trees: Trees, kind: int) -> None:
    for path in trees.names():
        os.mknod(path, kind | 0o600)
    trees.settle()
    assert trees.differences(EXACT) == []
