"""Saving objects: the records of each to the Storage daemon, its troubles to the Director (SD-ORD, DIR-BKP-9 to 14).

What is done here for each small file decides how fast a backup is: the path asks the system for nothing that is known,
and makes no objects but those that are sent.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from fdsim.content.digest import Digest
from fdsim.filed.session import Session
from fdsim.files.host import OPEN_FILE
from fdsim.files.walk import Entry
from fdsim.net.connection import Connection
from fdsim.net.signs import answer
from fdsim.wire.attributes import encode_attributes
from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.frames import MAX_RECEIVED, Packet, Signal
from fdsim.wire.jobs import MessageType
from fdsim.wire.lstat import LStatEncoder
from fdsim.wire.messages.shape import text_of
from fdsim.wire.streams import FileType, Stream

_MAX_ERRORS: Final = 1000
_BLOCK: Final = 65536
# What was a regular file a moment ago may be a link or a FIFO by now: the first is refused, the second read as empty.
_OPEN: Final = OPEN_FILE | os.O_NOFOLLOW | os.O_NONBLOCK


class _FirstName(NamedTuple):
    """What is kept of the first name that was saved of a file with several."""

    file_index: int
    path: bytes
    digest: bytes | None


class Saver:
    """Sends the records of each object to the Storage daemon and its troubles to the Director."""

    def __init__(self, session: Session, storage: Connection, listed: frozenset[bytes]) -> None:
        """Set up for one job; ``listed`` are all paths of the FileSet."""
        self._job = session.job
        self._report = session.report
        self._storage = storage
        self._host = session.settings.host
        self._listed = listed
        # 0 stands for the default, and no packet may be longer than a peer accepts.
        self._block_size = min(session.configuration.file_daemon.maximum_network_buffer_size or _BLOCK, MAX_RECEIVED)
        self._encode_status = LStatEncoder().encode
        self._digest: Digest | None = None
        self._hard_links = True
        self._first_names: dict[tuple[int, int], _FirstName] = {}
        self._stop = session.stop
        self._savers: Final[dict[FileType, Callable[[Entry], None]]] = {
            FileType.REG: self._save_regular,
            FileType.REGE: self._save_regular,
            FileType.LNK: self._save_symlink,
            FileType.DIREND: self._save_directory,
            FileType.SPEC: self._save_special,
            FileType.NOFSCHG: self._save_unentered,
            FileType.NORECURSE: self._save_unentered,
            FileType.NOSTAT: self._trouble,
            FileType.NOFOLLOW: self._trouble,
            FileType.NOOPEN: self._trouble,
        }

    def set_options(self, digest: Digest | None, *, hard_links: bool) -> None:
        """How to save the objects of the next Include."""
        self._digest = digest
        self._hard_links = hard_links

    def save(self, entry: Entry) -> None:
        """Save one object.

        Raises:
            RemoteProtocolError: the Storage daemon has broken off.
            NetworkError: it is gone.
        """
        job = self._job
        job.examined += 1
        job.current = entry.path
        self._savers[entry.type](entry)
        if self._storage.arrived:
            self._interrupted()
        if job.errors > _MAX_ERRORS:
            raise RemoteProtocolError(f"Too many errors. JobErrors={job.errors}.")

    # Objects

    def _save_regular(self, entry: Entry) -> None:
        st = entry.st
        if st.st_nlink > 1 and self._hard_links and self._save_known(entry):
            return
        self._send_attributes(entry.path, entry.type, st)
        raw = None
        algorithm = self._digest
        digest = algorithm.new() if algorithm else None
        if (st.st_size == 0 or self._send_data(entry.path, st.st_size, digest)) and algorithm and digest:
            raw = digest.digest()
            self._send_digest(algorithm, raw)
        if st.st_nlink > 1 and self._hard_links:
            self._first_names[st.st_dev, st.st_ino] = _FirstName(self._job.files, entry.path, raw)

    def _save_known(self, entry: Entry) -> bool:
        """Save a further name of a file as a link to its first one (SD-ORD-8, SD-ORD-9)."""
        first = self._first_names.get((entry.st.st_dev, entry.st.st_ino))
        if first is None:
            return False
        if first.path == entry.path:
            return True  # the FileSet names it twice
        self._send_attributes(entry.path, FileType.LNKSAVED, entry.st, first.path, first.file_index)
        if first.digest is not None and self._digest is not None:
            self._send_digest(self._digest, first.digest)
        return True

    def _save_symlink(self, entry: Entry) -> None:
        # A symbolic link with several names is saved as often as it has names (9.6 wire, section 5).
        self._send_attributes(entry.path, entry.type, entry.st, entry.link)

    def _save_directory(self, entry: Entry) -> None:
        self._send_attributes(entry.path, entry.type, entry.st)

    def _save_special(self, entry: Entry) -> None:
        st = entry.st
        if st.st_mode & 0o170000 == 0o140000:
            self._report(MessageType.SKIPPED, f"     Socket file skipped: {text_of(entry.path)}\n")
            return
        if st.st_nlink > 1 and self._hard_links:
            if self._save_known(entry):
                return
            self._first_names[st.st_dev, st.st_ino] = _FirstName(self._job.files + 1, entry.path, None)
        self._send_attributes(entry.path, entry.type, st)

    def _save_unentered(self, entry: Entry) -> None:
        """A directory that is saved without what it holds; it counts as a directory (DIR-LST-14)."""
        path = entry.path.rstrip(b"/")
        if entry.type is FileType.NORECURSE:
            self._report(
                MessageType.INFO,
                f"     Recursion turned off. Will not descend from {text_of(entry.top)} into {text_of(path)}\n",
            )
        elif path not in self._listed:
            self._report(
                MessageType.INFO,
                f"     {text_of(path)} is a different filesystem. "
                f"Will not descend from {text_of(entry.top)} into it.\n",
            )
        self._send_attributes(entry.path, FileType.DIREND, entry.st)

    def _trouble(self, entry: Entry) -> None:
        name = text_of(entry.path)
        reason = entry.error.strerror if entry.error else ""
        if entry.type is FileType.NOSTAT:
            self._report.not_saved(f'     Could not stat "{name}": ERR={reason}\n')
        elif entry.type is FileType.NOFOLLOW:
            self._report.not_saved(f'     Could not follow link "{name}": ERR={reason}\n')
        else:
            self._report.not_saved(f'     Could not open directory "{name}": ERR={reason}\n')

    # Records

    def _send_attributes(
        self, path: bytes, file_type: FileType, st: os.stat_result, link: bytes = b"", link_index: int = 0
    ) -> None:
        storage, job = self._storage, self._job
        job.files = index = job.files + 1
        storage.queue(b"%d 1 0" % index)
        storage.queue(
            encode_attributes(index, file_type, path, self._encode_status(st, link_index, Stream.FILE_DATA), link)
        )
        storage.queue_signal(Signal.EOD)

    def _send_data(self, path: bytes, size: int, digest: Any) -> bool:
        """Send a file's data in packets of the network buffer's size (SD-DATA-1); False if it can't be opened.

        A file that grows is read to its new end, one that shrinks ends early without a word (9.6 wire, section 14).
        """
        job, storage, host = self._job, self._storage, self._host
        try:
            file = host.open(path, _OPEN)
        except OSError as error:
            self._report.not_saved(f'     Cannot open "{text_of(path)}": ERR={error.strerror}.\n')
            return False
        read, block_size = host.read, self._block_size
        total = 0
        try:
            storage.queue(b"%d 2 %d" % (job.files, size))
            # A block that is not full and ends where the file does is the last: no call is spent on seeing the end.
            while block := read(file, block_size):
                count = len(block)
                total += count
                job.read_bytes += count
                job.job_bytes += count
                if digest is not None:
                    digest.update(block)
                storage.queue(block)
                if total == size and count < block_size:
                    break
                if storage.arrived or self._stop.is_set():
                    self._interrupted()
        except OSError as error:
            # Counts twice: as a message of the kind error, and by itself (DIR-BKP-12). The data end here (SD-ORD-17).
            self._report(MessageType.ERROR, f"Read error on file {text_of(path)}. ERR={error.strerror}\n")
            job.errors += 1
        finally:
            host.close(file)
        storage.queue_signal(Signal.EOD)
        return True

    def _send_digest(self, algorithm: Digest, raw: bytes) -> None:
        storage = self._storage
        storage.queue(b"%d %d 0" % (self._job.files, algorithm.stream))
        storage.queue(raw)
        storage.queue_signal(Signal.EOD)

    def _interrupted(self) -> None:
        """Deal with what the Storage daemon sends while it should listen, or with the end of the daemon."""
        if self._stop.is_set():
            raise RemoteProtocolError("The File daemon is shutting down")
        storage = self._storage
        words = []
        while storage.arrived:
            frame = storage.receive()
            if isinstance(frame, Packet):
                words.append(text_of(frame.payload).strip())
            elif not answer(storage, frame):
                words.append(f"signal {frame.name}")
        if words:
            raise RemoteProtocolError(f"Storage daemon broke off: {'; '.join(words)}")
