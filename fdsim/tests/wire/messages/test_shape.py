"""Text shapes: strict formatting, parsing as lax as the scanner of the real daemons."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.wire.errors import LocalProtocolError
from fdsim.wire.messages.shape import Shape, bytes_of, text_of

ALL = Shape(
    "a={a:int} b={b:token} c={c:word}, d={d:bashed} e={e:path} f='\"{f:quoted}\"'[ g={g:int} h={h:int}][ i|i]\n"
)
VALUES: dict[str, Any] = {
    "a": -5,
    "b": "x/y",
    "c": "so",
    "d": "two words",
    "e": b"/caf\xe9 1",
    "f": "it's",
    "g": 7,
    "h": 8,
    "i": True,
}
TEXT = b"a=-5 b=x/y c=so, d=two\x01words e=/caf\xe9\x011 f='\"it's\"' g=7 h=8 i\n"


def test_all_kinds() -> None:
    assert ALL.format(VALUES) == TEXT
    assert ALL.parse(TEXT) == VALUES
    assert ALL.field_names == tuple(VALUES)
    assert ALL.prefix == b"a="


@pytest.mark.parametrize("absent", ["g", "h"])
def test_optional_part_needs_all_its_fields(absent: str) -> None:
    assert ALL.format({**VALUES, absent: None, "i": False}) == TEXT.replace(b" g=7 h=8 i", b"")


def test_absent_parts() -> None:
    assert ALL.parse(TEXT.replace(b" g=7 h=8 i", b"")) == {**VALUES, "g": None, "h": None, "i": False}
    assert ALL.parse(TEXT.replace(b" i", b"")) == {**VALUES, "i": False}


def test_prefix_of_a_shape_that_begins_with_a_field() -> None:
    assert Shape("{a:token} end").prefix == b""


# DIR-SCAN-2 and DIR-SCAN-3, on the shape of a Director's job line; whether a real bacula-fd 9.6.7 took the line or
# answered "2901 Bad Job" to it was tried with each of them (2026-11-24).
JOB = Shape("JobId={id:int} Job={job:token} SDid={sd_id:int} SDtime={sd_time:int} Authorization={key:token}\n")


@pytest.mark.parametrize(
    ("payload", "values"),
    [
        (b"JobId=0   Job=x  SDid= SDtime=  Authorization=dummy extra\n", (0, "x", 0, 0, "dummy")),
        (b"JobId=9Job=x SDid=0SDtime=0Authorization=\n", (9, "x", 0, 0, "")),
        (b"JobId=9\tJob=\nSDid=0 SDtime=0 Authorization=dummy", (9, "", 0, 0, "dummy")),
        (b"JobId=9 Job=x SDid=0 SDtime=0 \n Authorization=", (9, "x", 0, 0, "")),
        (b"JobId=-9 Job=x SDid=0 SDtime=0 Authorization=dummy\n", (-9, "x", 0, 0, "dummy")),
        (b"JobId=- Job=x SDid=0 SDtime=0 Authorization=dummy\n", (0, "x", 0, 0, "dummy")),
        (b"JobId=9 Job=x SDid=0 SDtime=0 Authorization=a\0b\n", (9, "x", 0, 0, "a")),
    ],
)
def test_what_the_real_scanner_takes(payload: bytes, values: tuple[object, ...]) -> None:
    parsed = JOB.parse(payload)
    assert parsed is not None
    assert tuple(parsed.values()) == values


@pytest.mark.parametrize(
    "payload",
    [
        b"JobId=x\n",
        b"JobId=+9 Job=x SDid=0 SDtime=0 Authorization=dummy\n",
        b"JobId= 9 Job=x SDid=0 SDtime=0 Authorization=dummy\n",
        b"JobId=9Job=xSDid=0 SDtime=0 Authorization=dummy\n",
        b"JobId=9 Job=x\0y SDid=0 SDtime=0 Authorization=a\n",
        b"JobId=9 Job=x SDid=0 SDtime=0 Authorization",
        b"jobid=9 Job=x SDid=0 SDtime=0 Authorization=a\n",
        b"",
    ],
)
def test_what_the_real_scanner_refuses(payload: bytes) -> None:
    assert JOB.parse(payload) is None


def test_scanner_does_not_try_again() -> None:
    # A token that took too much is not shortened to let the rest fit.
    assert Shape("{a:token}.").parse(b"word.") is None
    assert Shape("{a:int}5").parse(b"15") is None
    assert Shape("{a:word}x").parse(b"xx") is None


def test_long_numbers() -> None:
    shape = Shape("n={n:int}")
    assert shape.parse(b"n=18446744073709551615") == {"n": 2**64 - 1}
    assert shape.parse(b"n=" + b"9" * 100_000) == {"n": int("9" * 20)}


def test_rest_begins_after_one_blank() -> None:
    # "3903 Error append data: \n" is what a real bacula-sd 9.6.7 sends when it gives no reason (probe, 2026-11-24).
    shape = Shape("3903 Error append data: {reason:rest}")
    assert shape.parse(b"3903 Error append data: \n") == {"reason": "\n"}
    assert shape.parse(b"3903 Error append data:  two blanks\n") == {"reason": " two blanks\n"}
    assert shape.parse(b"3903 Error append data:x") == {"reason": "x"}
    assert shape.parse(b"3903   Error append data: line 1\nline 2\0\n") == {"reason": "line 1\nline 2\0\n"}


def test_nul_at_the_end_may_be_missing() -> None:
    shape = Shape("{answer:token}\0")
    assert shape.parse(b"abc") == shape.parse(b"abc\0") == {"answer": "abc"}
    assert shape.format({"answer": "abc"}) == b"abc\0"


def test_blanks_in_literals_are_lax() -> None:
    shape = Shape("level = {level:token}  mtime_only={mtime_only:int} \n")
    assert shape.parse(b"level=full mtime_only=1") == {"level": "full", "mtime_only": 1}
    assert shape.parse(b"level \t=  full \n\n mtime_only=") == {"level": "full", "mtime_only": 0}


def test_characters_of_literals_stand_for_themselves() -> None:
    shape = Shape("a.b*c+(d) ={n:int}")
    assert shape.parse(b"a.b*c+(d) =1") == {"n": 1}
    assert shape.parse(b"axbbc+(d) =1") is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("token", "a b"),
        ("token", "a\n"),
        ("token", " a"),
        ("token", "a\0b"),
        ("bashed", "a\tb"),
        ("bashed", "a\0"),
        ("path", b"/a\nb"),
        ("path", b"/a\0"),
        ("word", "a b"),
        ("word", "a."),
        ("word", "é"),
        ("quoted", 'a"b'),
    ],
)
def test_values_that_cannot_be_sent(kind: str, value: object) -> None:
    with pytest.raises(LocalProtocolError, match=r"^v=b.* can't be sent"):
        Shape(f"<{{v:{kind}}}>").format({"v": value})


@pytest.mark.parametrize("text", ["a {b", "a}", "a]", "[a", "{a}", "{a:int", "a [b=[c]]", "{:int}"])
def test_bad_shapes(text: str) -> None:
    with pytest.raises(ValueError, match="bad shape"):
        Shape(text)


def test_unknown_kind() -> None:
    with pytest.raises(KeyError, match="float"):
        Shape("{a:float}")


@given(st.binary())
def test_text_is_what_its_bytes_were(data: bytes) -> None:
    assert bytes_of(text_of(data)) == data


@given(st.binary(max_size=60) | st.binary(max_size=20).map(lambda data: b"a=1 b=x c=y, d=" + data))
def test_any_bytes_are_of_the_shape_or_not(payload: bytes) -> None:
    values = ALL.parse(payload)
    assert values is None or tuple(values) == ALL.field_names
