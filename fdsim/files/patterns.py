"""Wild-card patterns on whole paths, as fnmatch(3) has them without FNM_PATHNAME (DIR-SEL-34, DIR-SEL-39).

``*`` and ``?`` match a slash too, ``[...]`` is a set, a backslash takes the next character literally, and a pattern has
to cover the whole path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_WILD: Final = re.compile(rb"[*?\[\\]")
# A set may open with a negation and then with a closing bracket that counts as a member; without an end it is no set.
_SET: Final = re.compile(rb"\[([!^]?)(\]?[^\]]*)\]", re.DOTALL)

_ANY: Final = rb"[\x00-\xff]"
_NONE: Final = rb"[^\x00-\xff]"


def expression(pattern: bytes) -> bytes:
    """The regular expression that matches what ``pattern`` matches."""
    parts: list[bytes] = []
    position = 0
    while position < len(pattern):
        character = pattern[position : position + 1]
        position += 1
        if character == b"*":
            parts.append(b".*")
        elif character == b"?":
            parts.append(b".")
        elif character == b"\\" and position < len(pattern):
            parts.append(re.escape(pattern[position : position + 1]))
            position += 1
        elif character == b"[" and (found := _SET.match(pattern, position - 1)):
            negated, members = found.groups()
            parts.append(_set(_members(members), negated=bool(negated)))
            position = found.end()
        else:
            parts.append(re.escape(character))
    return b"".join(parts)


def _set(members: bytes, *, negated: bool) -> bytes:
    if not members:
        return _ANY if negated else _NONE
    return b"[" + (b"^" if negated else b"") + members + b"]"


def _members(members: bytes) -> bytes:
    """The members of a set, with a range only where it runs upwards (another matches nothing)."""
    parts = []
    for first, last in re.findall(rb"(?s)(\\?.)(?:-(\\?[^]]))?", members):
        low = first[-1:]
        if not last:
            parts.append(re.escape(low))
        elif (high := last[-1:]) >= low:
            parts.append(re.escape(low) + b"-" + re.escape(high))
    return b"".join(parts)


class PathFilter:
    """Whether a path is one of many patterns; paths without wild cards, the usual case, cost one look-up."""

    def __init__(self, patterns: Iterable[bytes]) -> None:
        literal: set[bytes] = set()
        wild: list[bytes] = []
        for pattern in patterns:
            (wild.append if _WILD.search(pattern) else literal.add)(pattern)
        self._literal: Final = frozenset(literal)
        self._wild: Final = re.compile(b"|".join(map(expression, wild)), re.DOTALL) if wild else None

    def __contains__(self, path: bytes) -> bool:
        if path in self._literal:
            return True
        return self._wild is not None and self._wild.fullmatch(path) is not None
