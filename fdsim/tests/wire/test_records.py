"""Headers of records, in bytes of real daemons."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.records import RecordHeader, StreamHeader

NUMBERS = st.integers(-(2**63), 2**63 - 1)

# From bacula-fd 9.6.7 to bacula-sd 9.6.7 (2026-11-24): backups of /srv/fdsim-lab/tree, plain, with GZIP and sparse
# files, and of a bpipe plugin, whose data has no known length.
STREAM_HEADERS = [
    (b"1 1 0", StreamHeader(1, 1, 0)),
    (b"2 2 1760", StreamHeader(2, 2, 1760)),
    (b"14 2 200003", StreamHeader(14, 2, 200003)),
    (b"10 3 0", StreamHeader(10, 3, 0)),
    (b"1 7 5", StreamHeader(1, 7, 5)),
    (b"2 17 0", StreamHeader(2, 17, 0)),
    (b"2 26 0", StreamHeader(2, 26, 0)),
    (b"2 2 -1", StreamHeader(2, 2, -1)),
]
# From bacula-sd 9.6.7 to bacula-fd 9.6.7: a restore of the first of these (2026-11-24).
RECORD_HEADERS = [
    (b"rechdr 1 1795553361 1 1 89", RecordHeader(1, 1795553361, 1, 1, 89)),
    (b"rechdr 1 1795553361 2 2 1760", RecordHeader(1, 1795553361, 2, 2, 1760)),
    (b"rechdr 1 1795553361 11 3 16", RecordHeader(1, 1795553361, 11, 3, 16)),
]


@pytest.mark.parametrize(("payload", "header"), STREAM_HEADERS)
def test_stream_headers_of_real_daemons(payload: bytes, header: StreamHeader) -> None:
    assert StreamHeader.parse(payload) == header
    assert header.encode() == payload


@pytest.mark.parametrize(("payload", "header"), RECORD_HEADERS)
def test_record_headers_of_real_daemons(payload: bytes, header: RecordHeader) -> None:
    assert RecordHeader.parse(payload) == header
    assert header.encode() == payload


# A real bacula-sd 9.6.7 took the first seven for FileIndex 1 and stream 1 (or -1), and refused the others as FileIndex
# 0 (probe with one record each, 2026-11-24).
@pytest.mark.parametrize(
    ("payload", "header"),
    [
        (b"1 1", StreamHeader(1, 1, 0)),
        (b"1 1 ", StreamHeader(1, 1, 0)),
        (b"1 1 -1 trailing", StreamHeader(1, 1, -1)),
        (b"1 1 0\0", StreamHeader(1, 1, 0)),
        (b"1\t1\n0", StreamHeader(1, 1, 0)),
        (b"1 1 x", StreamHeader(1, 1, 0)),
        (b"1 -1 0", StreamHeader(1, -1, 0)),
        (b"  1   1 0", StreamHeader(0, 1, 1)),
        (b" +1 1 0", StreamHeader(0, 0, 0)),
    ],
)
def test_lax_stream_headers(payload: bytes, header: StreamHeader) -> None:
    assert StreamHeader.parse(payload) == header


@pytest.mark.parametrize("payload", [b"", b"garbage", b"+1 1 0", b"\0", b"x1 1 0"])
def test_what_is_no_stream_header(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match=r"malformed stream header b['\"]"):
        StreamHeader.parse(payload)


@pytest.mark.parametrize(
    ("payload", "header"),
    [
        (b"rechdr 1 2 3 4", RecordHeader(1, 2, 3, 4, 0)),
        (b"rechdr ", RecordHeader(0, 0, 0, 0, 0)),
        (b"rechdr 1 2 3 4 5 more", RecordHeader(1, 2, 3, 4, 5)),
        (b"rechdr 1 2 3 4 5\n\0", RecordHeader(1, 2, 3, 4, 5)),
        (b"rechdr\t1\n2  3 4 5", RecordHeader(1, 2, 3, 4, 5)),
        (b"rechdr 1 2 -3 4 -", RecordHeader(1, 2, -3, 4, 0)),
        (b"rechdr 1 2 3 4 1_6", RecordHeader(1, 2, 3, 4, 1)),
        (b"rechdr 1 2 3 4 +6", RecordHeader(1, 2, 3, 4, 0)),
    ],
)
def test_lax_record_headers(payload: bytes, header: RecordHeader) -> None:
    assert RecordHeader.parse(payload) == header


@pytest.mark.parametrize("payload", [b"", b"rechd 1 2 3 4 5", b"Rechdr 1 2 3 4 5", b" rechdr 1 2 3 4 5", b"1 1 0"])
def test_what_is_no_record_header(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match=r"malformed record header b['\"]"):
        RecordHeader.parse(payload)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_every_stream_header_comes_back(file_index: int, stream: int, length: int) -> None:
    header = StreamHeader(file_index, stream, length)
    assert StreamHeader.parse(header.encode()) == header


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_every_record_header_comes_back(session: int, time: int, file_index: int, stream: int, length: int) -> None:
    header = RecordHeader(session, time, file_index, stream, length)
    assert RecordHeader.parse(header.encode()) == header


ALMOST = st.lists(st.sampled_from([b"rechdr", b" ", b"-", b"+", b"1", b"99", b"\n", b"_", b"x", b"\0"])).map(b"".join)


@given(st.binary() | ALMOST)
def test_any_bytes_give_a_header_or_a_protocol_error(payload: bytes) -> None:
    for kind in (StreamHeader, RecordHeader):
        with contextlib.suppress(RemoteProtocolError):
            kind.parse(payload)


@pytest.mark.parametrize("kind", [StreamHeader, RecordHeader])
def test_megabyte_of_digits(kind: type[StreamHeader | RecordHeader]) -> None:
    header = kind.parse(b"rechdr " * (kind is RecordHeader) + b"9" * 1_000_000)
    assert all(number < 10**20 for number in header)
