"""The FileSet: what to save, as a value and as the lines in which it travels (DIR-FSET-1 to DIR-FSET-19).

Every line is a code letter, for some codes a second one, a blank and the item. The Director sends the blocks of
Includes and Excludes one after the other and ends with an EOD.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from fdsim.wire.errors import LocalProtocolError, RemoteProtocolError
from fdsim.wire.messages.base import shorten


class Line(Enum):
    """The codes of lines."""

    INCLUDE = "I"
    EXCLUDE = "E"
    END_OPTIONS = "N"
    OPTIONS = "O"
    REGEX = "R"
    REGEX_DIRECTORY = "RD"
    REGEX_FILE = "RF"
    WILD = "W"
    WILD_DIRECTORY = "WD"
    WILD_FILE = "WF"
    WILD_BASE = "WB"
    FILESYSTEM = "X"
    DRIVE = "XD"
    BASE_JOB = "B"
    PLUGIN_OPTION = "G"
    READER = "D"
    WRITER = "T"
    EXCLUDE_DIRECTORY_CONTAINING = "Z"
    FILE = "F"
    PLUGIN = "P"


_CODES: Final = {line.value: line for line in Line}
PATTERNS: Final = (
    Line.REGEX,
    Line.REGEX_DIRECTORY,
    Line.REGEX_FILE,
    Line.WILD,
    Line.WILD_DIRECTORY,
    Line.WILD_FILE,
    Line.WILD_BASE,
    Line.BASE_JOB,
    Line.FILESYSTEM,
    Line.DRIVE,
    Line.PLUGIN_OPTION,
    Line.READER,
    Line.WRITER,
)
"""What may follow the letters of an Options block, in the order in which a Director sends it (DIR-FSET-19)."""


@dataclass(frozen=True, slots=True)
class Options:
    """One Options block: letters (see ``options``) and patterns."""

    letters: str = ""
    patterns: tuple[tuple[Line, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """One Include or Exclude."""

    files: tuple[bytes, ...] = ()
    options: tuple[Options, ...] = ()
    plugins: tuple[bytes, ...] = ()
    exclude_directory_containing: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class FileSet:
    """What to save."""

    includes: tuple[Block, ...] = ()
    excludes: tuple[Block, ...] = ()

    def lines(self) -> Iterator[bytes]:
        """The lines in the form and order in which a 9.6 Director sends them; no EOD."""
        for code, blocks in ((b"I", self.includes), (b"E", self.excludes)):
            for block in blocks:
                yield code + b"\n"
                yield from _block_lines(block)


def _block_lines(block: Block) -> Iterator[bytes]:
    for name in block.exclude_directory_containing:
        yield b"Z " + name + b"\n"
    for options in block.options:
        yield b"O " + options.letters.encode("ascii") + b"\n"
        for line, item in options.patterns:
            yield line.value.encode("ascii") + b" " + item + b"\n"
        yield b"N\n"
    for path in block.files:
        if path != path.partition(b"\0")[0].rstrip(b" \t\r\n\v\f"):
            raise LocalProtocolError(f"a path with white space at its end cannot be sent in a FileSet: {shorten(path)}")
        # The only lines without a newline: paths from the FileSet itself and plugin commands (9.6 wire, section 4).
        yield b"F " + path
    yield b"N\n"
    for command in block.plugins:
        yield b"P " + command
    yield b"N\n"


def parse_line(payload: bytes) -> tuple[Line, bytes]:
    """One line as its code and item; white space at the end is no part of it (DIR-FSET-5, DIR-SCAN-6).

    Raises:
        RemoteProtocolError: the code is unknown (DIR-FSET-18).
    """
    # For the real FD a line ends at its first NUL (DIR-BNET-18).
    text = payload.partition(b"\0")[0].rstrip(b" \t\r\n\v\f")
    code, item = text[:1], text[1:]
    if item[:1] not in {b"", b" "}:
        code, item = text[:2], text[2:]
    line = _CODES.get(code.decode("latin-1"))
    if line is None:
        raise RemoteProtocolError(f"unknown line {shorten(payload)} in a FileSet")
    return line, item[1:] if item.startswith(b" ") else item


@dataclass(slots=True)
class _OpenBlock:
    files: list[bytes] = field(default_factory=list)
    options: list[Options] = field(default_factory=list)
    plugins: list[bytes] = field(default_factory=list)
    exclude_directory_containing: list[bytes] = field(default_factory=list)

    def close(self) -> Block:
        return Block(
            tuple(self.files), tuple(self.options), tuple(self.plugins), tuple(self.exclude_directory_containing)
        )


class FileSetReader:
    """Puts a FileSet together from its lines."""

    def __init__(self) -> None:
        self._includes: list[_OpenBlock] = []
        self._excludes: list[_OpenBlock] = []
        self._block: _OpenBlock | None = None
        self._options_open = False

    def add(self, payload: bytes) -> tuple[Line, bytes]:
        """Take in one line and return how it was understood.

        Raises:
            RemoteProtocolError: the line is unknown, or stands outside a block.
        """
        line, item = parse_line(payload)
        if line in {Line.INCLUDE, Line.EXCLUDE}:
            self._block = _OpenBlock()
            (self._includes if line is Line.INCLUDE else self._excludes).append(self._block)
            self._options_open = False
            return line, item
        block = self._block
        if block is None:
            raise RemoteProtocolError(f"line {shorten(payload)} of a FileSet outside an Include or Exclude")
        if line is Line.END_OPTIONS:
            self._options_open = False
        elif line is Line.FILE:
            block.files.append(item)
        elif line is Line.PLUGIN:
            block.plugins.append(item)
        elif line is Line.EXCLUDE_DIRECTORY_CONTAINING:
            block.exclude_directory_containing.append(item)
        else:
            self._add_option(block, line, item)
        return line, item

    def _add_option(self, block: _OpenBlock, line: Line, item: bytes) -> None:
        if not self._options_open:
            block.options.append(Options())
            self._options_open = True
        options = block.options[-1]
        if line is Line.OPTIONS:
            # Several O lines of one block add up (DIR-FSET-8).
            block.options[-1] = Options(options.letters + item.decode("latin-1"), options.patterns)
        else:
            block.options[-1] = Options(options.letters, (*options.patterns, (line, item)))

    def fileset(self) -> FileSet:
        """What was read so far."""
        return FileSet(
            tuple(block.close() for block in self._includes), tuple(block.close() for block in self._excludes)
        )
