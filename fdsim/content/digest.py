"""Digests of file data (SD-DIG-1 to SD-DIG-3)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from fdsim.wire.options import Option
from fdsim.wire.streams import Stream


@dataclass(frozen=True, slots=True)
class Digest:
    """One algorithm."""

    name: str
    stream: Stream
    """The stream that carries the raw digest."""
    letters: str
    """The option letters that ask for it."""
    new: Callable[..., Any]
    """A hashlib constructor."""


# MD5 wins over SHA1 over SHA256 over SHA512 where several letters are given (SD-DIG-3).
DIGESTS: Final = (
    Digest("MD5", Stream.MD5_DIGEST, "M", hashlib.md5),
    Digest("SHA1", Stream.SHA1_DIGEST, "S", hashlib.sha1),
    Digest("SHA256", Stream.SHA256_DIGEST, "S2", hashlib.sha256),
    Digest("SHA512", Stream.SHA512_DIGEST, "S3", hashlib.sha512),
)

_ALIASES: Final = {"S1": "S"}


def digest_for(options: Iterable[Option]) -> Digest | None:
    """The digest that these options ask for, None without any (DIR-OPT-18, DIR-OPT-26, DIR-OPT-37)."""
    letters = {option.letter + option.argument for option in options}
    letters |= {_ALIASES[letter] for letter in letters if letter in _ALIASES}
    return next((digest for digest in DIGESTS if digest.letters in letters), None)
