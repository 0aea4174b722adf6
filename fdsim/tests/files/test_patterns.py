"""Wild cards on whole paths, held against the C library's own fnmatch."""

import ctypes
import ctypes.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.files.patterns import PathFilter

LIBC = ctypes.CDLL(ctypes.util.find_library("c"))


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        (b"/a/b", b"/a/b", True),
        (b"/a/b", b"/a/b/c", False),
        (b"/a/*", b"/a/b/c", True),
        (b"/a/?", b"/a/b", True),
        (b"/a?b", b"/a/b", True),
        (b"*.gz", b"/x/y.gz", True),
        (b"name", b"/x/name", False),
        (b"/a/b/", b"/a/b", False),
        (b"/[a-c]x", b"/bx", True),
        (b"/[!a-c]x", b"/bx", False),
        (b"/[]]x", b"/]x", True),
        (b"/a\\*b", b"/a*b", True),
        (b"/a\\*b", b"/aXb", False),
        (b"/[x", b"/[x", True),
        (b"/a\n*", b"/a\nb", True),
    ],
)
def test_a_pattern_covers_the_whole_path(pattern: bytes, path: bytes, matches: bool) -> None:
    assert (path in PathFilter([pattern])) is matches


def test_one_of_several_is_enough() -> None:
    several = PathFilter([b"/plain", b"/w*", b"/x?"])
    assert [path in several for path in (b"/plain", b"/wild", b"/xy", b"/other")] == [True, True, True, False]


@given(st.text("ab/*?.-", max_size=8), st.text("ab/.-", max_size=6))
def test_star_and_question_mark_agree_with_the_c_library(pattern: str, path: str) -> None:
    expected = LIBC.fnmatch(pattern.encode(), path.encode(), 0) == 0
    assert (path.encode() in PathFilter([pattern.encode()])) is expected


@given(st.sampled_from(["", "!", "^"]), st.text("abcx-", min_size=1, max_size=5), st.sampled_from("abcx-y"))
def test_sets_agree_with_the_c_library(negation: str, members: str, path: str) -> None:
    pattern = f"[{negation}{members}]".encode()
    expected = LIBC.fnmatch(pattern, path.encode(), 0) == 0
    assert (path.encode() in PathFilter([pattern])) is expected
