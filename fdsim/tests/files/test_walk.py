"""What is found, in which order, and what is said of what can't be read."""

import contextlib
import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fdsim.files.host import REAL, Host
from fdsim.files.patterns import PathFilter
from fdsim.files.walk import Entry, Walker
from fdsim.tests.hosts import counting, failing, replaced
from fdsim.wire.streams import FileType

NOTHING = PathFilter(())


def walk(top: Path | bytes, host: Host = REAL, excluded: PathFilter = NOTHING, **rules: bool) -> list[Entry]:
    return list(Walker(host, excluded, **rules).walk(os.fsencode(top)))


def relative(entries: list[Entry], top: Path) -> list[tuple[str, FileType]]:
    return [(os.fsdecode(entry.path)[len(str(top)) :], entry.type) for entry in entries]


def test_a_directory_comes_after_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").mkdir()
    (tmp_path / "a" / "b" / "file").write_text("x")
    assert relative(walk(tmp_path), tmp_path) == [
        ("/a/b/file", FileType.REG),
        ("/a/b/", FileType.DIREND),
        ("/a/", FileType.DIREND),
        ("/", FileType.DIREND),
    ]


def test_entries_come_in_the_order_of_the_system(tmp_path: Path) -> None:
    for name in "qwertzuiop":
        (tmp_path / name).write_text(name)
    found = [os.path.basename(entry.path) for entry in walk(tmp_path)[:-1]]
    assert found == [entry.name for entry in os.scandir(os.fsencode(tmp_path))]


def test_every_type_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "regular").write_text("x")
    (tmp_path / "empty").touch(0o644)
    (tmp_path / "secret").touch(0o600)
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        found = dict(relative(walk(tmp_path), tmp_path))
    assert found == {
        "/regular": FileType.REG,
        "/empty": FileType.REGE,
        "/secret": FileType.REG,
        "/link": FileType.LNK,
        "/fifo": FileType.SPEC,
        "/socket": FileType.SPEC,
        "/": FileType.DIREND,
    }


def test_a_link_is_read_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "inside").write_text("x")
    (tmp_path / "link").symlink_to("target")
    entry = next(entry for entry in walk(tmp_path) if entry.path.endswith(b"/link"))
    assert (entry.type, entry.link) == (FileType.LNK, b"target")
    assert [found.type for found in walk(tmp_path / "link")] == [FileType.LNK]


def test_names_are_bytes_of_any_kind(tmp_path: Path) -> None:
    name = b"bad \xff\xfe\n\x01name"
    with open(os.fsencode(tmp_path) + b"/" + name, "wb"):
        pass
    assert os.fsencode(tmp_path) + b"/" + name in [entry.path for entry in walk(tmp_path)]


def test_a_slash_at_the_end_of_the_top_is_kept_once(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    top = os.fsencode(tmp_path)
    assert [entry.path for entry in walk(top + b"/")] == [top + b"/f", top + b"/"]


def test_more_entries_than_a_batch_are_all_found(tmp_path: Path) -> None:
    names = {f"{number:05}" for number in range(2100)}
    for name in names:
        (tmp_path / name).touch()
    assert {os.fsdecode(os.path.basename(entry.path)) for entry in walk(tmp_path)[:-1]} == names


def test_a_deep_tree_needs_no_descriptor_for_each_level(tmp_path: Path) -> None:
    open_directories: list[int] = []
    deepest = tmp_path
    for _ in range(150):
        deepest /= "d"
    deepest.mkdir(parents=True)

    def scandir(path: bytes) -> Any:
        open_directories.append(len(os.listdir("/proc/self/fd")))
        return os.scandir(path)

    assert len(walk(tmp_path, replaced("scandir", scandir))) == 151
    assert max(open_directories) - min(open_directories) <= 2


def test_each_object_costs_one_lstat(tmp_path: Path) -> None:
    calls: list[str] = []
    for number in range(5):
        (tmp_path / str(number)).touch()

    walk(tmp_path, counting(calls))
    assert sorted(calls) == ["lstat"] * 6 + ["scandir"]


def test_an_excluded_directory_is_left_out_with_its_contents(tmp_path: Path) -> None:
    (tmp_path / "out" / "below").mkdir(parents=True)
    (tmp_path / "in").mkdir()
    excluded = PathFilter([os.fsencode(tmp_path / "out")])
    assert relative(walk(tmp_path, excluded=excluded), tmp_path) == [("/in/", FileType.DIREND), ("/", FileType.DIREND)]


def test_the_top_itself_is_never_excluded(tmp_path: Path) -> None:
    assert len(walk(tmp_path, excluded=PathFilter([os.fsencode(tmp_path)]))) == 1


def test_without_recursion_directories_below_the_top_are_not_entered(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    entries = walk(tmp_path, recurse=False)
    assert relative(entries, tmp_path) == [("/a/", FileType.NORECURSE), ("/", FileType.DIREND)]
    assert entries[0].top == os.fsencode(tmp_path)


def test_another_file_system_is_entered_only_where_that_is_wished() -> None:
    assert ("/proc/", FileType.NOFSCHG) in [(os.fsdecode(e.path), e.type) for e in walk(b"/") if e.path == b"/proc/"]


def test_a_missing_top_is_told(tmp_path: Path) -> None:
    [entry] = walk(tmp_path / "missing")
    assert entry.type is FileType.NOSTAT
    assert entry.error is not None
    assert entry.error.errno == errno.ENOENT


@pytest.mark.parametrize(
    ("call", "name", "expected"),
    [("lstat", "file", FileType.NOSTAT), ("readlink", "link", FileType.NOFOLLOW), ("scandir", "dir", FileType.NOOPEN)],
)
def test_what_cannot_be_read_is_told_and_the_rest_is_found(
    tmp_path: Path, call: str, name: str, expected: FileType
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dir").mkdir()
    path = os.fsencode(tmp_path / name)
    entries = walk(tmp_path, failing(call, errno.EACCES, path))
    assert [entry.path for entry in entries if entry.type is expected] == [path]
    assert len(entries) == 4


def test_a_directory_that_fails_while_it_is_read_is_told_and_saved(tmp_path: Path) -> None:
    class Broken(contextlib.AbstractContextManager["Broken"]):
        def __exit__(self, *_: object) -> None: ...

        def __iter__(self) -> Iterator[object]:
            raise OSError(errno.EIO, "Input/output error")

    entries = walk(tmp_path, replaced("scandir", lambda _: Broken()))
    assert [entry.type for entry in entries] == [FileType.NOOPEN, FileType.DIREND]
