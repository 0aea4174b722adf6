"""What the words after a ``=`` mean: one reader for each type of value (DIR-CFG-8).

A reader takes the words that it understands from a ``Words``. The real daemon skips whatever follows them on the line
without a word; so does this one, but whoever called the reader finds it in ``Words.unread`` and can say so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path

from fdsim.config.errors import ConfigError, Place
from fdsim.config.lexer import TEXTS, Kind, Token
from fdsim.config.parser import Block, Directive

MAXIMUM_NAME_LENGTH = 127
"""Bytes of the name of a resource."""
MAXIMUM_INTEGER = 2**31 - 1
"""What the real daemon holds in a directive that counts; it wraps beyond."""
MAXIMUM_LARGE_INTEGER = 2**63 - 1

_NAME = re.compile(r"[A-Za-z0-9:.\-_ ]+", re.ASCII)
_INTEGER = re.compile(r"\+?([0-9]+)", re.ASCII)
_SPACED_UNIT = re.compile(r"[0-9.]+", re.ASCII)
_NUMBER = r"[0-9]+(?:\.[0-9]*)?"
_SCALED = re.compile(rf"({_NUMBER})\s*(\D*)", re.ASCII)
_DURATION = re.compile(rf"{_NUMBER}(?:[a-z]+{_NUMBER})*[a-z]*", re.ASCII | re.IGNORECASE)
_DURATION_PART = re.compile(rf"({_NUMBER})([a-z]*)", re.ASCII | re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})", re.ASCII)

_BOOLEANS = {"yes": True, "true": True, "no": False, "false": False}
# The first one that begins with what is written counts, so "m" means months.
_TIME_UNITS = {
    "seconds": 1,
    "n": 60,
    "months": 30 * 86400,
    "minutes": 60,
    "mins": 60,
    "hours": 3600,
    "days": 86400,
    "weeks": 7 * 86400,
    "quarters": 91 * 86400,
    "years": 365 * 86400,
}
_SPEED_UNITS = {"": 1, "k": 1 << 10, "kb": 10**3, "kib": 1 << 10, "m": 1 << 20, "mb": 10**6, "mib": 1 << 20}
_SIZE_UNITS = _SPEED_UNITS | {
    "g": 1 << 30,
    "gb": 10**9,
    "gib": 1 << 30,
    "t": 1 << 40,
    "tb": 10**12,
    "tib": 1 << 40,
}


class Words:
    """The value of one directive, read from left to right.

    Attributes:
        directive: the directive.
        name: its proper spelling, for messages.
        notices: what was read but means nothing, or not what it seems to.
    """

    def __init__(self, directive: Directive, name: str) -> None:
        self.directive = directive
        self.name = name
        self.notices: list[tuple[Place, str]] = []
        self._position = 0

    @property
    def unread(self) -> tuple[Token, ...]:
        """The words that no reader has taken."""
        return self.directive.words[self._position :]

    def accept(self, kinds: Collection[Kind]) -> Token | None:
        """Take the next word if it is of one of these kinds."""
        if not self.unread or self.unread[0].kind not in kinds:
            return None
        token = self.unread[0]
        self._position += 1
        return token

    def take(self, kinds: Collection[Kind], expected: str) -> Token:
        """Take the next word, which has to be of one of these kinds.

        Raises:
            ConfigError: it isn't, or there is none.
        """
        token = self.accept(kinds)
        if token is None:
            raise self._unexpected(kinds, expected)
        return token

    def _unexpected(self, kinds: Collection[Kind], expected: str) -> ConfigError:
        kind = self.unread[0].kind if self.unread else Kind.END
        # Never the text itself, it may be a password.
        found = "a block" if self.directive.block else kind.value
        hint = "; put it in quotes" if kind is Kind.NUMBER and Kind.QUOTED in kinds else ""
        return self.error(f"= {expected} is expected, not {found}{hint}", next(iter(self.unread), None))

    def error(self, message: str, at: Token | None = None) -> ConfigError:
        """What is wrong with a word, or with the whole value."""
        return ConfigError(at.place if at else self.directive.place, f"{self.name} {message}")


def text(words: Words) -> str:
    """A text, in quotes or not."""
    return words.take(TEXTS, "a text").text


def name(words: Words) -> str:
    """The name of a resource (DIR-CFG-6)."""
    token = words.take(TEXTS, "a name")
    if not _NAME.fullmatch(token.text):
        message = f"= {token.text!r} is no name; use letters, digits, ':', '.', '-', '_' and, within quotes, blanks"
        raise words.error(message, token)
    if len(token.text) > MAXIMUM_NAME_LENGTH:
        raise words.error(f"is longer than {MAXIMUM_NAME_LENGTH} characters; shorten it", token)
    return token.text


def boolean(words: Words) -> bool:
    """``yes``, ``true``, ``no`` or ``false``, in any case."""
    token = words.take(TEXTS, "yes or no")
    value = _BOOLEANS.get(token.text.lower())
    if value is None:
        raise words.error(f"= yes, no, true or false is expected, not {token.text!r}", token)
    return value


def keyword(words: Words, allowed: Collection[str]) -> str:
    """One of a few words, in any case."""
    token = words.take(TEXTS, f"one of {', '.join(allowed)}")
    if token.text.lower() not in allowed:
        raise words.error(f"= one of {', '.join(allowed)} is expected, not {token.text!r}", token)
    return token.text.lower()


def texts(words: Words) -> tuple[str, ...]:
    """Texts with commas between them, which end with the line (DIR-CFG-5)."""
    found = [text(words)]
    while words.accept({Kind.COMMA}):
        found.append(text(words))
    if words.unread:
        raise words.error("is a list; put a ',' between its items", words.unread[0])
    if words.directive.closing:
        raise words.error("is a list; put the '}' that follows it on a line of its own")
    return tuple(found)


def directory(words: Words) -> Path:
    """A path in which ``$NAME``, ``${NAME}`` and a ``~`` in front are replaced, as a shell would."""
    token = words.take(TEXTS, "a directory")
    if "`" in token.text or "$(" in token.text:
        raise words.error("holds a shell command, which is not run here; write its result", token)
    path = _VARIABLE.sub(lambda match: os.environ.get(match[1] or match[2], ""), token.text)
    if not path:
        raise words.error("is empty; name a directory", token)
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise words.error(f"= {path!r}: {error}; write the path in full", token) from error


def integer(words: Words) -> int:
    """A number from 0, without a unit."""
    token = words.take(TEXTS | {Kind.NUMBER}, "a number")
    match = _INTEGER.fullmatch(token.text)
    if match is None:
        raise words.error(f"= a whole number without a unit is expected, not {token.text!r}", token)
    return _bounded(words, match[1], 1, MAXIMUM_INTEGER)


def duration(words: Words) -> float:
    """A sum of times with units, in whole seconds: ``90``, ``1 h 30 min``, ``1.5 hours`` (fractions are cut off)."""
    first = words.take({Kind.NUMBER, Kind.WORD, Kind.STRING}, "a time")
    parts = [first.text]
    while more := words.accept({Kind.NUMBER, Kind.WORD, Kind.STRING}):
        parts.append(more.text)
    written = "".join(parts)
    if not _DURATION.fullmatch(written):
        raise words.error(f"= a time like '90' or '1 hour 30 minutes' is expected, not {' '.join(parts)!r}", first)
    total = 0
    for number, unit in _DURATION_PART.findall(written):
        seconds = next((value for long, value in _TIME_UNITS.items() if long.startswith(unit.lower())), None)
        if seconds is None:
            raise words.error(f"= there is no unit of time {unit!r}; use one of {', '.join(_TIME_UNITS)}", first)
        total += _bounded(words, number, seconds, MAXIMUM_LARGE_INTEGER)
    return float(total)


def size(words: Words) -> int:
    """A number of bytes with a unit: ``5``, ``64 k`` (1024), ``64 kb`` (1000), ``1.5 g``."""
    return _scaled(words, "a size", _SIZE_UNITS, "")


def speed(words: Words) -> int:
    """A number of bytes per second with a unit: ``500 kb/s``, ``2 m``."""
    return _scaled(words, "a speed", _SPEED_UNITS, "/s")


def anything(words: Words) -> str:
    """The rest of the line, for values that nothing looks into yet."""
    words.take(frozenset(Kind), "a value")
    while words.accept(frozenset(Kind)):
        pass
    return " ".join(token.text for token in words.directive.words)


def block(words: Words) -> Block:
    """Directives in braces, after a ``=``."""
    found = words.directive.block
    if found is None:
        raise words.error("takes a block; write '= { ... }'")
    if not words.directive.assigned:
        raise words.error("needs a '=' before its block; write '= { ... }'")
    return found


def _scaled(words: Words, expected: str, units: dict[str, int], suffix: str) -> int:
    first = words.take({Kind.NUMBER, Kind.WORD, Kind.STRING}, expected)
    written = first.text
    if _SPACED_UNIT.fullmatch(written) and (unit := words.accept({Kind.WORD, Kind.STRING})):
        written = f"{written} {unit.text}"
    match = _SCALED.fullmatch(written)
    factor = units.get(match[2].lower().removesuffix(suffix)) if match else None
    if match is None or factor is None:
        known = ", ".join(unit + suffix for unit in units if unit)
        raise words.error(f"= {expected} is expected, not {written!r}; units are {known}", first)
    return _bounded(words, match[1], factor, MAXIMUM_LARGE_INTEGER)


def _bounded(words: Words, number: str, factor: int, maximum: int) -> int:
    """``number`` times ``factor``, without the fraction."""
    value = Decimal(number) * factor
    if value > maximum:
        raise words.error(f"is larger than {maximum}")
    return int(value)
