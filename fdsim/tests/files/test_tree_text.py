import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.files.tree_text import excerpt, first_difference, printable


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain name.txt", "plain name.txt"),
        ("größe 文".encode(), "größe 文"),
        (b"\xff\xfe", r"\xff\xfe"),
        (b"caf\xe9", r"caf\xe9"),
        (b"back\\slash", r"back\\slash"),
        (b"\x1b[31mred\x07", r"\x1b[31mred\x07"),
        (b"two\nlines\r\t", r"two\x0alines\x0d\x09"),
        # The bidirectional override would show the name backwards, the C1 byte is a control sequence introducer.
        ("a\u202eb\u009bc".encode(), r"a\xe2\x80\xaeb\xc2\x9bc"),
        (b" blank ", r"\x20blank\x20"),
        (b"  ", r"\x20\x20"),
        (b"", ""),
    ],
)
def test_names_are_shown_and_cannot_drive_a_terminal(raw: bytes, text: str) -> None:
    assert printable(raw) == text


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_a_shown_name_is_printable_and_tells_its_bytes(raw: bytes) -> None:
    shown = printable(raw)
    assert shown.isprintable()
    parts = re.findall(r"\\\\|\\x[0-9a-f]{2}|[^\\]", shown)
    back = [b"\\" if p == "\\\\" else bytes.fromhex(p[2:]) if p[0] == "\\" else p.encode() for p in parts]
    assert b"".join(back) == raw


def test_short_values_are_shown_whole() -> None:
    assert excerpt(b"value", b"other") == '"value"'
    assert excerpt(b"", b"other") == '""'


def test_long_values_are_shown_where_they_part() -> None:
    assert excerpt(b"a" * 100 + b"xyz", b"a" * 100 + b"b") == '103 bytes, at 100: "xyz"'


@pytest.mark.parametrize(
    ("left", "right", "offset"), [(b"abc", b"abd", 2), (b"ab", b"abc", 2), (b"", b"x", 0), (b"xa", b"ya", 0)]
)
def test_the_first_difference(left: bytes, right: bytes, offset: int) -> None:
    assert first_difference(left, right) == offset
