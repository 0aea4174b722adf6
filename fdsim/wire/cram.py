"""CRAM-MD5 as the daemons speak it (DIR-AUTH-1 to DIR-AUTH-9, SD-AUTH-1 to SD-AUTH-7).

The keyed text is the challenge *with* its angle brackets. Between Director and File daemon the key is the MD5 of the
password in hexadecimal digits, between File daemon and Storage daemon the session key as it is.
"""

from __future__ import annotations

import hashlib
import hmac

from fdsim.wire import base64


def secret_of(password: str) -> bytes:
    """The key that stands for a configured password: 32 lower-case hexadecimal digits (DIR-AUTH-5)."""
    return hashlib.md5(password.encode("utf-8", "surrogateescape")).hexdigest().encode("ascii")


def challenge(number: int, now: int, name: str) -> str:
    """The text of a challenge: a random number, Unix time in seconds, our own name (DIR-AUTH-2, DIR-AUTH-3)."""
    return f"<{number}.{now}@{name}>"


def response(key: bytes, text: str, *, compatible: bool = False) -> str:
    """The answer to a challenge, in legacy base64 unless it asked for the ``compatible`` form (DIR-AUTH-8)."""
    mac = _mac(key, text)
    return base64.encode_digest(mac) if compatible else base64.encode_legacy(mac)


def is_right(key: bytes, text: str, answer: str) -> bool:
    """Whether ``answer`` is the right one; both forms of base64 are (DIR-AUTH-9)."""
    mac = _mac(key, text)
    given = answer.encode("utf-8", "surrogateescape")
    forms = (base64.encode_legacy(mac), base64.encode_digest(mac))
    return any(hmac.compare_digest(form.encode("ascii"), given) for form in forms)


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode("utf-8", "surrogateescape"), "md5")
