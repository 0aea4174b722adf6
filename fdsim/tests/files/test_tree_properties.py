"""A copy of any tree is equal to it, and any single change of the copy is found."""

import os
import random
import stat
import struct
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from fdsim.files.tree import compare
from fdsim.files.tree_model import EXACT, Aspect

NAMES = (
    st.binary(min_size=1, max_size=12)
    .map(lambda name: name.replace(b"/", b"_").replace(b"\0", b"\x01"))
    .filter(lambda name: name not in {b".", b".."})
)
Entry = tuple[bytes, str, int]


def write_file(path: Path, number: int) -> None:
    path.write_bytes(b"%d." % number * (number % 1000 + 1))


def write_sparse(path: Path, number: int) -> None:
    with path.open("wb") as file:
        file.write(b"start")
        file.truncate(65536 + number)


def write_xattr(path: Path, number: int) -> None:
    write_file(path, number)
    os.setxattr(path, "user.number", b"%d" % number)


def write_acl(path: Path, number: int) -> None:
    write_file(path, number)
    entries = (
        (0x01, 6, 0xFFFFFFFF),
        (0x02, 5, number),
        (0x04, 4, 0xFFFFFFFF),
        (0x10, 7, 0xFFFFFFFF),
        (0x20, 0, 0xFFFFFFFF),
    )
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    os.setxattr(path, "system.posix_acl_access", acl)


MAKERS: dict[str, Callable[[Path, int], object]] = {
    "directory": lambda path, _: path.mkdir(),
    "file": write_file,
    "sparse": write_sparse,
    "xattr": write_xattr,
    "acl": write_acl,
    "symlink": lambda path, number: path.symlink_to(f"to{number}"),
    "fifo": lambda path, _: os.mkfifo(path),
    "socket": lambda path, _: os.mknod(path, stat.S_IFSOCK),
}


def plant(root: Path, entries: list[Entry]) -> list[Path]:
    """Make a tree of the entries, whose numbers decide on their places, and return all names in it."""
    root.mkdir()
    directories, files, paths = [root], list[Path](), [root]
    for name, kind, number in entries:
        path = directories[number % len(directories)] / os.fsdecode(name)
        if os.path.lexists(path):
            continue
        if kind == "hard link":
            if not files:
                continue
            path.hardlink_to(files[number % len(files)])
        else:
            MAKERS[kind](path, number)
        paths.append(path)
        if path.is_dir() and not path.is_symlink():
            directories.append(path)
        if path.is_file() and not path.is_symlink():
            files.append(path)
    for number, path in enumerate(paths):
        if not path.is_symlink():
            path.chmod(0o700 | number * 0o1013 & 0o7077)
        os.utime(path, ns=(0, number * 1_234_567_891), follow_symlinks=False)
    return paths


# A change returns the aspects that it must show in, none if it does not apply to the entry.
Change = Callable[[Path, os.stat_result], set[Aspect]]


def change_mode(path: Path, status: os.stat_result) -> set[Aspect]:
    if stat.S_ISLNK(status.st_mode):
        return set()
    path.chmod(stat.S_IMODE(status.st_mode) ^ 0o001)
    # The last bits of the mode are an entry of the ACL where there is one.
    return {Aspect.MODE, Aspect.ACCESS_ACL} if has_acl(path) else {Aspect.MODE}


def has_acl(path: Path) -> bool:
    return "system.posix_acl_access" in os.listxattr(path)


def change_mtime(path: Path, status: os.stat_result) -> set[Aspect]:
    os.utime(path, ns=(0, status.st_mtime_ns + 1), follow_symlinks=False)
    return {Aspect.MTIME}


def change_byte(path: Path, status: os.stat_result) -> set[Aspect]:
    if not stat.S_ISREG(status.st_mode):
        return set()
    with path.open("r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 1]))
    return {Aspect.CONTENTS}


def append_byte(path: Path, status: os.stat_result) -> set[Aspect]:
    if not stat.S_ISREG(status.st_mode):
        return set()
    with path.open("ab") as file:
        file.write(b"+")
    return {Aspect.SIZE}


def fill_holes(path: Path, status: os.stat_result) -> set[Aspect]:
    if not stat.S_ISREG(status.st_mode) or status.st_blocks * 512 >= status.st_size:
        return set()
    contents = path.read_bytes()
    with path.open("r+b") as file:
        file.write(contents)
    return {Aspect.HOLES}


def change_target(path: Path, status: os.stat_result) -> set[Aspect]:
    if not stat.S_ISLNK(status.st_mode) or status.st_nlink > 1:
        return set()
    path.unlink()
    path.symlink_to("elsewhere")
    return {Aspect.TARGET}


def add_xattr(path: Path, status: os.stat_result) -> set[Aspect]:
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        return set()
    os.setxattr(path, "user.new", b"")
    return {Aspect.XATTR}


def remove(path: Path, status: os.stat_result) -> set[Aspect]:
    if stat.S_ISDIR(status.st_mode) or status.st_nlink > 1:
        return set()
    path.unlink()
    return {Aspect.PRESENCE}


def change_type(path: Path, status: os.stat_result) -> set[Aspect]:
    if stat.S_ISDIR(status.st_mode) or stat.S_ISFIFO(status.st_mode) or status.st_nlink > 1:
        return set()
    path.unlink()
    os.mkfifo(path)
    return {Aspect.TYPE}


def split_hard_link(path: Path, status: os.stat_result) -> set[Aspect]:
    if not stat.S_ISREG(status.st_mode) or status.st_nlink == 1:
        return set()
    apart = path.with_name("apart")
    subprocess.run(["/bin/cp", "-a", path, apart], check=True)
    apart.rename(path)
    return {Aspect.HARD_LINK, Aspect.LINK_COUNT}


CHANGES: list[Change] = [
    change_mode,
    change_mtime,
    change_byte,
    append_byte,
    fill_holes,
    change_target,
    add_xattr,
    remove,
    change_type,
    split_hard_link,
]


def apply(change: Change, path: Path) -> set[Aspect]:
    """Make one change and put the times of the entry and of its directory back."""
    status, above = path.lstat(), path.parent.lstat()
    aspects = change(path, status)
    if change is not change_mtime and os.path.lexists(path):
        os.utime(path, ns=(0, status.st_mtime_ns), follow_symlinks=False)
    os.utime(path.parent, ns=(0, above.st_mtime_ns))
    return aspects


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    entries=st.lists(st.tuples(NAMES, st.sampled_from([*MAKERS, "hard link"]), st.integers(0, 2**20)), max_size=12),
    seed=st.integers(0, 2**32),
)
def test_a_copy_is_equal_and_any_change_of_it_is_found(entries: list[Entry], seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  no secret
    with tempfile.TemporaryDirectory() as scratch:
        left, right = Path(scratch) / "a", Path(scratch) / "b"
        paths = plant(left, entries)
        subprocess.run(["/bin/cp", "-a", "--sparse=auto", left, right], check=True)
        assert list(compare(bytes(left), bytes(right), profile=EXACT)) == []

        # Whatever applies to no entry changes nothing; a time can always be changed.
        candidates = [
            (change, path)
            for change in chance.sample(CHANGES, len(CHANGES))
            for path in chance.sample(paths, len(paths))
        ]
        change, path, aspects = next(
            (change, path, aspects)
            for change, path in candidates
            if (aspects := apply(change, right / path.relative_to(left)))
        )
        inode = path.lstat().st_ino
        event(change.__name__)
        found = list(compare(bytes(left), bytes(right), profile=EXACT))
        assert {difference.aspect for difference in found} == aspects
        assert {(left / os.fsdecode(difference.path)).lstat().st_ino for difference in found} <= {inode}
