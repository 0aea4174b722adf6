import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fdsim.files.host import REAL, Host
from fdsim.files.tree import compare
from fdsim.files.tree_model import BACULA, EXACT, Aspect, LeftOut, Profile
from fdsim.files.tree_side import UnusableRootError

Found = list[tuple[bytes, Aspect, str, str]]


def settle(*roots: Path) -> None:
    """Give everything in the trees the same times, so that making and removing names leaves no trace."""
    for root in roots:
        for directory, directories, files in os.walk(root):
            for name in (*directories, *files, "."):
                os.utime(Path(directory) / name, (1000, 1000), follow_symlinks=False)


def differences(roots: tuple[Path, Path], profile: Profile = BACULA, host: Host = REAL) -> Found:
    found = compare(bytes(roots[0]), bytes(roots[1]), profile=profile, host=host)
    return [(d.path, d.aspect, d.left, d.right) for d in found]


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    """Two trees of the same kind: d/inner/deep.txt, d/plain, x and y."""
    for root in (tmp_path / "a", tmp_path / "b"):
        (root / "d/inner").mkdir(parents=True)
        for name in ("d/inner/deep.txt", "d/plain", "x", "y"):
            (root / name).write_bytes(b"contents")
        settle(root)
    return tmp_path / "a", tmp_path / "b"


def test_equal_trees_have_no_difference(roots: tuple[Path, Path]) -> None:
    seen: list[bytes] = []
    comparison = compare(bytes(roots[0]), bytes(roots[1]), profile=EXACT, progress=seen.append)
    assert list(comparison) == []
    assert seen == [b".", b"d", b"x", b"y", b"d/inner", b"d/plain", b"d/inner/deep.txt"]
    assert (comparison.tally.entries, comparison.tally.bytes, comparison.tally.left_out) == (7, 32, {})


def test_a_comparison_can_be_repeated(roots: tuple[Path, Path]) -> None:
    (roots[0] / "y").unlink()
    (roots[0] / "y").hardlink_to(roots[0] / "x")
    settle(*roots)
    comparison = compare(bytes(roots[0]), bytes(roots[1]))
    assert list(comparison) == list(comparison)
    assert (comparison.tally.entries, comparison.tally.differences) == (7, 1)


def test_a_name_of_one_tree_only(roots: tuple[Path, Path]) -> None:
    shutil.rmtree(roots[1] / "d/inner")
    (roots[0] / "x").unlink()
    settle(*roots)
    assert differences(roots, EXACT) == [
        (b"x", Aspect.PRESENCE, "missing", "regular file"),
        (b"d/inner", Aspect.PRESENCE, "directory", "missing"),
    ]


def test_another_type_is_the_only_difference_of_an_entry(roots: tuple[Path, Path]) -> None:
    shutil.rmtree(roots[1] / "d")
    (roots[1] / "d").symlink_to(roots[0] / "d")
    settle(*roots)
    assert differences(roots, EXACT) == [(b"d", Aspect.TYPE, "directory", "symbolic link")]


def test_the_roots_themselves_are_compared(roots: tuple[Path, Path]) -> None:
    roots[1].chmod(0o1777)
    assert differences(roots) == [(b".", Aspect.MODE, "0755", "1777")]


def test_names_are_bytes_of_any_kind(roots: tuple[Path, Path]) -> None:
    for name in (b"\xff\xfe", b"new\nline", "größe".encode(), b"-rf", b"*", b"\\x41", b"\x01" * 255):
        path = roots[1] / os.fsdecode(name)
        path.touch()
    settle(*roots)
    assert [path for path, *_ in differences(roots)] == [
        b"\x01" * 255,
        b"*",
        b"-rf",
        b"\\x41",
        "größe".encode(),
        b"new\nline",
        b"\xff\xfe",
    ]


class TestHardLinks:
    def test_names_that_belong_together_in_both(self, roots: tuple[Path, Path]) -> None:
        for root in roots:
            (root / "d/z").hardlink_to(root / "x")
        settle(*roots)
        comparison = compare(bytes(roots[0]), bytes(roots[1]), profile=EXACT)
        assert list(comparison) == []
        # The inode is read once, at the first of its names.
        assert (comparison.tally.entries, comparison.tally.bytes) == (8, 32)

    def test_a_broken_hard_link(self, roots: tuple[Path, Path]) -> None:
        (roots[0] / "d/z").hardlink_to(roots[0] / "x")
        shutil.copy2(roots[1] / "x", roots[1] / "d/z")
        settle(*roots)
        assert differences(roots) == [(b"d/z", Aspect.HARD_LINK, "same file as x", "no earlier name")]
        assert [d[:2] for d in differences(roots, EXACT)] == [
            (b"x", Aspect.LINK_COUNT),
            (b"d/z", Aspect.HARD_LINK),
            (b"d/z", Aspect.LINK_COUNT),
        ]

    def test_another_partner_with_the_same_link_count(self, roots: tuple[Path, Path]) -> None:
        for root, partner in zip(roots, ("x", "y"), strict=True):
            (root / "z").hardlink_to(root / partner)
            (root / "zz").hardlink_to(root / {"x": "y", "y": "x"}[partner])
        settle(*roots)
        assert differences(roots, EXACT) == [
            (b"z", Aspect.HARD_LINK, "same file as x", "same file as y"),
            (b"zz", Aspect.HARD_LINK, "same file as y", "same file as x"),
        ]

    def test_a_difference_of_an_inode_is_told_once(self, roots: tuple[Path, Path]) -> None:
        for root in roots:
            (root / "z").hardlink_to(root / "x")
        settle(*roots)
        (roots[1] / "z").chmod(0o600)
        assert differences(roots) == [(b"x", Aspect.MODE, "0644", "0600")]

    def test_bacula_makes_hard_links_of_symbolic_links_independent(self, roots: tuple[Path, Path]) -> None:
        for root in roots:
            (root / "l").symlink_to("nowhere")
        os.link(roots[0] / "l", roots[0] / "m", follow_symlinks=False)
        (roots[1] / "m").symlink_to("nowhere")
        settle(*roots)
        comparison = compare(bytes(roots[0]), bytes(roots[1]))
        assert list(comparison) == []
        assert comparison.tally.left_out == {LeftOut.SYMLINK_LINKS: 1, LeftOut.LINK_COUNTS: 2}
        assert (b"m", Aspect.HARD_LINK, "same file as l", "no earlier name") in differences(roots, EXACT)


class TestSockets:
    def test_bacula_saves_none(self, roots: tuple[Path, Path]) -> None:
        os.mknod(roots[0] / "s", stat.S_IFSOCK | 0o600)
        for root in roots:
            os.mknod(root / "t", stat.S_IFSOCK | 0o600)
        settle(*roots)
        (roots[1] / "t").chmod(0o777)
        comparison = compare(bytes(roots[0]), bytes(roots[1]))
        assert list(comparison) == []
        assert comparison.tally.left_out == {LeftOut.SOCKETS: 2}
        assert differences(roots, EXACT) == [
            (b"s", Aspect.PRESENCE, "socket", "missing"),
            (b"t", Aspect.MODE, "0600", "0777"),
        ]

    def test_a_file_in_its_place_is_a_difference(self, roots: tuple[Path, Path]) -> None:
        os.mknod(roots[0] / "s", stat.S_IFSOCK | 0o600)
        (roots[1] / "s").touch()
        settle(*roots)
        assert differences(roots) == [(b"s", Aspect.TYPE, "socket", "regular file")]


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("missing", "there is no such directory"),
        ("link", "of a symbolic link, name the directory that it leads to"),
        ("a/x", "it is no directory"),
    ],
)
def test_an_unusable_root(roots: tuple[Path, Path], which: int, name: str, complaint: str) -> None:
    (roots[0].parent / "link").symlink_to(roots[0])
    chosen = [bytes(root) for root in roots]
    chosen[which] = bytes(roots[0].parent / name)
    with pytest.raises(UnusableRootError, match=f"cannot compare the tree .*{name}: .*{complaint}"):
        next(iter(compare(chosen[0], chosen[1])))


def open_descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


class FailingAt:
    """A host whose n-th call, of all or of those named, fails with EIO after it has been made."""

    def __init__(self, number: int, only: str | None = None) -> None:
        self.left = number
        self.only = only
        self.failed = ""
        self.host = REAL.wrapped(self._wrap)

    def _wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            result = call(*args, **kwargs)
            if self.only in {None, name}:
                self.left -= 1
            if self.left == -1 and not self.failed:
                self.failed = name
                if name == "open":
                    os.close(result)
                elif name == "scandir":
                    result.close()
                raise OSError(5, "Input/output error")
            return result

        return counted


def test_no_failing_call_is_swallowed(roots: tuple[Path, Path]) -> None:
    for root in roots:
        (root / "link").symlink_to("nowhere")
        os.setxattr(root / "x", "user.k", b"v")
        with (root / "sparse").open("wb") as file:
            file.truncate(2**20)
    settle(*roots)
    failed = set()
    for number in range(1000):
        before = open_descriptors()
        failing = FailingAt(number)
        try:
            found = differences(roots, EXACT, failing.host)
        except UnusableRootError:
            found = [(b".", Aspect.UNREADABLE, "", "")]
        assert open_descriptors() == before
        if not failing.failed:
            break
        assert len(found) == 1, failing.failed
        assert found[0][1] is Aspect.UNREADABLE
        failed.add(failing.failed)
    assert failed == {"close", "getxattr", "listxattr", "lseek", "lstat", "open", "read", "readlink", "scandir"}


@pytest.mark.parametrize(
    ("call", "number", "path", "left", "right"),
    [
        ("lstat", 3, b"d", "", "cannot compare: status: Input/output error"),
        ("read", 0, b"x", "cannot compare: contents: Input/output error", ""),
        ("listxattr", 5, b"x", "", "cannot compare: extended attributes: Input/output error"),
        ("scandir", 2, b"d", "cannot compare: names: Input/output error", ""),
    ],
)
def test_what_failed_is_told_with_its_side(
    roots: tuple[Path, Path], call: str, number: int, path: bytes, left: str, right: str
) -> None:
    found = differences(roots, BACULA, FailingAt(number, call).host)
    assert found == [(path, Aspect.UNREADABLE, left, right)]


def test_an_abandoned_comparison_leaves_no_file_open(roots: tuple[Path, Path]) -> None:
    (roots[1] / "x").chmod(0o600)
    before = open_descriptors()
    iterator = iter(compare(bytes(roots[0]), bytes(roots[1])))
    assert next(iterator).path == b"x"
    iterator.close()
    assert open_descriptors() == before
