"""LStat against records of real daemons and against real files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.wire import lstat
from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.lstat import LStat, LStatEncoder

FIRST = 1_795_553_361  # when the tree was made
READ = 1_795_553_363  # when the backup read a file of it
DEVICE = 0xFE00

# From a backup of /srv/fdsim-lab/tree by bacula-fd 9.6.7 (2026-11-24), with the status that the files had.
REAL = [
    # late: 5 bytes, of the year 2103, 999999999 ns after the full second
    (
        "P4A FkAN IGk B A A A F BAA I D6VuoA D6VuoA BrBfhR A A C",
        LStat(DEVICE, 0x164_00D, 0o100644, 1, 0, 0, 0, 5, 4096, 8, 4_200_000_000, 4_200_000_000, FIRST, 0, 0, 2),
    ),
    # old: of 1960; accessed 999999999 ns, changed 1 ns after the same second
    (
        "P4A FkAM IGk B A A A F BAA I -R4aMA -R4aMA BrBfhR A A C",
        LStat(DEVICE, 0x164_00C, 0o100644, 1, 0, 0, 0, 5, 4096, 8, -300_000_000, -300_000_000, FIRST, 0, 0, 2),
    ),
    # minus: 1 ns before 1970
    (
        "P4A FkAP IGk B A A A C BAA I -B -B BrBfhR A A C",
        LStat(DEVICE, 0x164_00F, 0o100644, 1, 0, 0, 0, 2, 4096, 8, -1, -1, FIRST, 0, 0, 2),
    ),
    # text: owned by 1000:1001
    (
        "P4A FkAH IGk B Po Pp A bg BAA I BrBfhR BrBfhR BrBfhR A A C",
        LStat(DEVICE, 0x164_007, 0o100644, 1, 1000, 1001, 0, 1760, 4096, 8, FIRST, FIRST, FIRST, 0, 0, 2),
    ),
    # link: a symbolic link
    (
        "P4A FkAK KH/ B A A A F BAA A BrBfhR BrBfhR BrBfhR A A C",
        LStat(DEVICE, 0x164_00A, 0o120777, 1, 0, 0, 0, 5, 4096, 0, FIRST, FIRST, FIRST, 0, 0, 2),
    ),
    # sub/: a directory with the set-group-id bit
    (
        "P4A FkAD EXt C A A A BAA BAA I BrBfhR BrBfhR BrBfhR A A C",
        LStat(DEVICE, 0x164_003, 0o42755, 2, 0, 0, 0, 4096, 4096, 8, FIRST, FIRST, FIRST, 0, 0, 2),
    ),
    # a.txt: the second name of a hard-linked file; the first one was object 10
    (
        "P4A FkAE IGk C A A A N BAA I BrBfhT BrBfhR BrBfhR K A C",
        LStat(DEVICE, 0x164_004, 0o100644, 2, 0, 0, 0, 13, 4096, 8, READ, FIRST, FIRST, 10, 0, 2),
    ),
    # holes, in jobs with sparse files and with those and GZIP
    (
        "P4A FkAQ IGk B A A A w1D BAA I BrBfhg BrBfhR BrBfhW A A G",
        LStat(DEVICE, 0x164_010, 0o100644, 1, 0, 0, 0, 200_003, 4096, 8, FIRST + 15, FIRST, FIRST + 5, 0, 0, 6),
    ),
    # what a bpipe plugin delivers: no device, no links, unknown size
    (
        "A A IHA A A A A -B BAA B BrBfhq BrBfhq BrBfhq A A C",
        LStat(0, 0, 0o100700, 0, 0, 0, 0, -1, 4096, 1, FIRST + 25, FIRST + 25, FIRST + 25, 0, 0, 2),
    ),
    # a deleted file in an accurate Incremental
    (
        "A A A A A A A A A A A 7msoA BrBfhW A A C",
        LStat(mtime=1_000_000_000, ctime=FIRST + 5, data_stream=2),
    ),
]


@pytest.mark.parametrize(("text", "status"), REAL)
def test_records_of_real_daemons(text: str, status: LStat) -> None:
    assert LStat.parse(text) == status
    assert status.encode() == text


@pytest.mark.parametrize(("text", "status"), REAL)
def test_encoder_writes_what_real_daemons_wrote(text: str, status: LStat) -> None:
    times = (status.atime, status.mtime, status.ctime)
    st_result = os.stat_result(
        (
            *(status.mode, status.ino, status.dev, status.nlink, status.uid, status.gid, status.size),
            *times,
            *(time + 0.999_999_999 for time in times),
            *(time * SECOND + 999_999_999 for time in times),
            *(status.blksize, status.blocks, status.rdev),
        )
    )
    assert LStatEncoder().encode(st_result, status.link_file_index, status.data_stream) == text


def test_order_of_the_fields() -> None:
    # DIR-LST-1, SD-LSTAT-1
    assert LStat.parse("B C D E F G H I J K L M N O P Q") == LStat(
        dev=1,
        ino=2,
        mode=3,
        nlink=4,
        uid=5,
        gid=6,
        rdev=7,
        size=8,
        blksize=9,
        blocks=10,
        atime=11,
        mtime=12,
        ctime=13,
        link_file_index=14,
        flags=15,
        data_stream=16,
    )


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("A A A A A A A A A A A A B", (1, 0, 0, 0)),
        ("A A A A A A A A A A A A B C", (1, 2, 0, 0)),
        ("A A A A A A A A A A A A B C D", (1, 2, 3, 0)),
        ("A A A A A A A A A A A A B C D E", (1, 2, 3, 4)),
        ("A A A A A A A A A A A A B C D E BAA", (1, 2, 3, 4)),
        ("A A A A A A A A A A A A B C D E more, anything", (1, 2, 3, 4)),
    ],
)
def test_what_may_be_missing_and_what_is_too_much(text: str, last: tuple[int, ...]) -> None:
    assert LStat.parse(text)[12:] == last


@pytest.mark.parametrize("text", ["", "A", "A A A A A A A A A A A A"])
def test_too_few_fields(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match=f"at least 13 numbers, this has {len(text.split())}: {text!r}"):
        LStat.parse(text)


@pytest.mark.parametrize("field", ["_", "-", "AB=", "é", "B" * 13])
def test_field_that_is_no_number(field: str) -> None:
    with pytest.raises(RemoteProtocolError, match="bad LStat"):
        LStat.parse(f"A A A A A A A {field} A A A A A")


@given(st.text() | st.lists(st.text(st.sampled_from("AB/+-= _\xff"), max_size=5), max_size=18).map(" ".join))
def test_any_text_gives_an_lstat_or_a_protocol_error(text: str) -> None:
    try:
        parsed = LStat.parse(text)
    except RemoteProtocolError:
        return
    assert len(parsed) == 16


@given(st.tuples(*[st.integers(-(2**63), 2**64 - 1)] * 16))
def test_every_lstat_comes_back(fields: tuple[int, ...]) -> None:
    status = LStat(*fields)
    assert LStat.parse(status.encode()) == status


SECOND = 1_000_000_000
NANOSECONDS = [
    0,
    1,
    -1,
    SECOND - 1,
    -SECOND + 1,
    -SECOND,
    -300_000_000 * SECOND + 999_999_999,
    -300_000_000 * SECOND + 1,
    1_795_553_361 * SECOND + 999_999_999,
    1_795_553_361 * SECOND + 999_999_500,
    4_200_000_000 * SECOND + 999_999_999,
]


@pytest.mark.parametrize("nanoseconds", NANOSECONDS)
def test_times_of_real_files_are_whole_seconds(tmp_path: Path, nanoseconds: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"text\n")
    os.utime(path, ns=(nanoseconds, nanoseconds))
    st_result = os.lstat(path)
    assert st_result.st_mtime_ns == nanoseconds, "this file system does not keep nanoseconds"
    encoded = LStat.parse(LStatEncoder().encode(st_result, 0, 2))
    # Seconds as the kernel counts them: the next lower one, before 1970 too.
    assert encoded.mtime == encoded.atime == nanoseconds // SECOND
    assert encoded.ctime == st_result.st_ctime_ns // SECOND


def test_all_fields_of_real_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(70_000))
    (tmp_path / "file").chmod(0o4751)
    os.link(tmp_path / "file", tmp_path / "hard")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "directory").mkdir()
    encoder = LStatEncoder()
    for number, name in enumerate(["file", "hard", "link", "fifo", "directory", "../../../../../../dev/null"]):
        st_result = os.lstat(tmp_path / name)
        assert LStat.parse(encoder.encode(st_result, number, 30)) == LStat(
            st_result.st_dev,
            st_result.st_ino,
            st_result.st_mode,
            st_result.st_nlink,
            st_result.st_uid,
            st_result.st_gid,
            st_result.st_rdev,
            st_result.st_size,
            st_result.st_blksize,
            st_result.st_blocks,
            st_result.st_atime_ns // SECOND,
            st_result.st_mtime_ns // SECOND,
            st_result.st_ctime_ns // SECOND,
            number,
            0,
            30,
        )


def test_memory_of_the_encoder_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lstat._Memo, "_LIMIT", 8)
    memo = lstat._Memo()
    assert [memo[number] for number in (0, 1, 63, 64, -1, 0)] == ["A", "B", "/", "BA", "-B", "A"]
    for number in range(100):
        assert LStat.parse(f"{memo[number]} " * 13).dev == number
        assert len(memo) <= 8
