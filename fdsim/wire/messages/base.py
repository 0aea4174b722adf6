"""What all messages share: a frozen, typed class for each, with the one shape it has on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar

from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.messages.shape import Shape


@dataclass(frozen=True, slots=True)
class Message:
    r"""A text message.

    A subclass names its shape in the class statement::

    @dataclass(frozen=True, slots=True)
    class CancelOrder(Message, shape="cancel Job={job:token}\n"):
        job: str
    """

    shape: ClassVar[Shape]

    def __init_subclass__(cls, shape: str | None = None, **arguments: Any) -> None:
        # ``dataclass(slots=True)`` makes the class anew and so passes here twice, the second time without the text.
        super(Message, cls).__init_subclass__(**arguments)
        if shape is not None:
            cls.shape = Shape(shape)

    def encode(self) -> bytes:
        """The payload, strictly in the form that real daemons send.

        Raises:
            LocalProtocolError: a field's value can't be sent.
        """
        return self.shape.format({name: getattr(self, name) for name in self.shape.field_names})

    @classmethod
    def match(cls, payload: bytes) -> Parsed[Self] | None:
        """Read a payload as laxly as the real daemons do; None if it is no message of this kind."""
        values = cls.shape.parse(payload)
        if values is None:
            return None
        message = cls(**values)
        return Parsed(message, deviations(payload, message))

    @classmethod
    def parse(cls, payload: bytes) -> Parsed[Self]:
        """As ``match``, for a payload that must be of this kind.

        Raises:
            RemoteProtocolError: it is not.
        """
        parsed = cls.match(payload)
        if parsed is None:
            raise RemoteProtocolError(f"not of the form {cls.shape.text!r}: {shorten(payload)}")
        return parsed


M_co = TypeVar("M_co", bound=Message, covariant=True)


@dataclass(frozen=True, slots=True)
class Parsed(Generic[M_co]):
    """A message as it was understood, and where its text was not as it should be."""

    message: M_co
    deviations: tuple[str, ...] = ()


def deviations(payload: bytes, message: Message) -> tuple[str, ...]:
    """In what ``payload`` differs from the strict form of what it means."""
    expected = message.encode()
    if payload == expected:
        return ()
    if payload == expected.rstrip(b"\n"):
        return ("the newline at the end is missing",)
    if payload.rstrip(b"\0") == expected:
        return ("a NUL follows the end",)
    if payload.startswith(expected):
        return (f"text follows the end: {shorten(payload[len(expected) :])}",)
    return (f"the exact form is {shorten(expected)}, not {shorten(payload)}",)


def shorten(data: bytes, limit: int = 120) -> str:
    """Bytes as a Python literal for a diagnosis, cut in length."""
    return repr(data) if len(data) <= limit else f"{data[:limit]!r}... ({len(data)} bytes)"
