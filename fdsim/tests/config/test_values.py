from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.config import values
from fdsim.config.errors import ConfigError
from fdsim.config.lexer import tokens
from fdsim.config.parser import parse
from fdsim.config.values import Words


def words(value: str) -> Words:
    (block,) = parse(tokens(f"R {{ X = {value}\n}}", "f"))
    return Words(block.directives[0], "X")


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90", 90),
        ("0", 0),
        ("5 s", 5),
        ("5 SEC", 5),
        ("5 n", 300),
        ("5 mi", 300),
        ("5 min", 300),
        ("5 mins", 300),
        ("5minutes", 300),
        ("5 m", 5 * 2592000),
        ("5 mo", 5 * 2592000),
        ("5 months", 5 * 2592000),
        ("5 h", 18000),
        ("5 d", 432000),
        ("5 w", 3024000),
        ("5 qu", 39312000),
        ("5 years", 157680000),
        ("1 h 30 min 5", 5405),
        ("1h3", 3603),
        ("5 hours10", 18010),
        ("1 2 3", 123),
        ("1.5 h", 5400),
        ("1. h", 3600),
        ("1.9", 1),
        ("1.5 h 1.9", 5401),
        ("5 s ec", 5),
        ("1 year 1 quarter 1 month 1 week 1 day 1 hour 1 min 1 sec", 42685261),
    ],
)
def test_a_duration_is_the_sum_of_its_parts(written: str, seconds: int) -> None:
    assert values.duration(words(written)) == seconds


@pytest.mark.parametrize(
    "written", ['"5"', "-5", "+5", "h", "5 x", "5 hr", "5 minutess", "1e3", ".5 h", "1.5.5 h", "", "5 /", "9" * 5000]
)
def test_what_is_no_duration_is_refused(written: str) -> None:
    with pytest.raises(ConfigError, match=r"^f:1: X "):
        values.duration(words(written))


@given(
    st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(["seconds", "minutes", "hours", "days"]), st.data()
)
def test_any_unambiguous_beginning_of_a_unit_will_do(count: int, rest: int, unit: str, data: st.DataObject) -> None:
    long = unit[: data.draw(st.integers(2, len(unit)))]
    factor = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}[unit]
    assert values.duration(words(f"{count} {long} {rest}")) == count * factor + rest


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("5", 5),
        ("5k", 5120),
        ("5 k", 5120),
        ("5 kb", 5000),
        ("5 KiB", 5120),
        ("5 m", 5242880),
        ("5mb", 5000000),
        ("5 g", 5368709120),
        ("5 gb", 5000000000),
        ("5 tb", 5000000000000),
        ("1.5 g", 1610612736),
    ],
)
def test_sizes_have_binary_and_decimal_units(written: str, expected: int) -> None:
    assert values.size(words(written)) == expected


@pytest.mark.parametrize("written", ["5 kk", "5 b", "-5", "x", "0x10", '"5 g"', "5 m 5 k", "5 p", "", "1..5"])
def test_what_is_no_size_is_refused(written: str) -> None:
    with pytest.raises(ConfigError, match="a size is expected"):
        values.size(words(written))


@pytest.mark.parametrize(
    ("written", "expected"),
    [("5", 5), ("5/s", 5), ("5 /s", 5), ("5k/s", 5120), ("5 KB/S", 5000), ("1.5 m/s", 1572864), ("5 mib/s", 5242880)],
)
def test_speeds_may_say_per_second(written: str, expected: int) -> None:
    assert values.speed(words(written)) == expected


@pytest.mark.parametrize("written", ["5 g/s", "5 t", "5 mbx", "-5k", "5 k/m"])
def test_what_is_no_speed_is_refused(written: str) -> None:
    with pytest.raises(ConfigError, match="units are k/s, kb/s, kib/s, m/s, mb/s, mib/s"):
        values.speed(words(written))


@pytest.mark.parametrize(
    ("written", "expected"),
    [("yes", True), ("YES", True), ("True", True), ("no", False), ('"no"', False), ("n o", False)],
)
def test_booleans_are_yes_no_true_false_in_any_case(written: str, expected: bool) -> None:
    assert values.boolean(words(written)) is expected


@pytest.mark.parametrize("written", ["on", "y", "1", "no yes", "", ","])
def test_what_is_no_boolean_is_refused(written: str) -> None:
    with pytest.raises(ConfigError, match="yes"):
        values.boolean(words(written))


@pytest.mark.parametrize(
    ("written", "expected"), [("5", 5), ("010", 10), ("+5", 5), ('"5"', 5), ("2147483647", 2**31 - 1)]
)
def test_integers_are_whole_and_from_zero(written: str, expected: int) -> None:
    assert values.integer(words(written)) == expected


@pytest.mark.parametrize("written", ["-1", "5k", "5.5", "1e1", "0x10", "x", '""', "2147483648", "٣", "9" * 5000])
def test_what_is_no_integer_is_refused(written: str) -> None:
    with pytest.raises(ConfigError, match=r"^f:1: X "):
        values.integer(words(written))


@pytest.mark.parametrize(
    ("written", "expected"),
    [("f-x.y:z_9", "f-x.y:z_9"), ('"f x"', "f x"), ("f x", "fx"), ('"12"', "12"), ("n" * 127, "n" * 127)],
)
def test_names_are_letters_digits_and_a_few_signs(written: str, expected: str) -> None:
    assert values.name(words(written)) == expected


@pytest.mark.parametrize("written", ["f/x", "f@x", "é", '"f,x"', '""', "12", '"a\nb"', "n" * 128])
def test_what_is_no_name_is_refused(written: str) -> None:
    with pytest.raises(ConfigError, match=r"^f:1: X "):
        values.name(words(written))


def test_a_number_is_no_text_and_the_message_does_not_repeat_it() -> None:
    with pytest.raises(ConfigError) as error:
        values.text(words("1234"))
    assert str(error.value) == "f:1: X = a text is expected, not a number; put it in quotes"


def test_a_block_is_no_text() -> None:
    with pytest.raises(ConfigError, match="a text is expected, not a block"):
        values.text(words("{ a = b }"))


def test_a_text_leaves_what_follows_it_unread() -> None:
    value = words('"a" "b" = c')
    assert values.text(value) == "a"
    assert [token.text for token in value.unread] == ["b", "=", "c"]


@pytest.mark.parametrize(("written", "expected"), [("a", ("a",)), ('a, "b c", d', ("a", "b c", "d"))])
def test_items_of_a_list_stand_between_commas(written: str, expected: tuple[str, ...]) -> None:
    assert values.texts(words(written)) == expected


@pytest.mark.parametrize("written", ['"a" "b"', "/a = b", "a,", "a,,b", ", a", "1", "", "a }\nR { X = b"])
def test_a_list_ends_with_its_line(written: str) -> None:
    (block, *_) = parse(tokens(f"R {{ X = {written}\n}}", "f"))
    with pytest.raises(ConfigError, match=r"^f:1: X "):
        values.texts(Words(block.directives[0], "X"))


def test_directories_know_the_environment_and_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.delenv("UNSET", raising=False)
    for written, expected in [
        ("/a/b", "/a/b"),
        ("~/a", "/home/me/a"),
        ("$HOME/a", "/home/me/a"),
        ('"${HOME}/a b"', "/home/me/a b"),
        ("$UNSET/a", "/a"),
        ("a/~/$", "a/~/$"),
    ]:
        assert values.directory(words(written)) == Path(expected)


@pytest.mark.parametrize("written", ['""', "$UNSET", '"`date`"', '"$(date)"', "1", "~no-such-user-here/a"])
def test_what_is_no_directory_is_refused(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.delenv("UNSET", raising=False)
    with pytest.raises(ConfigError, match=r"^f:1: X "):
        values.directory(words(written))


def test_keywords_are_those_of_a_set_in_any_case() -> None:
    reader = partial(values.keyword, allowed=("md5", "sha1"))
    assert reader(words("SHA1")) == "sha1"
    with pytest.raises(ConfigError, match="one of md5, sha1 is expected, not 'crc'"):
        reader(words("crc"))


def test_anything_takes_the_whole_line() -> None:
    value = words('MaxConnectTime="2 h" at 10:00')
    assert values.anything(value) == "MaxConnectTime = 2 h at10:00"
    assert not value.unread
    with pytest.raises(ConfigError):
        values.anything(words(""))


def test_a_block_needs_its_equals_sign() -> None:
    (block,) = parse(tokens("R { X { A = 1 }\nX = 3\nX = { } }", "f"))
    without, no_block, good = (Words(one, "X") for one in block.directives)
    with pytest.raises(ConfigError, match="needs a '='"):
        values.block(without)
    with pytest.raises(ConfigError, match="takes a block"):
        values.block(no_block)
    assert values.block(good).directives == ()
