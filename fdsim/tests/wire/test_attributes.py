"""Attributes records, in bytes of real daemons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.wire.attributes import Attributes, encode_attributes, regular_type
from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.lstat import LStat
from fdsim.wire.streams import FileType

LSTAT = "P4A FkAE IGk C A A A N BAA I BrBfhT BrBfhR BrBfhR K A C"

# From bacula-fd 9.6.7 (2026-11-24): a full backup of /srv/fdsim-lab/tree, then an accurate Incremental, a Full with a
# base job, and one with the bpipe plugin.
REAL = [
    (
        b"1 3 /srv/fdsim-lab/tree/late\0P4A FkAN IGk B A A A F BAA I D6VuoA D6VuoA BrBfhR A A C\0\0\x000\0",
        Attributes(1, 3, b"/srv/fdsim-lab/tree/late", "P4A FkAN IGk B A A A F BAA I D6VuoA D6VuoA BrBfhR A A C"),
    ),
    (
        b"7 2 /srv/fdsim-lab/tree/empty\0P4A FkAF IGk B A A A A BAA A BrBfhR BrBfhR BrBfhR A A C\0\0\x000\0",
        Attributes(7, 2, b"/srv/fdsim-lab/tree/empty", "P4A FkAF IGk B A A A A BAA A BrBfhR BrBfhR BrBfhR A A C"),
    ),
    (
        b"8 4 /srv/fdsim-lab/tree/link\0P4A FkAK KH/ B A A A F BAA A BrBfhR BrBfhR BrBfhR A A C\0a.txt\0\x000\0",
        Attributes(
            8, 4, b"/srv/fdsim-lab/tree/link", "P4A FkAK KH/ B A A A F BAA A BrBfhR BrBfhR BrBfhR A A C", b"a.txt"
        ),
    ),
    (
        (
            b"15 1 /srv/fdsim-lab/tree/a.txt\0P4A FkAE IGk C A A A N BAA I BrBfhT BrBfhR BrBfhR K A C"
            b"\0/srv/fdsim-lab/tree/sub/hard\0\x000\0"
        ),
        Attributes(15, 1, b"/srv/fdsim-lab/tree/a.txt", LSTAT, b"/srv/fdsim-lab/tree/sub/hard"),
    ),
    (
        b"9 3 /srv/fdsim-lab/tree/sub/raw-\xff\xfe\0P4A FkAJ IHt B A A A E BAA I BrBfhR BrBfhR BrBfhR A A C\0\0\x000\0",
        Attributes(
            9,
            3,
            b"/srv/fdsim-lab/tree/sub/raw-\xff\xfe",
            "P4A FkAJ IHt B A A A E BAA I BrBfhR BrBfhR BrBfhR A A C",
        ),
    ),
    (
        (
            b"11 3 /srv/fdsim-lab/tree/sub/caf\xc3\xa9 ol\xc3\xa9"
            b"\0P4A FkAI IGk B A A A Bk BAA I BrBfhR BrBfhR BrBfhR A A C"
            b"\0\0\x000\0"
        ),
        Attributes(
            11,
            3,
            "/srv/fdsim-lab/tree/sub/café olé".encode(),
            "P4A FkAI IGk B A A A Bk BAA I BrBfhR BrBfhR BrBfhR A A C",
        ),
    ),
    (
        b"16 5 /srv/fdsim-lab/tree/\0P4A FkAC EHt D A A A BAA BAA I BrBfhR BrBfhR BrBfhR A A C\0\0\x000\0",
        Attributes(16, 5, b"/srv/fdsim-lab/tree/", "P4A FkAC EHt D A A A BAA BAA I BrBfhR BrBfhR BrBfhR A A C"),
    ),
    (
        b"15 23 /srv/fdsim-lab/tree/nines\0A A A A A A A A A A A 7msoA BrBfhW A A C\0\0\x000\0",
        Attributes(15, 23, b"/srv/fdsim-lab/tree/nines", "A A A A A A A A A A A 7msoA BrBfhW A A C"),
    ),
    (
        b"1 24 /srv/fdsim-lab/tree/late\0P4A FkAN IGk B A A A F BAA I BrBfiM D6VuoA BrBfiP A A C\0\0\x000\0",
        Attributes(1, 24, b"/srv/fdsim-lab/tree/late", "P4A FkAN IGk B A A A F BAA I BrBfiM D6VuoA BrBfiP A A C"),
    ),
    (
        b"2 3 /fdsim/pipe\0A A IHA A A A A -B BAA B BrBfhq BrBfhq BrBfhq A A C\0\0\x000\0",
        Attributes(2, 3, b"/fdsim/pipe", "A A IHA A A A A -B BAA B BrBfhq BrBfhq BrBfhq A A C"),
    ),
]


@pytest.mark.parametrize(("payload", "attributes"), REAL)
def test_records_of_real_daemons(payload: bytes, attributes: Attributes) -> None:
    assert Attributes.parse(payload) == attributes
    assert attributes.encode() == payload
    assert encode_attributes(*attributes) == payload
    assert attributes.status == LStat.parse(attributes.lstat)


def test_all_five_fields_and_the_delta_sequence() -> None:
    payload = b"7 3 a b\0" + LSTAT.encode() + b"\0link\0extended\x0042\0"
    attributes = Attributes(7, 3, b"a b", LSTAT, b"link", b"extended", 42)
    assert Attributes.parse(payload) == attributes
    assert attributes.encode() == payload
    assert encode_attributes(7, 3, b"a b", LSTAT, b"link", b"extended", 42) == payload


@pytest.mark.parametrize("end", [b"", b"0", b"\0", b"\0\0", b"\0" + b"0", b"\0x\0"])
def test_what_old_daemons_left_out(end: bytes) -> None:
    parsed = Attributes.parse(b"1 3 /a\0" + LSTAT.encode() + b"\0" + end)
    assert (parsed.file_index, parsed.name, parsed.lstat, parsed.delta_sequence) == (1, b"/a", LSTAT, 0)


def test_delta_sequence_that_is_no_number() -> None:
    for delta in (b"x", b"-1", b"9" * 21, b"9" * 10_000):
        assert Attributes.parse(b"1 3 /a\0" + LSTAT.encode() + b"\0\0\0" + delta + b"\0").delta_sequence == 0


def test_high_bits_of_the_type_are_flags() -> None:
    assert Attributes.parse(b"1 65539 /a\0A\0\0\0\0").type == FileType.REG  # SD-ATTR-7


def test_name_with_blanks_in_front() -> None:
    assert Attributes.parse(b"1 3   /a \0A\0\0\x000\0").name == b"  /a "


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\0\0\0\0\0",
        b"1",
        b"1 3",
        b"x 3 /a\0A\0\0\x000\0",
        b"1 x /a\0A\0\0\x000\0",
        b"-1 3 /a\0A\0\0\x000\0",
        b" 1 3 /a\0A\0\0\x000\0",
        b"9" * 21 + b" 3 /a\0A\0\0\x000\0",
        b"9" * 5000 + b" 3 /a\0A\0\0\x000\0",
    ],
)
def test_what_does_not_begin_as_a_record(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="starts with two numbers and a name, this with b'"):
        Attributes.parse(payload)


@pytest.mark.parametrize("payload", [b"1 3 /a", b"1 3 /a\0A A A"])
def test_record_that_ends_early(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="record of b'/a' ends before its LStat or link"):
        Attributes.parse(payload)


def test_damaged_status() -> None:
    parsed = Attributes.parse(b"1 3 /a\0A A \xff\0\0\x000\0")
    assert parsed.lstat == "A A \xff"
    assert parsed.encode() == b"1 3 /a\0A A \xff\0\0\x000\0"
    with pytest.raises(RemoteProtocolError, match="at least 13 numbers, this has 3"):
        _ = parsed.status


FIELDS = st.binary().map(lambda data: data.replace(b"\0", b"0"))
NUMBERS = st.integers(0, 2**63 - 1)


@given(
    st.builds(
        Attributes,
        NUMBERS,
        st.integers(0, 0xFFFF),
        FIELDS,
        FIELDS.map(lambda data: data.decode("latin-1")),
        FIELDS,
        FIELDS,
        NUMBERS,
    )
)
def test_every_record_comes_back(attributes: Attributes) -> None:
    assert Attributes.parse(attributes.encode()) == attributes


ALMOST = st.lists(st.sampled_from([b"1", b" ", b"\0", b"3", b"/a", LSTAT.encode(), b"-", b"\xff", b"="])).map(b"".join)


@given(st.binary() | ALMOST)
def test_any_bytes_give_a_record_or_a_protocol_error(payload: bytes) -> None:
    try:
        _ = Attributes.parse(payload).status
    except RemoteProtocolError:
        return


@pytest.mark.parametrize(
    ("size", "mode", "kind"),
    [
        # bacula-fd 9.6.7, 2026-11-24: the files empty (0644), secret (0400) and late (5 bytes).
        (0, 0o100644, FileType.REGE),
        (0, 0o100400, FileType.REG),
        (5, 0o100644, FileType.REG),
        # SD-ATTR-6
        (0, 0o100444, FileType.REGE),
        (0, 0o100440, FileType.REG),
        (0, 0o100404, FileType.REG),
        (0, 0o100044, FileType.REG),
    ],
)
def test_type_of_a_regular_file(size: int, mode: int, kind: FileType) -> None:
    assert regular_type(size, mode) is kind
