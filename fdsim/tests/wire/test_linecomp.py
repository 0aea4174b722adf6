"""Line compression against blocks of real daemons, and against bombs."""

from __future__ import annotations

import contextlib
import tracemalloc

import lz4.block
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.linecomp import compress, decompress

# Packets of bacula-fd 9.6.7 in a backup of /srv/fdsim-lab/tree with default settings (2026-11-24): the blocks as they
# were on the wire, and what they say. A run without compression had the same texts (but for inodes and times).
BLOCKS = [
    (
        (
            "fb34322033202f7372762f666473696d2d6c61622f747265652f746578740050344120466b41482049476b204220506f205070204120"
            "6267204241412049204272426668520700a041204120430000003000"
        ),
        b"2 3 /srv/fdsim-lab/tree/text\0P4A FkAH IGk B Po Pp A bg BAA I BrBfhR BrBfhR BrBfhR A A C\0\0\x000\0",
    ),
    (
        (
            "f124392033202f7372762f666473696d2d6c61622f747265652f7375622f7261772dfffe0050344120466b414a204948742042204102"
            "00eb45204241412049204272426668520700a041204120430000003000"
        ),
        b"9 3 /srv/fdsim-lab/tree/sub/raw-\xff\xfe\0P4A FkAJ IHt B A A A E BAA I BrBfhR BrBfhR BrBfhR A A C\0\0\x000\0",
    ),
    (
        (
            "f12031352031202f7372762f666473696d2d6c61622f747265652f612e7478740050344120466b41452049476b204320410200e24e20"
            "4241412049204272426668540700145207006f4b2041204300520001c07375622f6861726400003000"
        ),
        (
            b"15 1 /srv/fdsim-lab/tree/a.txt\0P4A FkAE IGk C A A A N BAA I BrBfhT BrBfhR BrBfhR K A C"
            b"\0/srv/fdsim-lab/tree/sub/hard\0\x000\0"
        ),
    ),
    (
        (
            "f0093238303020456e64204a6f62205465726d436f64653d38341000f10946696c65733d3136205265616442797465733d3230313839"
            "1d00091000d04572726f72733d30205653533d5000c463727970743d3020436f6d6d2a0040333936351100567072657373190050323833"
            "300a"
        ),
        (
            b"2800 End Job TermCode=84 JobFiles=16 ReadBytes=201894 JobBytes=201894 Errors=0 VSS=0 Encrypt=0 "
            b"CommBytes=203965 CompressCommBytes=2830\n"
        ),
    ),
    (
        (
            "ff1d416c6c20776f726b20616e64206e6f20706c6179206d616b6573204a61636b20612064756c6c20626f792e0a2c00ffffffffffff"
            "a250626f792e0a"
        ),
        b"All work and no play makes Jack a dull boy.\n" * 40,
    ),
    ("1f7801004b507878787878", b"x" * 100),
]

# Packets of that backup that were sent plain: too short, or they would not save ten bytes.
PLAIN = [
    b"2000 OK Job 9.6.7 (10Dec20) x86_64-pc-linux-gnu,debian,bookworm/sid",
    b"Jmsg JobId=22 type=6 level=1795553433 lab-fd JobId 22: ClientBeforeJob: run a b\n",
    b"5 3 /srv/fdsim-lab/tree/minus\0P4A FkAP IGk B A A A C BAA I -B -B BrBfhR A A C\0\0\x000\0",
    b"1 3 /srv/fdsim-lab/tree/late\0P4A FkAN IGk B A A A F BAA I D6VuoA D6VuoA BrBfhR A A C\0\0\x000\0",
    b"append open session\n",
    b"",
]


@pytest.mark.parametrize(("block", "content"), BLOCKS)
def test_blocks_of_real_daemons(block: str, content: bytes) -> None:
    assert decompress(bytes.fromhex(block)) == content
    ours = compress(content)
    assert ours is not None
    assert decompress(ours) == content


@pytest.mark.parametrize("payload", PLAIN)
def test_packets_that_real_daemons_sent_plain(payload: bytes) -> None:
    assert compress(payload) is None


def test_shorter_packets_than_21_bytes_stay_plain() -> None:
    assert len(lz4.block.compress(b"x" * 20, store_size=False)) == 10
    assert compress(b"x" * 20) is None
    assert compress(b"x" * 21) is not None


def test_ten_bytes_must_be_saved() -> None:
    # The sizes of the blocks are those of LZ4: 11 bytes each.
    ten = b"!" + b"x" * 20
    assert len(lz4.block.compress(ten, store_size=False)) == len(ten) - 10
    assert compress(ten) is not None
    nine = b'!"' + b"x" * 19
    assert len(lz4.block.compress(nine, store_size=False)) == len(nine) - 9
    assert compress(nine) is None


def test_longest_packet() -> None:
    content = bytes(4_000_000)
    block = compress(content)
    assert block is not None
    assert decompress(block) == content
    assert compress(bytes(4_000_001)) is None


@pytest.mark.parametrize("size", [1023, 1024, 1025, 8191, 8193, 65536, 3_999_999])
def test_sizes_around_the_guesses(size: int) -> None:
    block = compress(bytes(size))
    assert block is not None
    assert decompress(block) == bytes(size)


def test_bomb_is_bounded() -> None:
    bomb = lz4.block.compress(bytes(100_000_000), store_size=False)
    assert len(bomb) < 400_000
    tracemalloc.start()
    try:
        with pytest.raises(RemoteProtocolError, match=f"damaged LZ4 block of {len(bomb)} bytes"):
            decompress(bomb)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "block", [b"", b"\xff", b"\x10", b"\x1f7801004b5078787878", bytes.fromhex("1f78ffff4b507878787878")]
)
def test_damaged_blocks(block: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="damaged LZ4 block"):
        decompress(block)


@given(st.binary(max_size=300))
def test_any_block_gives_bounded_content_or_a_protocol_error(block: bytes) -> None:
    with contextlib.suppress(RemoteProtocolError):
        assert len(decompress(block)) <= 4_000_000


@given(st.builds(lambda piece, count: piece * count, st.binary(max_size=40), st.integers(0, 200)))
def test_every_content_comes_back(content: bytes) -> None:
    block = compress(content)
    if block is None:
        assert len(content) <= 20 or len(lz4.block.compress(content, store_size=False)) > len(content) - 10
    else:
        assert decompress(block) == content
