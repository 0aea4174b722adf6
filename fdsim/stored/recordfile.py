"""The file that keeps one job's records, in the order in which they came.

It starts with a line that names the format. Each record is a header of 16 bytes and the payload, a packet as the File
daemon sent it (SD-HDR-6). The header holds, big-endian, FileIndex, stream and length of the payload, then the CRC-32 of
those twelve bytes and the payload.

A record's payload is never empty, since an empty packet ends a stream (SD-HDR-7).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from io import BufferedWriter, FileIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, NamedTuple, Self
from zlib import crc32

from fdsim.stored.errors import ArchiveError
from fdsim.wire.linecomp import MAX_RESULT

FORMAT: Final = b"fdsim records 1\n"

_BUFFER: Final = 1 << 20
_FIELDS: Final = struct.Struct(">iiI")
_CRC: Final = struct.Struct(">I")
_HEADER: Final = _FIELDS.size + _CRC.size


class Record(NamedTuple):
    """One packet of one stream of one object."""

    file_index: int
    stream: int
    """The full number, flags included (SD-READ-14)."""
    payload: bytes


class RecordWriter:
    """Writes a new file of records."""

    def __init__(self, path: Path) -> None:
        """Create the file.

        Raises:
            OSError: it exists, or cannot be made.
        """
        self.records = 0
        self.bytes = 0
        """Payload so far (SD-ACCT-4)."""
        self._path = path
        # Closed by sync or discard.
        self._file = BufferedWriter(FileIO(path, "xb"), _BUFFER)
        self._file.write(FORMAT)

    def add(self, file_index: int, stream: int, payload: bytes) -> None:
        """Append a record.

        Raises:
            OSError: what has gathered could not be written.
        """
        fields = _FIELDS.pack(file_index, stream, len(payload))
        write = self._file.write
        write(fields + _CRC.pack(crc32(payload, crc32(fields))))
        write(payload)
        self.records += 1
        self.bytes += len(payload)

    def sync(self, *, durable: bool = True) -> int:
        """Bring all records to the disk, with ``durable`` past its caches, and close the file.

        Returns:
            The size of the file in bytes.

        Raises:
            OSError: the disk is full or broken.
        """
        self._file.flush()
        if durable:
            os.fsync(self._file.fileno())
        size = self._file.tell()
        self._file.close()
        return size

    def discard(self) -> None:
        """Close and remove the file; harmless after ``sync``."""
        # The buffer is not flushed: the disk may be full, and nobody wants the rest.
        self._file.raw.close()
        self._path.unlink(missing_ok=True)


class RecordReader:
    """Reads a file of records; a context manager and an iterable of ``Record``, once."""

    def __init__(self, path: Path, size: int) -> None:
        """Open the file.

        Args:
            path: the file.
            size: what it must be long, in bytes.

        Raises:
            ArchiveError: it is missing, of another length or no file of records.
        """
        self._path = path
        self._size = size
        try:
            self._file: BinaryIO = path.open("rb", buffering=_BUFFER)
        except OSError as error:
            raise ArchiveError(f"{path}: {error.strerror}") from error
        try:
            self._check_start()
        except BaseException:
            self._file.close()
            raise

    def _check_start(self) -> None:
        size = os.fstat(self._file.fileno()).st_size
        if size != self._size:
            what = "truncated" if size < self._size else "damaged"
            raise ArchiveError(f"{self._path} is {what}: it has {size} bytes, {self._size} are due")
        start = self._read(len(FORMAT))
        if start != FORMAT:
            raise ArchiveError(f"{self._path} is no file of records: it starts with {start!r}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Record]:
        number = 0
        offset = len(FORMAT)
        while header := self._read(_HEADER):
            number += 1
            if len(header) < _HEADER:
                raise self._damage(number, offset, f"only {len(header)} of its header's {_HEADER} bytes are there")
            file_index, stream, length = _FIELDS.unpack_from(header)
            if not 0 < length <= MAX_RESULT:
                raise self._damage(number, offset, f"its header states a length of {length}")
            payload = self._read(length)
            if len(payload) < length:
                raise self._damage(number, offset, f"only {len(payload)} of its {length} bytes are there")
            if crc32(payload, crc32(header[: _FIELDS.size])) != _CRC.unpack_from(header, _FIELDS.size)[0]:
                raise self._damage(number, offset, "its check sum is wrong")
            yield Record(file_index, stream, payload)
            offset += _HEADER + length
        if offset != self._size:
            raise ArchiveError(
                f"{self._path} was truncated while it was read: it ends at byte {offset} of {self._size}"
            )

    def _read(self, length: int) -> bytes:
        try:
            return self._file.read(length)
        except OSError as error:
            raise ArchiveError(f"{self._path}: {error.strerror}") from error

    def _damage(self, number: int, offset: int, what: str) -> ArchiveError:
        return ArchiveError(f"{self._path} is damaged at record {number}, byte {offset}: {what}")
