r"""The words of a Bacula configuration file.

Rules of the language that are easy to get wrong (DIR-CFG-2 to DIR-CFG-4, all seen at a real 9.6.7 daemon):

* Letters go on over blanks: ``FD Port`` is one word, ``FDPort``, and ``Password = ab cd`` sets ``abcd``. The first
  other character ends that: it still belongs, and then the next blank counts (``ab c/d e`` is ``abc/d``, then ``e``).
* Digits alone are a number, which is never taken for a text: ``Password = 1234`` is an error (``1234#`` is not).
* A newline and a ``;`` both end a directive. A newline within quotes belongs to the text.
* A backslash joins lines only where a word could begin (``all, \`` but not ``all \``, where it belongs to the word).
* ``@file`` is replaced by the file wherever a word could begin; a relative name starts from the working directory of
  the process, not from the including file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from fdsim.config.errors import ConfigError, Place

FileId: TypeAlias = tuple[int, int]
"""Device and inode, so that a file is known again whatever name it comes by."""

MAXIMUM_INCLUDES = 20
"""Files within files."""
MAXIMUM_FILE_SIZE = 16 << 20
"""Bytes; what is longer is no configuration but a mistaken name (a device, an image)."""


class Kind(Enum):
    """What a token is; the value is how messages call it."""

    WORD = "a word"
    NUMBER = "a number"
    STRING = "a text"
    QUOTED = "a quoted text"
    EQUALS = "'='"
    COMMA = "','"
    OPEN = "'{'"
    CLOSE = "'}'"
    END = "the end of the line"


TEXTS = frozenset({Kind.WORD, Kind.STRING, Kind.QUOTED})
"""The kinds that carry a text as value."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign.

    Attributes:
        kind: what it is.
        text: its text without quotes and escapes; words come without the blanks between their letters.
        place: where it begins.
    """

    kind: Kind
    text: str
    place: Place


_SIGNS = {
    "=": Kind.EQUALS,
    ",": Kind.COMMA,
    "{": Kind.OPEN,
    "}": Kind.CLOSE,
    ";": Kind.END,
    "\n": Kind.END,
}

# Blanks are those of ASCII: a no-break space is part of a text. Everything is possessive, so the time is linear.
_TOKEN = re.compile(
    r"""
      (?P<nothing> [ \t\v\f]++ | \#[^\n]*+ | \\[ \t\v\f]*+\n )
    | (?P<sign> [={},;\n] )
    | (?P<quoted> " [^"\\]*+ (?: \\. [^"\\]*+ )*+ " )
    | (?P<include> @ (?: "(?P<quoted_file> [^"\n]*+ )" | (?P<file> [^\s={},;\#"]*+ ) ) )
    | (?P<word> [A-Za-z] [A-Za-z \t\v\f]*+ (?= [={},;\n\#"] | \Z ) )
    | (?P<number> [0-9]++ (?= [\s,;}] | \Z ) )
    | (?P<string> (?: [A-Za-z] [A-Za-z \t\v\f]*+ | [^\s={},;\#"\\@] ) [^\s={},;\#]*+ )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_BLANKS = re.compile(r"[ \t\v\f]+")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def tokens_of_file(path: str, included_at: Place | None = None, including: tuple[FileId, ...] = ()) -> Iterator[Token]:
    """Split a file and all that it includes into tokens.

    Args:
        path: the file, relative to the working directory of the process.
        included_at: the place of the ``@`` that names it, or None for the first file.
        including: the files being read already; including one of them again is a loop.

    Raises:
        ConfigError: a file cannot be read, includes itself, or holds what is no token.
    """
    place = included_at or Place(path, 0)
    if len(including) > MAXIMUM_INCLUDES:
        raise ConfigError(place, f"files include each other more than {MAXIMUM_INCLUDES} deep; include {path} earlier")
    try:
        with Path(path).open("rb") as file:
            status = os.fstat(file.fileno())
            file_id = (status.st_dev, status.st_ino)
            if file_id in including:
                raise ConfigError(place, f"{path} is included within itself; remove this '@'")
            content = file.read(MAXIMUM_FILE_SIZE + 1)
    except OSError as error:
        raise ConfigError(place, f"cannot read the configuration file {path!r}: {error.strerror}") from error
    if len(content) > MAXIMUM_FILE_SIZE:
        raise ConfigError(place, f"{path} is longer than {MAXIMUM_FILE_SIZE} bytes; is it a configuration file?")
    # Whatever encoding names and passwords have, their bytes come back with os.fsencode.
    return tokens(content.decode("utf-8-sig", "surrogateescape"), path, (*including, file_id))


def tokens(text: str, file: str, including: tuple[FileId, ...] = ()) -> Iterator[Token]:
    """Split the text of a configuration, and of all that it includes, into tokens.

    Args:
        text: the text.
        file: its name, for messages.
        including: see ``tokens_of_file``.

    Raises:
        ConfigError: see ``tokens_of_file``.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        place = Place(file, line)
        if match is None:
            raise _no_token(text, position, place)
        if match.lastgroup == "include":
            yield from _included(match, place, including)
        elif match.lastgroup != "nothing":
            yield _token(match, place)
        line += match[0].count("\n")
        position = match.end()


def _token(match: re.Match[str], place: Place) -> Token:
    text = match[0]
    if "\0" in text:
        raise ConfigError(place, "a NUL byte; remove it, a configuration is text")
    match match.lastgroup:
        case "sign":
            return Token(_SIGNS[text], text, place)
        case "quoted":
            return Token(Kind.QUOTED, _ESCAPE.sub(r"\1", text[1:-1]), place)
        case "number":
            return Token(Kind.NUMBER, text, place)
        case "word":
            return Token(Kind.WORD, _BLANKS.sub("", text), place)
    return Token(Kind.STRING, _BLANKS.sub("", text), place)


def _included(match: re.Match[str], place: Place, including: tuple[FileId, ...]) -> Iterator[Token]:
    path = match["quoted_file"] or match["file"]
    if not path or "\0" in path:
        raise ConfigError(place, 'after @ the name of the file to include is expected: @/path/file or @"/path/file"')
    if path.startswith("|"):
        raise ConfigError(place, "the output of a command cannot be included; write it to a file and include that")
    return tokens_of_file(path, place, including)


def _no_token(text: str, position: int, place: Place) -> ConfigError:
    if text[position] == "\\":
        return ConfigError(place, "a backslash that does not end its line; put a text that begins with one in quotes")
    return ConfigError(place, 'the quote opened here is not closed; add the missing "')
