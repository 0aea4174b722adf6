"""The shape of a configuration: resources, which hold directives, which hold words or a block of directives.

Knows no directive by name, so it reads the files of all daemons (``Include { Options { ... } File = ... }`` too)::

    file      = { block }
    block     = word "{" { directive } "}"
    directive = word "=" { word } ( end of line | ";" | before "}" )
              | word [ "=" ] "{" { directive } "}"
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fdsim.config.errors import ConfigError, Place
from fdsim.config.lexer import Kind, Token

MAXIMUM_DEPTH = 8
"""Blocks within blocks; no resource has more than three."""

# "ipv4" is no word, for its digit.
_NAMES = frozenset({Kind.WORD, Kind.STRING})


@dataclass(frozen=True, slots=True)
class Directive:
    """A name and what it is set to.

    Attributes:
        name: the name as written, without blanks.
        place: where it stands.
        words: the value, ``=`` and ``,`` within it included; empty for a block.
        block: the value of a directive that holds directives.
        assigned: whether a ``=`` followed the name (a block may come without).
        closing: whether the ``}`` of the surrounding block follows on the same line (DIR-CFG-5).
    """

    name: str
    place: Place
    words: tuple[Token, ...] = ()
    block: Block | None = None
    assigned: bool = True
    closing: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A name and the directives in its braces."""

    name: str
    place: Place
    directives: tuple[Directive, ...]


def parse(tokens: Iterable[Token]) -> tuple[Block, ...]:
    """Arrange tokens into the resources of a file.

    Raises:
        ConfigError: the braces do not match, or something stands where it cannot.
    """
    parser = _Parser(tokens)
    blocks: list[Block] = []
    while (name := parser.skip_ends()) is not None:
        if name.kind is not Kind.WORD:
            raise ConfigError(name.place, f"the name of a resource is expected here, not {_shown(name)}")
        parser.advance()
        opening = parser.skip_ends()
        if opening is None or opening.kind is not Kind.OPEN:
            raise ConfigError(name.place, f"the resource {name.text} has no block; write '{name.text} {{ ... }}'")
        blocks.append(parser.block(name, opening, 1))
    return tuple(blocks)


class _Parser:
    """Reads tokens with one of look-ahead."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens = iter(tokens)
        self._current = next(self._tokens, None)

    def advance(self) -> None:
        self._current = next(self._tokens, None)

    def skip_ends(self) -> Token | None:
        """Go to the next token that is not the end of a line."""
        while self._current is not None and self._current.kind is Kind.END:
            self.advance()
        return self._current

    def block(self, name: Token, opening: Token, depth: int) -> Block:
        """Read from the opening brace, which is the current token, to the closing one."""
        if depth > MAXIMUM_DEPTH:
            raise ConfigError(opening.place, f"blocks are nested more than {MAXIMUM_DEPTH} deep; remove this one")
        self.advance()
        directives: list[Directive] = []
        while (token := self.skip_ends()) is not None:
            if token.kind is Kind.CLOSE:
                self.advance()
                return Block(name.text, name.place, tuple(directives))
            if token.kind not in _NAMES:
                message = f"the name of a directive of {name.text} is expected here, not {_shown(token)}"
                raise ConfigError(token.place, message)
            self.advance()
            directives.append(self._directive(token, depth))
        raise ConfigError(opening.place, f"the block of {name.text} opened here is not closed; add the missing '}}'")

    def _directive(self, name: Token, depth: int) -> Directive:
        following = self.skip_ends()
        assigned = following is not None and following.kind is Kind.EQUALS
        if assigned:
            self.advance()
        words, end = self._words()
        if not words:
            # A block may begin on a line of its own.
            opening = self.skip_ends()
            if opening is not None and opening.kind is Kind.OPEN:
                return Directive(name.text, name.place, block=self.block(name, opening, depth + 1), assigned=assigned)
        if not assigned:
            raise ConfigError(name.place, f"'=' is missing after {name.text}; write '{name.text} = value'")
        if end is not None and end.kind is Kind.OPEN:
            raise ConfigError(end.place, f"'{{' within the value of {name.text}; put the value in quotes")
        return Directive(name.text, name.place, words, closing=end is not None and end.kind is Kind.CLOSE)

    def _words(self) -> tuple[tuple[Token, ...], Token | None]:
        """Read a value, and give what ended it, which stays the current token."""
        words: list[Token] = []
        while (token := self._current) is not None and token.kind not in {Kind.END, Kind.OPEN, Kind.CLOSE}:
            words.append(token)
            self.advance()
        return tuple(words), token


def _shown(token: Token) -> str:
    # What a quoted text holds may be a password.
    return token.kind.value if token.kind in {Kind.QUOTED, Kind.END} else repr(token.text)
