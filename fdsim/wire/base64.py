"""Bacula's three uses of the digits ``A-Z a-z 0-9 + /``; only one of them is RFC 4648.

* Numbers in positional notation, as in LStat (DIR-LST-3, DIR-LST-4).
* Digests in the catalog, in accurate lists and verify packets: RFC 4648 without padding (DIR-LST-17).
* Answers to a CRAM-MD5 challenge: the *legacy* form, in which bytes are sign-extended as they are shifted into the
  accumulator and the last group of bits is not shifted to the left (DIR-AUTH-7).
"""

from __future__ import annotations

import base64 as rfc4648
from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from typing import Final

DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

# RFC 4648 writes three bytes as four digits, most significant first: of a number in nine bytes that is the positional
# notation with leading zeros (``A``), and the other way round.
_BYTES: Final = 9
_DIGITS: Final = 12
_GROUP: Final = 4


def encode_number(number: int) -> str:
    """A number in base 64, most significant digit first, without leading zeros; ``-`` marks a negative one.

    Raises:
        OverflowError: the number has more than 72 bits; no field of an LStat can hold one.
    """
    if number < 0:
        return "-" + encode_number(-number)
    return b2a_base64(number.to_bytes(_BYTES, "big"), newline=False).decode("ascii").lstrip("A") or "A"


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
    if len(digits) > _DIGITS or digits.endswith("="):  # the padding of RFC 4648, which numbers have not
        raise ValueError(f"{text[:40]!r} is no number of at most {_DIGITS} base64 digits")
    value = int.from_bytes(a2b_base64("A" * (-len(digits) % _GROUP) + digits, strict_mode=True), "big")
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
