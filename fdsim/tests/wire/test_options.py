"""Option letters, in the lines of a real Director and in those of DIR-OPT-1 to DIR-OPT-34a."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.wire.options import LETTERS, Argument, Option, parse_letters


def options(*texts: str) -> tuple[Option, ...]:
    """Each text is a letter and its argument."""
    return tuple(Option(text[0], text[1:]) for text in texts)


# bacula-dir 9.6.7, 2026-11-24; the directives were given in this order.
REAL = [
    # signature MD5
    ("M", options("M")),
    # signature=SHA256 compression=GZIP6 onefs=no sparse=yes keepatime=yes mtimeonly=yes aclsupport=yes xattrsupport=yes
    # verify=pins5 accurate=mcs checkfilechanges=yes strippath=1
    (
        "S2Z6fskmAXVpins5:Cmcs:cP1:",
        options("S2", "Z6", "f", "s", "k", "m", "A", "X", "Vpins5", "Cmcs", "c", "P1"),
    ),
    # signature=SHA1 compression=LZO recurse=no hardlinks=no readfifo=yes portable=yes noatime=yes ignorecase=yes
    # hfsplussupport=yes honornodumpflag=yes basejob=pmugcs5 replace=never
    (
        "SZohHrpKiRNJpmugcs5:n",
        options("S", "Zo", "h", "H", "r", "p", "K", "i", "R", "N", "Jpmugcs5", "n"),
    ),
    # signature=SHA512 onefs=yes hardlinks=yes sparse=no replace=ifnewer enhancedwild=yes
    ("S3000wK", options("S3", "0", "0", "0", "w", "K")),
    # replace=always exclude=yes
    ("ae", options("a", "e")),
    # signature=MD5 verify=pins5
    ("MVpins5:", options("M", "Vpins5")),
    # no directive
    ("", ()),
]


@pytest.mark.parametrize(("text", "expected"), REAL)
def test_letters_of_a_real_director(text: str, expected: tuple[Option, ...]) -> None:
    assert parse_letters(text) == expected
    assert all(option.known for option in expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SM", options("S", "M")),
        ("S1S2S3S4", options("S1", "S2", "S3", "S", "4")),
        ("S", options("S")),
        ("Z", options("Z")),
        ("Z6", options("Z6")),
        ("ZM", options("ZM")),
        ("Z:f", options("Z:", "f")),
        ("V", options("V")),
        ("V:", options("V")),
        ("V:M", options("V", "M")),
        ("Vpin", options("Vpin")),
        ("C1:J2:P3:V4:", options("C1", "J2", "P3", "V4")),
        ("Mz", options("M", "z")),
        # DIR-OPT-34a: new letters fall apart on an old FD.
        ("d1", options("d", "1")),
        ("S5", options("S", "5")),
        (" M", options(" ", "M")),
    ],
)
def test_letters_with_and_without_argument(text: str, expected: tuple[Option, ...]) -> None:
    assert parse_letters(text) == expected


def test_known_letters() -> None:
    # DIR-OPT-3 to DIR-OPT-32 of 9.6; a real bacula-fd 9.6.7 reported z as unknown (probe, 2026-11-24).
    assert sorted(LETTERS) == sorted("0aAcCefhHiJkKmMnNpPrRsSVwWXZ")
    assert [letter for letter in LETTERS if LETTERS[letter].argument is Argument.COLON] == ["C", "J", "P", "V"]
    assert [option.known for option in parse_letters("zd1q")] == [False] * 4


@given(st.text())
def test_any_text_is_read_without_loss(text: str) -> None:
    parsed = parse_letters(text)
    assert all(len(option.letter) == 1 for option in parsed)
    read = "".join(option.letter + option.argument for option in parsed)
    assert read.replace(":", "") == text.replace(":", "")
