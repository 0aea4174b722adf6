"""What Director and File daemon tell each other about single files, in bytes of real ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.wire.catalog import AccurateEntry, VerifyAttributes, VerifyDigest
from fdsim.wire.errors import RemoteProtocolError

LSTAT = "P4A F0AJ IGk C A A A Dw BAA I BrBf96 BrBf96 BrBf96 A A C"
LSTAT_BYTES = LSTAT.encode("ascii")
NAMES = st.binary().filter(lambda name: b"\0" not in name)
NUMBERS = st.integers(0, 2**63 - 1)
WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="*"), min_size=1)


@pytest.mark.parametrize(
    ("payload", "entry"),
    [
        (
            b"/srv/tree/a b\0" + LSTAT_BYTES + b"\0OJFkIXhVsLF33U9BdTOGrw\0" + b"0",
            AccurateEntry(b"/srv/tree/a b", LSTAT, "OJFkIXhVsLF33U9BdTOGrw", 0),
        ),
        (b"/srv/tree/\0" + LSTAT_BYTES + b"\0\0" + b"3", AccurateEntry(b"/srv/tree/", LSTAT, "", 3)),
    ],
)
def test_accurate_entry(payload: bytes, entry: AccurateEntry) -> None:
    assert AccurateEntry.parse(payload) == entry
    assert entry.encode() == payload
    assert entry.status.mtime == 1795555194


@pytest.mark.parametrize(
    "payload",
    [
        b"/a\0" + LSTAT_BYTES,
        b"/a\0" + LSTAT_BYTES + b"\0",
        b"/a\0" + LSTAT_BYTES + b"\0\0",
        b"/a\0" + LSTAT_BYTES + b"\0\0many\0",
    ],
)
def test_accurate_entry_may_be_short(payload: bytes) -> None:
    assert AccurateEntry.parse(payload) == AccurateEntry(b"/a", LSTAT, "", 0)


def test_accurate_entry_without_lstat() -> None:
    with pytest.raises(RemoteProtocolError, match="an accurate entry without LStat: b'/a'"):
        AccurateEntry.parse(b"/a")


@pytest.mark.parametrize(
    ("payload", "record"),
    [
        (b"2 1 VVpins5 /srv/a b\0" + LSTAT_BYTES + b"\0\0", VerifyAttributes(2, "VVpins5", b"/srv/a b", LSTAT)),
        (b"3 1 V /srv/l\0" + LSTAT_BYTES + b"\0a\0", VerifyAttributes(3, "V", b"/srv/l", LSTAT, b"a")),
    ],
)
def test_verify_attributes(payload: bytes, record: VerifyAttributes) -> None:
    assert VerifyAttributes.parse(payload) == record
    assert record.encode() == payload
    assert record.status.size == 240


def test_verify_digest() -> None:
    record = VerifyDigest(6, 3, "l6t9QUoN9ROK/Ih+50oK/w", "MD5")
    assert VerifyDigest.parse(b"6 3 l6t9QUoN9ROK/Ih+50oK/w *MD5-6*") == record
    assert record.encode() == b"6 3 l6t9QUoN9ROK/Ih+50oK/w *MD5-6*"


@pytest.mark.parametrize(
    "payload", [b"", b"1 3 V /a\0x\0\0", b"1 1 V /a\0x", b"x 1 V /a\0x\0\0", b"9" * 5000 + b" 1 V /\0\0\0"]
)
def test_no_verify_attributes(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="no attributes of a verify"):
        VerifyAttributes.parse(payload)


@pytest.mark.parametrize("payload", [b"", b"6 3 l6t9", b"6 3 l6t9 *MD5*", b"6 3 l6t9 *MD5-x*", b"6 3 l6t9 *MD5-6*\n"])
def test_no_verify_digest(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="no digest of a verify"):
        VerifyDigest.parse(payload)


@given(
    st.one_of(
        st.builds(AccurateEntry, NAMES, WORDS, WORDS, NUMBERS),
        st.builds(VerifyAttributes, NUMBERS, WORDS, NAMES, WORDS, NAMES),
        st.builds(VerifyDigest, NUMBERS, st.integers(0, 2047), WORDS, st.sampled_from(["MD5", "SHA1", "SHA512"])),
    )
)
def test_what_is_written_is_read(record: AccurateEntry | VerifyAttributes | VerifyDigest) -> None:
    assert type(record).parse(record.encode()) == record


@given(st.binary())
def test_no_bytes_raise_another_error(payload: bytes) -> None:
    for kind in (AccurateEntry, VerifyAttributes, VerifyDigest):
        try:
            kind.parse(payload)
        except RemoteProtocolError:
            continue
