r"""Bytes of any kind as text for people: names, link targets and values that can neither mislead nor drive a terminal.

Whatever is not a printable character of UTF-8 appears as ``\xNN`` for each of its bytes and a backslash is doubled,
so the text names exactly one byte string.
"""

from __future__ import annotations

_SHOWN = 48  # bytes of a long value that a table has room for


def printable(raw: bytes) -> str:
    r"""The text for a byte string: control, format and undecodable bytes as ``\xNN``, also a blank at either end."""
    text = raw.decode("utf-8", "surrogateescape")
    if text.isprintable() and "\\" not in text and text == text.strip(" "):
        return text
    inner = "".join(map(_shown, text.strip(" ")))
    before = len(text) - len(text.lstrip(" "))
    after = len(text) - before - len(text.strip(" "))
    return "\\x20" * before + inner + "\\x20" * after


def _shown(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def excerpt(value: bytes, other: bytes) -> str:
    """A value in quotes; of a long one its length and what stands where it first departs from ``other``."""
    if max(len(value), len(other)) <= _SHOWN:
        return f'"{printable(value)}"'
    offset = first_difference(value, other)
    return f'{len(value)} bytes, at {offset}: "{printable(value[offset : offset + _SHOWN])}"'


def first_difference(left: bytes, right: bytes) -> int:
    """The offset at which two byte strings part: the shorter length if one begins with the other."""
    return next(
        (offset for offset, (a, b) in enumerate(zip(left, right, strict=False)) if a != b),
        min(len(left), len(right)),
    )
