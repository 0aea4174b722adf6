"""Numbers of streams and of file types, as FD-SD.md lists them (SD-STREAM-1, SD-STREAM-3, DIR-LST-12)."""

from __future__ import annotations

import pytest

from fdsim.wire.streams import ATTRIBUTES, DIGESTS, STREAM_MASK, FileType, Stream, stream_name, type_name


def test_numbers_that_real_daemons_sent() -> None:
    # bacula-fd 9.6.7, 2026-11-24: backups with MD5, SHA1, SHA256, GZIP, LZO, sparse files and a plugin.
    assert [
        Stream.UNIX_ATTRIBUTES,
        Stream.FILE_DATA,
        Stream.MD5_DIGEST,
        Stream.GZIP_DATA,
        Stream.SPARSE_DATA,
        Stream.SPARSE_GZIP_DATA,
        Stream.SHA1_DIGEST,
        Stream.SHA256_DIGEST,
        Stream.PLUGIN_NAME,
        Stream.COMPRESSED_DATA,
    ] == [1, 2, 3, 4, 6, 7, 10, 17, 26, 29]


def test_numbers_of_the_documents() -> None:
    assert [
        Stream.UNIX_ATTRIBUTES_EX,
        Stream.SHA512_DIGEST,
        Stream.SIGNED_DIGEST,
        Stream.ENCRYPTED_FILE_DATA,
        Stream.ENCRYPTED_SESSION_DATA,
        Stream.ENCRYPTED_FILE_GZIP_DATA,
        Stream.RESTORE_OBJECT,
        Stream.SPARSE_COMPRESSED_DATA,
        Stream.ENCRYPTED_FILE_COMPRESSED_DATA,
        Stream.UNIX_ATTRIBUTE_UPDATE,
        Stream.FILEEVENT,
        Stream.XXHASH64_DIGEST,
        Stream.XXH3_64_DIGEST,
        Stream.XXH3_128_DIGEST,
        Stream.ACL_LINUX_DEFAULT,
        Stream.ACL_LINUX_ACCESS,
        Stream.XATTR_LINUX,
    ] == [5, 18, 19, 20, 22, 23, 28, 30, 32, 37, 38, 39, 40, 41, 1007, 1008, 1998]
    assert STREAM_MASK == 0x7FF


def test_numbers_are_in_the_mask_and_unique() -> None:
    assert all(0 < stream <= STREAM_MASK for stream in Stream)
    assert len(Stream.__members__) == len(list(Stream))


def test_groups() -> None:
    assert {1, 5, 37} == ATTRIBUTES
    assert {3, 10, 17, 18, 39, 40, 41} == DIGESTS


def test_types() -> None:
    assert [(kind.name, kind.value) for kind in FileType] == [
        ("LNKSAVED", 1),
        ("REGE", 2),
        ("REG", 3),
        ("LNK", 4),
        ("DIREND", 5),
        ("SPEC", 6),
        ("NOACCESS", 7),
        ("NOFOLLOW", 8),
        ("NOSTAT", 9),
        ("NOCHG", 10),
        ("DIRNOCHG", 11),
        ("ISARCH", 12),
        ("NORECURSE", 13),
        ("NOFSCHG", 14),
        ("NOOPEN", 15),
        ("RAW", 16),
        ("FIFO", 17),
        ("DIRBEGIN", 18),
        ("INVALIDFS", 19),
        ("INVALIDDT", 20),
        ("REPARSE", 21),
        ("PLUGIN", 22),
        ("DELETED", 23),
        ("BASE", 24),
        ("RESTORE_FIRST", 25),
        ("JUNCTION", 26),
        ("PLUGIN_CONFIG", 27),
        ("PLUGIN_CONFIG_FILLED", 28),
        ("PLUGIN_OBJECT", 29),
        ("SECURITY_OBJECT", 30),
    ]


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (3, "MD5_DIGEST"),
        (1998, "XATTR_LINUX"),
        (77, "stream 77"),
        (0, "stream 0"),
        (0x04000002, "FILE_DATA with flags 0x4000000"),
        (0x1000004D, "stream 77 with flags 0x10000000"),
    ],
)
def test_names_of_streams(number: int, name: str) -> None:
    assert stream_name(number) == name


@pytest.mark.parametrize(("number", "name"), [(5, "DIREND"), (24, "BASE"), (31, "type 31"), (-1, "type -1")])
def test_names_of_types(number: int, name: str) -> None:
    assert type_name(number) == name
