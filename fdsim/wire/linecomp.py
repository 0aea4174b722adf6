"""Line compression: the payload of a packet as one raw LZ4 block, without frame header or size (DIR-BNET-11).

A sender compresses a packet only if it is longer than 20 bytes and becomes at least 10 bytes shorter (DIR-BNET-12);
a receiver has to guess the size of the result.
"""

from __future__ import annotations

import lz4.block

from fdsim.wire.errors import RemoteProtocolError

MIN_LENGTH = 20
"""Packets up to this length are never compressed."""
MIN_SAVING = 10
"""A block must be this many bytes shorter than its content."""
MAX_RESULT = 4_000_000
"""No packet is longer than this (DIR-BNET-11, DIR-BNET-17)."""

_compress = lz4.block.compress
_decompress = lz4.block.decompress
_Error = lz4.block.LZ4BlockError


def compress(payload: bytes) -> bytes | None:
    """The LZ4 block of ``payload``, or None where it has to travel plain."""
    if not MIN_LENGTH < len(payload) <= MAX_RESULT:
        return None
    block: bytes = _compress(payload, store_size=False)
    return block if len(block) <= len(payload) - MIN_SAVING else None


def decompress(block: bytes) -> bytes:
    """The content of an LZ4 block.

    Raises:
        RemoteProtocolError: the block is damaged or its content is longer than any packet (DIR-BNET-20).
    """
    guess = max(8 * len(block), 1024)
    while guess < MAX_RESULT:
        try:
            result: bytes = _decompress(block, uncompressed_size=guess)
        except _Error:
            # Too small a guess and a damaged block look alike; only the last attempt can tell.
            guess *= 8
        else:
            return result
    try:
        last: bytes = _decompress(block, uncompressed_size=MAX_RESULT)
    except _Error as error:
        raise RemoteProtocolError(f"damaged LZ4 block of {len(block)} bytes: {error}") from error
    return last
