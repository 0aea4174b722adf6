"""CRAM-MD5 against answers of real daemons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.wire import cram

# Captured from bacula-dir, bacula-fd and bacula-sd 9.6.7 on 2026-11-24, in backups with default settings. All the 546
# pairs of that capture were tried once; these are the first of each pairing, and all of them have bytes from 0x80 on.
# First with the configured password as the key.
PASSWORDS = [
    # Director to File daemon: the Director answers ...
    ("fdpw", "<2145065624.1795553363@lab-fd>", "DyFRX1+MLQ/q70/I97Jq8C"),
    ("fdpw", "<989422304.1795553366@lab-fd>", "qTByxVJgV7+FQh/Fu7pJWA"),
    ("fdpw", "<152141703.1795553370@lab-fd>", "tk/dHgpS17+tF6tr35+sqA"),
    ("fdpw", "<1081494241.1795553380@lab-fd>", "XRMjA++63W8lx+gso++22A"),
    # ... and the File daemon.
    ("fdpw", "<379433762.1795553363@lab-dir>", "hwFj28/nIA+yR1/l9z/K3B"),
    ("fdpw", "<142127631.1795553366@lab-dir>", "tW5X3z/0jzALlx+Gp9/cUC"),
    ("fdpw", "<1188411719.1795553370@lab-dir>", "29+F28Q70/+O8j/hf3+SkC"),
    ("fdpw", "<625171279.1795553383@lab-dir>", "46/2Fm+0G/+KSD+W76/wlA"),
    # Director to Storage daemon, both ways.
    ("sdpw", "<131847171.1795553363@lab-sd>", "uUcodz/qkw+DB9lOpGpPkD"),
    ("sdpw", "<797593940.1795553373@lab-sd>", "6z/xE8N5p5+roRYDc/+pCC"),
    ("sdpw", "<1364689429.1795553363@lab-dir>", "f4V7L/FIK30oP4/p57+YGA"),
    ("sdpw", "<1890847710.1795553383@lab-dir>", "4noKrG+0ZgF2p1+iz4/y+A"),
]
# Then with the session key as it is: File daemon to Storage daemon, both ways.
SESSION_KEYS = [
    ("ELMD-AOIC-DOCA-ILNI-IMKL-CCFF-KPIL-ELAO", "<1742642265.1795553363@lab-sd>", "a/9lF0+Qe5/DNB/n2G/u+B"),
    ("PGFI-DFEA-FGAO-PDAI-NEGB-MBGN-GNKL-FCNK", "<1814933547.1795553366@lab-sd>", "JGgZ3F8sg5+Zn+JVP2/UuC"),
    ("BFPO-GNBP-LOMJ-OAHG-BOML-LBGB-DNCI-KLAN", "<300932517.1795553370@lab-sd>", "a7+lg/VdES/J8//G6F/4ND"),
    ("ELMD-AOIC-DOCA-ILNI-IMKL-CCFF-KPIL-ELAO", "<36018312.1795553363@lab-fd>", "o++hD75oonk+h0/9jCk4gC"),
    ("PGFI-DFEA-FGAO-PDAI-NEGB-MBGN-GNKL-FCNK", "<349255294.1795553366@lab-fd>", "bkRXR2FJvV/VtAJJblEGeD"),
    ("BFPO-GNBP-LOMJ-OAHG-BOML-LBGB-DNCI-KLAN", "<1243219581.1795553370@lab-fd>", "pEpY7h/+5y+3V0+qF+07ED"),
]
PAIRS = [(cram.secret_of(password), text, answer) for password, text, answer in PASSWORDS] + [
    (key.encode("ascii"), text, answer) for key, text, answer in SESSION_KEYS
]
CHALLENGE = "<1.2@x>"
LEGACY = "n+t438Y2Ah/bI+58QRlwnD"
STANDARD = "nOt43cY2AhjbIu58QRlwnw"


def test_password_becomes_its_md5_in_hexadecimal() -> None:
    assert cram.secret_of("secret") == b"5ebe2294ecd0e0f08eab7690d2a6ee69"
    assert cram.secret_of("pässword") == b"8e1843033a0f6ee52e2f618aa8ebbef4"


def test_password_that_is_no_utf8() -> None:
    assert cram.secret_of("caf\udce9") == b"961f50f6282239d09e48f812c1ca7276"


@pytest.mark.parametrize(("key", "text", "answer"), PAIRS)
def test_answers_of_real_daemons(key: bytes, text: str, answer: str) -> None:
    assert cram.response(key, text) == answer
    assert cram.is_right(key, text, answer)


def test_compatible_form() -> None:
    # A real bacula-fd 9.6.7 asked with "auth cram-md5c" (probe, 2026-11-24).
    key = cram.secret_of("fdpw")
    assert cram.response(key, CHALLENGE) == LEGACY
    assert cram.response(key, CHALLENGE, compatible=True) == STANDARD
    assert cram.is_right(key, CHALLENGE, LEGACY)
    assert cram.is_right(key, CHALLENGE, STANDARD)


@pytest.mark.parametrize(
    "answer", ["", LEGACY[:-1], LEGACY + "A", LEGACY.lower(), STANDARD[:-1] + "x", "1000 OK auth", "\udcff", "é"]
)
def test_wrong_answers(answer: str) -> None:
    assert not cram.is_right(cram.secret_of("fdpw"), CHALLENGE, answer)


def test_wrong_key() -> None:
    assert not cram.is_right(cram.secret_of("fdpW"), CHALLENGE, LEGACY)
    assert not cram.is_right(b"fdpw", CHALLENGE, LEGACY)


def test_brackets_belong_to_the_keyed_text() -> None:
    assert cram.response(cram.secret_of("fdpw"), "1.2@x") != LEGACY


def test_form_of_a_challenge() -> None:
    assert cram.challenge(2145065624, 1795553363, "lab-fd") == "<2145065624.1795553363@lab-fd>"


@given(st.binary(), st.text(st.characters(codec="utf-8")))
def test_each_answer_is_right_in_both_forms(key: bytes, text: str) -> None:
    for compatible in (False, True):
        answer = cram.response(key, text, compatible=compatible)
        assert len(answer) == 22
        assert cram.is_right(key, text, answer)
