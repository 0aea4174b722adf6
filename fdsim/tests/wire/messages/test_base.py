"""What all messages share."""

from __future__ import annotations

import dataclasses

import pytest

from fdsim.wire.errors import LocalProtocolError, RemoteProtocolError
from fdsim.wire.messages.base import Message, Parsed, deviations, shorten


@dataclasses.dataclass(frozen=True, slots=True)
class Greeting(Message, shape="Good {time:word}, {name:token}[ from {place:token}]\n"):
    time: str
    name: str
    place: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Polite(Greeting):
    pass


EVENING = Greeting("evening", "you")


def test_encoding() -> None:
    assert EVENING.encode() == b"Good evening, you\n"
    assert Greeting("day", "you", "here").encode() == b"Good day, you from here\n"


def test_exact_text() -> None:
    assert Greeting.match(b"Good evening, you\n") == Parsed(EVENING)
    assert Greeting.parse(b"Good evening, you\n").deviations == ()


@pytest.mark.parametrize(
    ("payload", "deviation"),
    [
        (b"Good evening, you", "the newline at the end is missing"),
        (b"Good evening, you\n\0", "a NUL follows the end"),
        (b"Good evening, you\n\0\0", "a NUL follows the end"),
        (b"Good evening, you\n and more", "text follows the end: b' and more'"),
        (b"Good evening, you\n\n", "text follows the end: b'\\n'"),
        (b"Good  evening,you\n", "the exact form is b'Good evening, you\\n', not b'Good  evening,you\\n'"),
        (b"Good evening, you \n", "the exact form is b'Good evening, you\\n', not b'Good evening, you \\n'"),
    ],
)
def test_lax_text_gives_the_message_and_the_deviation(payload: bytes, deviation: str) -> None:
    assert Greeting.match(payload) == Parsed(EVENING, (deviation,))
    assert deviations(payload, EVENING) == (deviation,)


def test_other_text() -> None:
    assert Greeting.match(b"Bad evening, you\n") is None
    with pytest.raises(RemoteProtocolError) as caught:
        Greeting.parse(b"Bad evening, you\n")
    assert str(caught.value) == (
        "not of the form 'Good {time:word}, {name:token}[ from {place:token}]\\n': b'Bad evening, you\\n'"
    )


def test_values_that_cannot_be_sent() -> None:
    with pytest.raises(LocalProtocolError, match=r"^name=b'all of you' can't be sent"):
        Greeting("day", "all of you").encode()


def test_messages_are_values() -> None:
    assert Greeting("evening", "you") == EVENING
    assert len({EVENING, Greeting("evening", "you")}) == 1
    for field in ("time", "name"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(EVENING, field, "me")
    assert not hasattr(EVENING, "__dict__")


def test_subclass_without_a_shape_of_its_own_keeps_the_inherited_one() -> None:
    assert Polite("evening", "you").encode() == b"Good evening, you\n"
    assert Polite.parse(b"Good day, you\n").message == Polite("day", "you")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "b''"),
        (b"a\n", "b'a\\n'"),
        (b"x" * 120, repr(b"x" * 120)),
        (b"x" * 121, repr(b"x" * 120) + "... (121 bytes)"),
    ],
)
def test_shortened_bytes(data: bytes, text: str) -> None:
    assert shorten(data) == text


def test_shortened_to_a_length() -> None:
    assert shorten(b"abcdef", 3) == "b'abc'... (6 bytes)"
