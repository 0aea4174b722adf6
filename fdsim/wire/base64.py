"""Bacula's three uses of the digits ``A-Z a-z 0-9 + /``; only one of them is RFC 4648.

* Numbers in positional notation, as in LStat (DIR-LST-3, DIR-LST-4).
* Digests in the catalog, in accurate lists and verify packets: RFC 4648 without padding (DIR-LST-17).
* Answers to a CRAM-MD5 challenge: the *legacy* form, in which bytes are sign-extended as they are shifted into the
  accumulator and the last group of bits is not shifted to the left (DIR-AUTH-7).
"""

from __future__ import annotations

import base64 as rfc4648
from functools import lru_cache
from typing import Final

DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_VALUES: Final = {digit: value for value, digit in enumerate(DIGITS)}

# Pairs of digits: numbers are put together from these, which halves the work on every file that is backed up.
_PAIRS: Final = tuple(high + low for high in DIGITS for low in DIGITS)
_SHORT: Final = tuple((pair[1] if pair[0] == "A" else pair) for pair in _PAIRS)
_PAIR_BITS: Final = 12
_PAIR_MASK: Final = 4095


def encode_number(number: int) -> str:
    """A number in base 64, most significant digit first, without leading zeros; ``-`` marks a negative one."""
    if number < 0:
        return "-" + encode_number(-number)
    if number <= _PAIR_MASK:
        return _SHORT[number]
    text = _PAIRS[number & _PAIR_MASK]
    number >>= _PAIR_BITS
    while number > _PAIR_MASK:
        text = _PAIRS[number & _PAIR_MASK] + text
        number >>= _PAIR_BITS
    return _SHORT[number] + text


@lru_cache(maxsize=1 << 14)
def decode_number(text: str) -> int:
    """The number that ``text`` stands for.

    Raises:
        ValueError: a character is no digit, or there is none. (The real decoder takes them for 255, DIR-LST-5; a record
            with such a number is damaged and is treated as that here.)
    """
    digits = text.removeprefix("-")
    if not digits:
        raise ValueError("a base64 number without digits")
    value = 0
    for digit in digits:
        try:
            value = value << 6 | _VALUES[digit]
        except KeyError:
            raise ValueError(f"{digit!r} is no base64 digit") from None
    return -value if len(digits) != len(text) else value


def encode_digest(digest: bytes) -> str:
    """RFC 4648 base64 without padding."""
    return rfc4648.b64encode(digest).decode("ascii").rstrip("=")


def decode_digest(text: str) -> bytes:
    """The bytes of a digest in RFC 4648 base64, padded or not.

    Raises:
        ValueError: not base64.
    """
    return rfc4648.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)


def encode_legacy(data: bytes) -> str:
    """The form in which real daemons answer CRAM-MD5 challenges."""
    accumulator = bits = 0
    text = []
    for byte in data:
        signed = byte - 256 if byte > 127 else byte
        accumulator = (accumulator << 8 | signed) & 0xFFFFFFFF
        bits += 8
        while bits >= 6:
            bits -= 6
            text.append(DIGITS[accumulator >> bits & 63])
        # The bits left over stay in the accumulator as they are: a negative byte has set all those above them.
    if bits:
        text.append(DIGITS[accumulator & (1 << bits) - 1])
    return "".join(text)
