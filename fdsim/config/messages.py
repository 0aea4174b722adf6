"""Which types of messages go where: the destinations of a Messages resource (DIR-CFG-15, DIR-CFG-16)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from fdsim.config.lexer import TEXTS, Kind, Token
from fdsim.config.values import Words, text

ALL = "all"
NOT_IN_ALL = frozenset({"debug", "saved", "events"})
"""The types that ``all`` leaves out."""
TYPES = NOT_IN_ALL | {
    "abort",
    "alert",
    "error",
    "errorterm",
    "fatal",
    "info",
    "mount",
    "notsaved",
    "restored",
    "security",
    "skipped",
    "terminate",
    "verified",
    "volmgmt",
    "warning",
}
"""The names of all types; Bacula 15 also has ``events.NAME`` with any name."""
TYPES_OF_ALL = TYPES - NOT_IN_ALL

_OWN_EVENT = re.compile(r"events\.[a-z0-9_.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: a destination and what to add to its types or take from them, in this order."""

    kind: str
    where: tuple[str, ...]
    changes: tuple[tuple[bool, frozenset[str]], ...]


@dataclass(frozen=True, slots=True)
class Destination:
    """One place that messages go to.

    Attributes:
        kind: what it is, in lower case: ``director``, ``append``, ``mailonerror``, ...
        where: Directors, files or mail addresses; empty where there is but one (``stdout``).
        types: the types of the messages that go there, in lower case.
    """

    kind: str
    where: tuple[str, ...]
    types: frozenset[str]


def rule(words: Words) -> Rule:
    """``TYPE, TYPE, !TYPE``."""
    return Rule(words.directive.name.lower(), (), _changes(words))


def rule_with_target(words: Words) -> Rule:
    """``NAME, NAME = TYPE, TYPE, !TYPE``."""
    where = [text(words)]
    while words.accept({Kind.COMMA}):
        where.append(text(words))
    words.take({Kind.EQUALS}, "NAME = TYPE, TYPE")
    return Rule(words.directive.name.lower(), tuple(where), _changes(words))


def destinations(rules: Iterable[Rule]) -> tuple[Destination, ...]:
    """What the rules come to; a later one changes what an earlier one of the same destination has set."""
    types: dict[tuple[str, tuple[str, ...]], frozenset[str]] = {}
    for one in rules:
        now = types.get((one.kind, one.where), frozenset())
        for add, change in one.changes:
            now = now | change if add else now - change
        types[one.kind, one.where] = now
    return tuple(Destination(kind, where, now) for (kind, where), now in types.items())


def _changes(words: Words) -> tuple[tuple[bool, frozenset[str]], ...]:
    changes = [_change(words)]
    while words.accept({Kind.COMMA}):
        changes.append(_change(words))
    return tuple(changes)


def _change(words: Words) -> tuple[bool, frozenset[str]]:
    token = words.take(TEXTS, "a type of messages")
    written = token.text.lower()
    wanted = written.removeprefix("!")
    if wanted == ALL:
        if written != wanted:
            # Seen at a real 9.6.7 daemon: "!all" means what "all" means.
            words.notices.append((token.place, "the '!' before 'all' is ignored"))
        return True, TYPES_OF_ALL
    if wanted not in TYPES and not _OWN_EVENT.fullmatch(wanted):
        raise words.error(_unknown(token, wanted), token)
    return written == wanted, frozenset({wanted})


def _unknown(token: Token, wanted: str) -> str:
    near = difflib.get_close_matches(wanted, [ALL, *sorted(TYPES)], 1)
    hint = f"did you mean {near[0]}?" if near else f"types are all, {', '.join(sorted(TYPES))}"
    return f"= there is no type of messages {token.text!r} (a ',' stands between two); {hint}"
