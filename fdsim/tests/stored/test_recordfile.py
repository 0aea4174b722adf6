"""The file of one job's records."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fdsim.stored.errors import ArchiveError
from fdsim.stored.recordfile import Record, RecordReader, RecordWriter

TWO = [Record(1, 1, b"attributes\0"), Record(1, 2, b"data")]
TWO_BYTES = (
    b"fdsim records 1\n"
    b"\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x0b\x21\x8c\x9e\x5eattributes\0"
    b"\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x04\x66\xec\x30\xe9data"
)

records = st.lists(
    st.builds(
        Record,
        st.integers(-(2**31), 2**31 - 1),
        st.integers(-(2**31), 2**31 - 1),
        st.binary(min_size=1, max_size=200)
        | st.builds(lambda byte, count: byte * count, st.just(b"x"), st.just(70000)),
    ),
    max_size=20,
)


def write(path: Path, content: list[Record]) -> int:
    writer = RecordWriter(path)
    for record in content:
        writer.add(*record)
    size = writer.sync()
    assert (writer.records, writer.bytes) == (len(content), sum(len(record.payload) for record in content))
    return size


def read(path: Path, size: int | None = None) -> list[Record]:
    with RecordReader(path, path.stat().st_size if size is None else size) as reader:
        return list(reader)


def test_the_bytes_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert write(path, TWO) == len(TWO_BYTES)
    assert path.read_bytes() == TWO_BYTES
    assert read(path) == TWO


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records)
def test_any_records_come_back_in_order(tmp_path: Path, content: list[Record]) -> None:
    path = tmp_path / "file"
    path.unlink(missing_ok=True)
    assert write(path, content) == path.stat().st_size
    assert read(path) == content


def test_a_file_cut_at_any_byte_is_truncated(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for length in range(len(TWO_BYTES)):
        path.write_bytes(TWO_BYTES[:length])
        with pytest.raises(ArchiveError) as raised:
            read(path, len(TWO_BYTES))
        assert str(raised.value) == f"{path} is truncated: it has {length} bytes, {len(TWO_BYTES)} are due"


@pytest.mark.parametrize(
    ("length", "complaint"),
    [
        (16 + 3, "is damaged at record 1, byte 16: only 3 of its header's 16 bytes are there"),
        (16 + 16 + 10, "is damaged at record 1, byte 16: only 10 of its 11 bytes are there"),
        (16 + 27 + 16, "is damaged at record 2, byte 43: only 0 of its 4 bytes are there"),
    ],
)
def test_the_place_of_a_cut_is_told(tmp_path: Path, length: int, complaint: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(TWO_BYTES[:length])
    with pytest.raises(ArchiveError, match=f"{path} {complaint}"):
        read(path)


def test_a_cut_between_records_while_reading_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    size = write(path, [Record(1, 2, bytes([number]) * 60000) for number in range(1, 41)])
    with RecordReader(path, size) as reader:
        records = iter(reader)
        next(records)
        os.truncate(path, 16 + 30 * 60016)
        with pytest.raises(ArchiveError, match=f"it ends at byte {16 + 30 * 60016} of {size}"):
            list(records)


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for place in range(len(TWO_BYTES)):
        damaged = bytearray(TWO_BYTES)
        damaged[place] ^= 0x04
        path.write_bytes(damaged)
        with pytest.raises(ArchiveError, match=r"is damaged at record|is no file of records"):
            read(path)


def test_a_length_beyond_any_packet_is_not_allocated(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(TWO_BYTES[:24] + b"\xff\xff\xff\xff" + TWO_BYTES[28:])
    with pytest.raises(ArchiveError, match="at record 1, byte 16: its header states a length of 4294967295"):
        read(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=f"{tmp_path}/none: No such file or directory"):
        RecordReader(tmp_path / "none", 16)


def test_a_longer_file_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(TWO_BYTES + b"x")
    with pytest.raises(ArchiveError, match=f"is damaged: it has {len(TWO_BYTES) + 1} bytes, {len(TWO_BYTES)} are due"):
        read(path, len(TWO_BYTES))


def test_discard_leaves_nothing(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path / "file")
    writer.add(1, 1, b"x")
    writer.discard()
    writer.discard()
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        RecordWriter(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"precious"
