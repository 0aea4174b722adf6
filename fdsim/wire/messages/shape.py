r"""Text shapes: how a message looks on the wire, written once and used in both directions.

A shape is the message's text with fields in braces, ``{name:kind}``, and optional parts in brackets::

    JobId={job_id:int} Job={job:token} SDid={sd_id:int} SDtime={sd_time:int} Authorization={key:token}\n
    restore [files={files:int} ]replace={replace:token} ...

Formatting is strict. Parsing is as lax as the scanner of the real daemons (DIR-SCAN-1 to DIR-SCAN-3): white space
stands for any amount of white space, an integer may be empty and is 0 then, a token ends at the next white space and
may be empty, and what follows the shape is ignored. What a lax reading had to overlook is found by formatting the
result again and comparing.

Kinds of fields:

========== ============= ==============================================================================================
``int``    ``int``       decimal digits, with a minus sign in front of a negative number
``token``  ``str``       text without white space or NUL
``word``   ``str``       letters and digits
``quoted`` ``str``       text up to the next double quote
``bashed`` ``str``       text whose spaces travel as byte 0x01 (DIR-SCAN-5)
``path``   ``bytes``     a path, spaces as byte 0x01 too
``rest``   ``str``       all that follows one blank, or nothing
========== ============= ==============================================================================================

An optional part is present when its (first) field is not None; a part that holds no field is a flag: ``[
rerunning|rerunning]`` is present when the field ``rerunning`` is true.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fdsim.wire.errors import LocalProtocolError

_BASHED_SPACE: Final = "\x01"


def text_of(data: bytes) -> str:
    """Bytes of the wire as text; whatever is no UTF-8 survives the way back through ``bytes_of``."""
    return data.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """The bytes that ``text_of`` read."""
    return text.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class _Kind:
    pattern: bytes
    decode: Callable[[bytes], Any]
    encode: Callable[[Any], bytes]
    allowed: Callable[[bytes], bool]
    """Whether a formatted value can be told from what follows it."""


def _integer(digits: bytes) -> int:
    return int(digits) if digits.strip(b"-") else 0


def _unbroken(data: bytes) -> bool:
    return not data or (data.split() == [data] and b"\0" not in data)


# Possessive quantifiers: the real scanner never goes back for another try. No number of the protocol has more than 64
# bits, which are 20 digits.
_KINDS: Final = {
    "int": _Kind(rb"(-?+[0-9]{0,20}+)", _integer, lambda number: b"%d" % number, lambda _: True),
    "token": _Kind(rb"([^\s\0]*+)", text_of, bytes_of, _unbroken),
    "bashed": _Kind(
        rb"([^\s\0]*+)",
        lambda data: text_of(data).replace(_BASHED_SPACE, " "),
        lambda text: bytes_of(text.replace(" ", _BASHED_SPACE)),
        _unbroken,
    ),
    "path": _Kind(
        rb"([^\s\0]*+)", lambda data: data.replace(b"\x01", b" "), lambda path: path.replace(b" ", b"\x01"), _unbroken
    ),
    "word": _Kind(rb"(\w*+)", text_of, bytes_of, lambda data: data.replace(b"_", b"a").isalnum() or not data),
    "quoted": _Kind(rb'([^"]*+)', text_of, bytes_of, lambda data: b'"' not in data),
    "rest": _Kind(rb"(.*+)", text_of, bytes_of, lambda _: True),
}


@dataclass(frozen=True, slots=True)
class _Literal:
    text: bytes
    pattern: bytes


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    kind: _Kind


@dataclass(frozen=True, slots=True)
class _Optional:
    parts: tuple[_Literal | _Field, ...]
    flag: str | None


_TOKENS: Final = re.compile(
    r"\[(?P<part>[^]|]*)(?:\|(?P<flag>\w+))?\]|\{(?P<name>\w+):(?P<kind>\w+)\}|(?P<text>[^][{}]+)"
)


class Shape:
    """One compiled shape."""

    def __init__(self, text: str) -> None:
        self.text: Final = text
        self._parts: Final = tuple(_compile(text))
        self._fields: Final[list[_Field | str]] = []
        pattern = b"".join(self._pattern(part) for part in self._parts)
        self._regex: Final = re.compile(pattern, re.DOTALL)

    @property
    def prefix(self) -> bytes:
        """The literal text in front of the first field."""
        first = self._parts[0]
        return first.text if isinstance(first, _Literal) else b""

    @property
    def field_names(self) -> tuple[str, ...]:
        """The fields in the order in which they stand."""
        return tuple(field if isinstance(field, str) else field.name for field in self._fields)

    def format(self, values: dict[str, Any]) -> bytes:
        """The text with these values.

        Raises:
            LocalProtocolError: a value can't be told from the text around it, e.g. a token with a blank.
        """
        return b"".join(self._format(part, values) for part in self._parts)

    def parse(self, payload: bytes) -> dict[str, Any] | None:
        """The values of the fields, None for those of absent parts; None if the text has another shape."""
        match = self._regex.match(payload)
        if match is None:
            return None
        values: dict[str, Any] = {}
        for field, found in zip(self._fields, match.groups(), strict=True):
            if isinstance(field, str):
                values[field] = found is not None
            else:
                values[field.name] = None if found is None else field.kind.decode(found)
        return values

    def _pattern(self, part: _Literal | _Field | _Optional) -> bytes:
        if isinstance(part, _Literal):
            return part.pattern
        if isinstance(part, _Field):
            self._fields.append(part)
            return part.kind.pattern
        if part.flag is not None:
            self._fields.append(part.flag)
            return b"(" + b"".join(map(self._pattern, part.parts)) + b")?"
        return b"(?:" + b"".join(map(self._pattern, part.parts)) + b")?"

    def _format(self, part: _Literal | _Field | _Optional, values: dict[str, Any]) -> bytes:
        if isinstance(part, _Literal):
            return part.text
        if isinstance(part, _Field):
            data = part.kind.encode(values[part.name])
            if not part.kind.allowed(data):
                raise LocalProtocolError(f"{part.name}={data!r} can't be sent: white space would end it early")
            return data
        present = (
            values[part.flag]
            if part.flag is not None
            else all(values[field.name] is not None for field in part.parts if isinstance(field, _Field))
        )
        return b"".join(self._format(inner, values) for inner in part.parts) if present else b""


def _compile(text: str) -> list[_Literal | _Field | _Optional]:
    parts: list[_Literal | _Field | _Optional] = []
    position = 0
    for token in _TOKENS.finditer(text):
        if token.start() != position:
            break
        position = token.end()
        if token["text"] is not None:
            literal = token["text"].encode("ascii")
            parts.append(_Literal(literal, _lax(literal)))
        elif token["name"] is not None:
            last = parts[-1] if parts else None
            if token["kind"] == "rest" and isinstance(last, _Literal) and last.text.endswith(b" "):
                # More blanks than one belong to the text that follows.
                parts[-1] = _Literal(last.text, _lax(last.text.rstrip()) + rb"\s?+")
            parts.append(_Field(token["name"], _KINDS[token["kind"]]))
        else:
            inner = [part for part in _compile(token["part"]) if not isinstance(part, _Optional)]
            parts.append(_Optional(tuple(inner), token["flag"]))
    if position != len(text):
        raise ValueError(f"bad shape {text!r} at character {position}")
    return parts


def _lax(literal: bytes) -> bytes:
    """A literal in which white space matches any amount of white space, and a NUL may be missing."""
    words = (rb"\0?+".join(map(re.escape, word.split(b"\0"))) for word in re.split(rb"\s+", literal))
    return rb"\s*+".join(words)
