"""The option letters of a FileSet (DIR-OPT-1 to DIR-OPT-34)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Argument(Enum):
    """What of the text belongs to a letter."""

    NONE = "nothing"
    DIGIT = "one character, whatever it is"
    CHOICE = "one character if it is one of a set"
    COLON = "all up to a colon"


@dataclass(frozen=True, slots=True)
class Letter:
    """One option letter."""

    meaning: str
    argument: Argument = Argument.NONE
    choices: str = ""


LETTERS: Final = {
    "0": Letter("no option"),
    "a": Letter("replace always"),
    "A": Letter("save ACLs"),
    "c": Letter("check that a file did not change while it was read"),
    "C": Letter("accurate options", Argument.COLON),
    "e": Letter("exclude what matches"),
    "f": Letter("cross file systems"),
    "h": Letter("no recursion"),
    "H": Letter("no hard-link handling"),
    "i": Letter("ignore case"),
    "J": Letter("base job options", Argument.COLON),
    "k": Letter("keep access times"),
    "K": Letter("do not change access times"),
    "m": Letter("compare modification times only"),
    "M": Letter("MD5 digest"),
    "n": Letter("replace never"),
    "N": Letter("honour the no-dump flag"),
    "p": Letter("portable format"),
    "P": Letter("strip path", Argument.COLON),
    "r": Letter("read FIFOs"),
    "R": Letter("HFS+ support"),
    "s": Letter("sparse files"),
    "S": Letter("SHA digest", Argument.CHOICE, "123"),
    "V": Letter("verify options", Argument.COLON),
    "w": Letter("replace if newer"),
    "W": Letter("enhanced wild cards"),
    "X": Letter("save extended attributes"),
    "Z": Letter("compression", Argument.DIGIT),
}
"""The letters of Bacula 9.6."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of an ``O`` line."""

    letter: str
    argument: str = ""

    @property
    def known(self) -> bool:
        """Whether 9.6 knows the letter; others are reported and ignored (DIR-OPT-2)."""
        return self.letter in LETTERS


def parse_letters(text: str) -> tuple[Option, ...]:
    """Read the letters of an ``O`` line from left to right (DIR-OPT-1)."""
    options = []
    position = 0
    while position < len(text):
        name = text[position]
        position += 1
        letter = LETTERS.get(name, Letter("unknown"))
        end = position
        if letter.argument is Argument.DIGIT:
            end = min(position + 1, len(text))
        elif letter.argument is Argument.CHOICE and text[position : position + 1] in tuple(letter.choices):
            end = position + 1
        elif letter.argument is Argument.COLON:
            end = text.find(":", position)
            end = len(text) if end < 0 else end
        options.append(Option(name, text[position:end]))
        position = end + 1 if letter.argument is Argument.COLON else end
    return tuple(options)
