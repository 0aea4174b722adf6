import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fdsim.files.host import REAL
from fdsim.files.tree import compare
from fdsim.files.tree_model import Aspect


@pytest.fixture
def roots(tmp_path: Path) -> tuple[bytes, bytes]:
    for root in ("a", "b"):
        (tmp_path / root / "d").mkdir(parents=True)
        (tmp_path / root / "d/x").write_bytes(b"c" * 300_000)
        for path in ("d/x", "d", "."):
            os.utime(tmp_path / root / path, (5, 5))
    return bytes(tmp_path / "a"), bytes(tmp_path / "b")


def refusing_noatime(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def refused(path: bytes, flags: int, **kwargs: Any) -> Any:
        if flags & os.O_NOATIME:
            raise PermissionError(1, "Operation not permitted")
        return call(path, flags, **kwargs)

    return refused if name == "open" else call


def test_times_of_access_stay_as_they_are(roots: tuple[bytes, bytes]) -> None:
    assert list(compare(*roots)) == []
    for root in roots:
        assert [os.stat(root + path).st_atime for path in (b"", b"/d", b"/d/x")] == [5, 5, 5]


def test_files_of_others_are_compared_all_the_same(roots: tuple[bytes, bytes]) -> None:
    comparison = compare(*roots, host=REAL.wrapped(refusing_noatime))
    assert list(comparison) == []
    assert comparison.tally.bytes == 300_000


def test_contents_are_read_in_blocks(roots: tuple[bytes, bytes]) -> None:
    lengths = []

    def recording(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def read(descriptor: int, length: int) -> Any:
            lengths.append(length)
            return call(descriptor, length)

        return read if name == "read" else call

    assert list(compare(*roots, host=REAL.wrapped(recording))) == []
    assert max(lengths) == 131072
    assert sum(lengths) == 600_000


def test_short_reads_do_not_matter(roots: tuple[bytes, bytes]) -> None:
    def stingy(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        return (lambda descriptor, length: call(descriptor, min(length, 40_001))) if name == "read" else call

    comparison = compare(*roots, host=REAL.wrapped(stingy))
    assert list(comparison) == []
    assert comparison.tally.bytes == 300_000


def test_a_file_that_shrinks_meanwhile_cannot_be_compared(roots: tuple[bytes, bytes]) -> None:
    def shrunk(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        return (lambda _descriptor, _length: b"") if name == "read" else call

    (difference,) = compare(*roots, host=REAL.wrapped(shrunk))
    assert difference.aspect is Aspect.UNREADABLE
    assert difference.left == "cannot compare: contents: the file became shorter while it was read"


def test_a_file_system_without_extended_attributes_has_none(roots: tuple[bytes, bytes]) -> None:
    def unsupported(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def refuse(*_args: Any, **_kwargs: Any) -> Any:
            raise OSError(95, "Operation not supported")

        return refuse if name == "listxattr" else call

    assert list(compare(*roots, host=REAL.wrapped(unsupported))) == []


def test_a_fifo_in_the_place_of_a_file_does_not_make_it_wait(roots: tuple[bytes, bytes]) -> None:
    def swapping(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def lstat(path: bytes, **kwargs: Any) -> Any:
            status = call(path, **kwargs)
            if path == b"x":
                os.unlink(path, dir_fd=kwargs["dir_fd"])
                os.mkfifo(path, dir_fd=kwargs["dir_fd"])
            return status

        return lstat if name == "lstat" else call

    (difference,) = compare(*roots, host=REAL.wrapped(swapping))
    assert difference.aspect is Aspect.UNREADABLE


def deepen(root: bytes, contents: bytes) -> int:
    """Make a chain of directories whose path is longer than a system call takes; return the length of that path."""
    name = b"n" * 200
    above = os.open(root, os.O_RDONLY)
    for _ in range(50):
        os.mkdir(name, dir_fd=above)
        below = os.open(name, os.O_RDONLY, dir_fd=above)
        os.close(above)
        above = below
    file = os.open(b"x", os.O_WRONLY | os.O_CREAT, dir_fd=above)
    os.write(file, contents)
    os.utime(file, (5, 5))
    os.close(file)
    os.close(above)
    return 50 * 201 + 1


def test_paths_may_be_longer_than_a_system_call_takes(roots: tuple[bytes, bytes]) -> None:
    lengths = [deepen(root, contents) for root, contents in zip(roots, (b"1", b"2"), strict=True)]
    found = {d.path: d.aspect for d in compare(*roots) if d.aspect is not Aspect.MTIME}
    assert list(found.values()) == [Aspect.CONTENTS]
    assert [len(path) for path in found] == lengths[:1]


def test_a_tree_may_be_deeper_than_files_can_be_open(roots: tuple[bytes, bytes]) -> None:
    for root in roots:
        (Path(os.fsdecode(root)) / "/".join(["n"] * 200)).mkdir(parents=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = 20 + max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, hard))
    try:
        comparison = compare(*roots)
        assert {d.aspect for d in comparison} <= {Aspect.MTIME}
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert comparison.tally.entries == 203
