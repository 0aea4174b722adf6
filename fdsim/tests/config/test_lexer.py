from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.config.errors import ConfigError
from fdsim.config.lexer import MAXIMUM_FILE_SIZE, Kind, Token, tokens, tokens_of_file

W, N, S, Q = Kind.WORD, Kind.NUMBER, Kind.STRING, Kind.QUOTED
EQ, COMMA, OPEN, CLOSE, END = Kind.EQUALS, Kind.COMMA, Kind.OPEN, Kind.CLOSE, Kind.END


def shape(found: Iterator[Token]) -> list[tuple[Kind, str]]:
    return [(token.kind, token.text) for token in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FD Port", [(W, "FDPort")]),
        ("F\tD  Port \n", [(W, "FDPort"), (END, "\n")]),
        ("ab c/d e", [(S, "abc/d"), (W, "e")]),
        ("ab 12 x", [(S, "ab12"), (W, "x")]),
        ("a-b c", [(S, "a-b"), (W, "c")]),
        ('ab"cd"', [(W, "ab"), (Q, "cd")]),
        ('1"2"', [(S, '1"2"')]),
        ("12 ab", [(N, "12"), (W, "ab")]),
        ("12ab", [(S, "12ab")]),
        ("12}", [(N, "12"), (CLOSE, "}")]),
        ("12#", [(S, "12")]),
        ("12=", [(S, "12"), (EQ, "=")]),
        ("1.5", [(S, "1.5")]),
        ("1,2", [(N, "1"), (COMMA, ","), (N, "2")]),
        ("0.0.0.0", [(S, "0.0.0.0")]),
        ("a=b", [(W, "a"), (EQ, "="), (W, "b")]),
        ("a{b}", [(W, "a"), (OPEN, "{"), (W, "b"), (CLOSE, "}")]),
        ("a;b", [(W, "a"), (END, ";"), (W, "b")]),
        ("a # b = \\\nc", [(W, "a"), (END, "\n"), (W, "c")]),
        ("/a#b", [(S, "/a")]),
        ("a@b", [(S, "a@b")]),
        ("!skipped", [(S, "!skipped")]),
        ("$HOME", [(S, "$HOME")]),
        ("é\xa0è", [(S, "é\xa0è")]),
        ('"a # b { } ; = @x"', [(Q, "a # b { } ; = @x")]),
        (r'"a\"b\\c\nd"', [(Q, 'a"b\\cnd')]),
        ('"a\nb"', [(Q, "a\nb")]),
        ('"a\\\nb"', [(Q, "a\nb")]),
        ('""', [(Q, "")]),
        (r"a\b", [(S, r"a\b")]),
        ("a, \\\n b", [(W, "a"), (COMMA, ","), (W, "b")]),
        ("a, \\ \t\n b", [(W, "a"), (COMMA, ","), (W, "b")]),
        ("a \\\n b", [(S, "a\\"), (END, "\n"), (W, "b")]),
        ("a\r\nb\rc", [(W, "a"), (END, "\n"), (W, "b"), (END, "\n"), (W, "c")]),
        ("", []),
    ],
)
def test_text_splits_into_words_and_signs(text: str, expected: list[tuple[Kind, str]]) -> None:
    assert shape(tokens(text, "f")) == expected


def test_each_token_knows_its_line() -> None:
    text = 'a\n"b\nc" d, \\\n e\n# x\nf'
    assert [(token.text, token.place.line) for token in tokens(text, "f") if token.kind is not END] == [
        ("a", 1),
        ("b\nc", 2),
        ("d", 3),
        (",", 3),
        ("e", 4),
        ("f", 6),
    ]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('a\nb = "c\nd', 2, "quote"),
        ('"\\', 1, "quote"),
        ("a = \\b", 1, "backslash"),
        ("a = \\", 1, "backslash"),
        ("a\0b", 1, "NUL"),
        ("a = @", 1, "name of the file"),
        ("a = @ /etc/passwd", 1, "name of the file"),
        ("\n@|date", 2, "command"),
        ('@"|date"', 1, "command"),
    ],
)
def test_what_is_no_token_is_an_error_at_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as error:
        list(tokens(text, "the.conf"))
    assert (error.value.file, error.value.line) == ("the.conf", line)
    assert str(error.value).startswith(f"the.conf:{line}: ")


@pytest.mark.parametrize("form", ["@{}", '@"{}"', "@{} ", "@{};"])
def test_an_include_stands_for_the_words_of_its_file(tmp_path: Path, form: str) -> None:
    included = tmp_path / "inc.conf"
    included.write_text("x = 1\ny", encoding="utf-8")
    found = list(tokens("\na " + ("= " + form).format(included) + "\n= z", "top.conf"))
    assert [token.text for token in found if token.kind is not END] == ["a", "=", "x", "=", "1", "y", "=", "z"]
    assert str(found[3].place) == f"{included}:1"
    assert str(found[-1].place) == "top.conf:3"


def test_an_at_sign_within_a_word_or_a_comment_includes_nothing() -> None:
    assert shape(tokens('a @/nowhere # @/nowhere\n"@/nowhere"', "f")) == [
        (S, "a@/nowhere"),
        (END, "\n"),
        (Q, "@/nowhere"),
    ]


def test_a_relative_include_starts_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = tmp_path / "below"
    below.mkdir()
    (below / "top.conf").write_text("@inc.conf", encoding="utf-8")
    (below / "inc.conf").write_text("wrong", encoding="utf-8")
    (tmp_path / "inc.conf").write_text("right", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert shape(tokens_of_file("below/top.conf")) == [(W, "right")]


def test_an_include_that_is_missing_is_an_error_where_it_is_named(tmp_path: Path) -> None:
    top = tmp_path / "top.conf"
    top.write_text("a\n@/nowhere/x.conf\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"'/nowhere/x\.conf': No such file") as error:
        list(tokens_of_file(str(top)))
    assert (error.value.file, error.value.line) == (str(top), 2)


def test_an_include_loop_is_an_error_even_under_another_name(tmp_path: Path) -> None:
    top, other = tmp_path / "top.conf", tmp_path / "other.conf"
    top.write_text(f"a\n\n@{other}\n", encoding="utf-8")
    other.write_text(f"b\n@{tmp_path}/alias.conf\n", encoding="utf-8")
    (tmp_path / "alias.conf").symlink_to(top)
    with pytest.raises(ConfigError, match="within itself") as error:
        list(tokens_of_file(str(top)))
    assert (error.value.file, error.value.line) == (str(other), 2)


def test_a_file_may_be_included_twice_one_after_the_other(tmp_path: Path) -> None:
    included = tmp_path / "inc.conf"
    included.write_text("x;", encoding="utf-8")
    assert shape(tokens(f"@{included}\n@{included}", "f")) == [(W, "x"), (END, ";"), (END, "\n"), (W, "x"), (END, ";")]


def test_a_long_chain_of_includes_is_an_error(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}").write_text(f"@{tmp_path}/{number + 1}", encoding="utf-8")
    with pytest.raises(ConfigError, match="more than 20 deep"):
        list(tokens_of_file(str(tmp_path / "0")))


def test_a_file_that_cannot_be_read_is_an_error_without_a_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Is a directory") as error:
        list(tokens_of_file(str(tmp_path)))
    assert str(error.value) == f"{tmp_path}: cannot read the configuration file '{tmp_path}': Is a directory"


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    huge = tmp_path / "image"
    with huge.open("wb") as file:
        file.truncate(MAXIMUM_FILE_SIZE + 1)
    with pytest.raises(ConfigError, match="is it a configuration file"):
        list(tokens_of_file(str(huge)))


def test_a_byte_order_mark_is_skipped_and_other_bytes_survive(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"\xef\xbb\xbfab = \xff\xfe/\xc3\xa9")
    found = list(tokens_of_file(str(path)))
    assert (found[0].kind, found[0].text) == (W, "ab")
    assert os.fsencode(found[2].text) == b"\xff\xfe/\xc3\xa9"


@given(st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"])))
def test_any_text_survives_between_quotes(text: str) -> None:
    written = text.replace("\\", "\\\\").replace('"', '\\"')
    assert shape(tokens(f'"{written}"', "f")) == [(Q, text)]


@given(st.text(st.sampled_from('aB1 \t\n\\"#={},;./é')))
def test_any_text_gives_tokens_in_order_or_a_config_error_at_one_of_its_lines(text: str) -> None:
    found: list[Token] = []
    lines: list[int] = []
    try:
        found.extend(tokens(text, "f"))
    except ConfigError as error:
        lines.append(error.line)
    lines[:0] = [token.place.line for token in found]
    assert lines == sorted(lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines)
    assert all(token.text for token in found if token.kind is not Q)
