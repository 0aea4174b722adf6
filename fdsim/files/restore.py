"""Bringing saved objects back to disk (FD-SD.md section 6).

An attributes record opens an object: directories, links and special files are complete with it, a regular file waits
for its data and gets owner, mode and times when it is finished (SD-RST-1, SD-RST-2, SD-RST-4). Since a directory's
record follows what it holds, its times survive.

The usual case costs no question to the file system: a file is created at once, and only when that fails is it found out
whether the parent is missing or something is in the way.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import Final

from fdsim.files.host import Host
from fdsim.files.listing import listing_line
from fdsim.wire.attributes import Attributes
from fdsim.wire.jobs import MessageType, Replace
from fdsim.wire.lstat import LStat
from fdsim.wire.messages.shape import text_of
from fdsim.wire.streams import FileType

_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_ATTEMPTS: Final = 3
_MAX_MODE: Final = 0xFFFF
_MAX_DEVICE: Final = (1 << 63) - 1

Report = Callable[[MessageType, str], None]
"""Takes the messages of a restore for the job's log; a text ends with a newline."""


class Restorer:
    """Restores the objects of one job, one after the other."""

    def __init__(
        self,
        host: Host,
        report: Report,
        *,
        where: bytes = b"",
        replace: Replace = Replace.ALWAYS,
        prefix_links: bool = False,
        list_restored: bool = False,
    ) -> None:
        """Set up where objects go.

        Args:
            host: the system calls.
            report: takes messages.
            where: a prefix for all names; empty or ``/`` is the original place (SD-RST-20).
            replace: what to do with files that exist.
            prefix_links: whether absolute targets of symbolic links get the prefix too (SD-RST-21).
            list_restored: whether a line for each object is reported (DIR-RST-24).
        """
        self._host = host
        self._report = report
        self._where = b"" if where == b"/" else where
        self._replace = replace
        self._prefix_links = prefix_links
        self._list = list_restored
        self._made: set[bytes] = set()
        self._file: int | None = None
        self._path = b""
        self._record = Attributes(0, 0, b"", "")
        self._status = LStat()
        self._written = 0
        self._block = 0
        # Failures to set owner and the like are expected of a daemon that is not root (SD-REPL-12).
        self._root = os.geteuid() == 0
        self._makers: Final[dict[int, Callable[[bytes], None]]] = {
            FileType.REG: self._make_file,
            FileType.REGE: self._make_file,
            FileType.LNK: self._make_symlink,
            FileType.LNKSAVED: self._make_link,
            FileType.SPEC: self._make_special,
        }

    @property
    def extracting(self) -> bool:
        """Whether data of the current object are wanted."""
        return self._file is not None

    def begin(self, record: Attributes, status: LStat) -> None:
        """Finish the object before and create the next one; ``status`` is the record's decoded LStat."""
        self.finish()
        self._record = record
        self._status = status
        path = self._admit(record, status)
        if path is None or (self._replace is not Replace.ALWAYS and self._skipped(path)):
            return
        self._path = path
        if record.type == FileType.DIREND:
            self._make_directory(path)
        elif not self._attempt(self._makers[record.type], path):
            return
        if self._list:
            self._report(MessageType.RESTORED, listing_line(status, text_of(path), text_of(record.link)))

    def _admit(self, record: Attributes, status: LStat) -> bytes | None:
        """Where the object goes; None if it can't be restored, or must not be, which is reported."""
        name = text_of(record.name)
        path = self._output_name(record.name)
        if record.type not in self._makers and record.type != FileType.DIREND:
            self._refuse(record)
        elif not (0 <= status.mode <= _MAX_MODE and 0 <= status.rdev <= _MAX_DEVICE):
            self._error(f"Attributes of {name} are damaged: mode {status.mode}, device {status.rdev}")
        elif path is None:
            self._error(f"Refused to restore {name}: a component .. of its name could lead out of the target")
        elif record.type == FileType.LNKSAVED and not self._has_first_name(record.link, path):
            first = text_of(record.link)
            self._error(f"Refused to link {text_of(path)} to {first}: that is no other name in the target")
        elif record.type != FileType.DIREND and path.endswith(b"/"):
            self._error(f"Zero length filename: {text_of(path)}")
        else:
            return path
        return None

    def write(self, data: bytes) -> int:
        """Write data of the current object at its current position.

        Returns:
            How many bytes were written: all of them, or 0 if that failed. The failure is reported, what was written
            stays as it is and the rest of the object is dropped (SD-RST-11).
        """
        if self._file is None:
            return 0
        size = len(data)
        wrote = 0
        self._block += 1
        try:
            while wrote < size:
                wrote += self._host.write(self._file, memoryview(data)[wrote:] if wrote else data)
        except OSError as error:
            byte = self._written + wrote
            if wrote:
                # The real FD says neither which file it was nor why (9.6.7).
                what = f"restore.c:1386 Wrong write size error at byte={byte}"
                detail = f"wanted={size} wrote={wrote}"
            else:
                what = f"restore.c:1390 Write error at byte={byte}"
                detail = f"write_len={size} lerror=0"
            place = f"block={self._block} {detail} on {text_of(self._path)}"
            self._error(f"{what} {place}: ERR={error.strerror}")
            self._drop()
            return 0
        self._written += size
        return size

    def finish(self) -> None:
        """Give the current object its owner, mode and times, if it is a file that was extracted."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            self._set_attributes(file)
        finally:
            self._close(file)
        expected = self._status.size
        if not self._written and expected > 0:
            # A file that could not be read when it was saved, or lost data: the real FD says nothing of either.
            self._report(
                MessageType.WARNING, f"No data for {text_of(self._path)} of {expected} bytes: it was restored empty.\n"
            )
        if self._written and expected > 0 and expected != self._written and self._record.type == FileType.REG:
            self._error(
                f"attribs.c:614 File size of restored file {text_of(self._path)} not correct. "
                f"Original {expected}, restored {self._written}."
            )

    def abandon(self) -> None:
        """Close what is open, as it is."""
        if self._file is not None:
            self._drop()

    # Names

    def _output_name(self, name: bytes) -> bytes | None:
        """Where an object goes, None if its name could lead out of there.

        The real FD restores ``/a/../../x`` wherever that leads; this is refused here (SD-RST-23).
        """
        if b".." in name and b".." in name.split(b"/"):
            return None
        if not self._where:
            return name
        slash = b"" if self._where.endswith(b"/") or name.startswith(b"/") else b"/"
        return self._where + slash + name

    def _has_first_name(self, link: bytes, path: bytes) -> bool:
        """Whether a hard link's first name lies where restored names lie, and is another one than ``path``."""
        return link.startswith(b"/") and self._output_name(link) not in {None, path}

    def _refuse(self, record: Attributes) -> None:
        name = text_of(record.name)
        if record.type == FileType.DELETED:
            self._report(MessageType.INFO, f"Original file {name} have been deleted: type={record.type}\n")
        elif record.type in FileType._value2member_map_:
            self._error(f"Original file {name} not saved: type={record.type}")
        else:
            self._error(f"Unknown file type {record.type}; not restored: {name}")

    def _skipped(self, path: bytes) -> bool:
        """Whether the object stays as it is on disk (SD-REPL-2)."""
        try:
            existing = self._host.lstat(path)
        except FileNotFoundError:
            return False
        except OSError:
            return False  # creating it fails for the same reason, and says so
        if path.rstrip(b"/") in self._made and self._replace in {Replace.NEVER, Replace.IF_NEWER}:
            return False
        mtime = int(existing[stat.ST_MTIME])
        if self._replace is Replace.IF_NEWER and self._status.mtime <= mtime:
            reason = "Not newer"
        elif self._replace is Replace.IF_OLDER and self._status.mtime >= mtime:
            reason = "Not older"
        elif self._replace is Replace.NEVER:
            reason = "Already exists"
        else:
            return False
        self._report(MessageType.SKIPPED, f"File skipped. {reason}: {text_of(path)}\n")
        return True

    # Creating

    def _attempt(self, make: Callable[[bytes], None], path: bytes) -> bool:
        """Create something that is no directory; make parents and room for it where that is needed."""
        parents_made = False
        for _ in range(_ATTEMPTS):
            try:
                make(path)
            except FileExistsError:
                try:
                    self._host.unlink(path)
                except OSError as error:
                    self._error(f"File {text_of(path)} already exists and could not be replaced. ERR={error.strerror}.")
                    return False
            except (FileNotFoundError, NotADirectoryError) as error:
                if parents_made:
                    self._cannot_create(path, error)
                    return False
                if not self._make_parents(path):
                    return False
                parents_made = True
            except OSError as error:
                self._cannot_create(path, error)
                return False
            else:
                return True
        self._error(f"Could not create {text_of(path)}: another program keeps creating it")
        return False

    def _cannot_create(self, path: bytes, error: OSError) -> None:
        kind = self._record.type
        target = text_of(self._record.link)
        if kind == FileType.LNKSAVED:
            target = text_of(self._output_name(self._record.link) or self._record.link)
            self._error(f"create_file.c:333 Could not hard link {text_of(path)} -> {target}: ERR={error.strerror}")
        elif kind == FileType.LNK:
            self._error(f"create_file.c:306 Could not symlink {text_of(path)} -> {target}: ERR={error.strerror}")
        elif kind == FileType.SPEC:
            what = "create_file.c:242 Cannot make fifo" if stat.S_ISFIFO(self._status.mode) else "Cannot make node"
            self._error(f"{what} {text_of(path)}: ERR={error.strerror}")
        else:
            self._error(f"create_file.c:227 Could not create {text_of(path)}: ERR={error.strerror}")

    def _make_file(self, path: bytes) -> None:
        self._file = self._host.open(path, _CREATE, 0o600)
        self._written = self._block = 0

    def _make_symlink(self, path: bytes) -> None:
        target = self._record.link
        if self._prefix_links and target.startswith(b"/"):
            target = self._output_name(target) or target
        self._host.symlink(target, path)
        self._set_attributes(path, is_link=True)

    def _make_link(self, path: bytes) -> None:
        # ``begin`` has made sure that the first name has a place.
        target = self._output_name(self._record.link) or b""
        self._host.link(target, path, follow_symlinks=False)
        # The first name may be a symbolic link by now: nothing is set through it.
        self._set_attributes(path, is_link=stat.S_ISLNK(self._host.lstat(path).st_mode))

    def _make_special(self, path: bytes) -> None:
        status = self._status
        if stat.S_ISFIFO(status.mode):
            self._host.mkfifo(path, 0o600)
        elif stat.S_ISSOCK(status.mode):
            return  # sockets are made by programs (SD-REPL-10)
        else:
            self._host.mknod(path, stat.S_IFMT(status.mode) | 0o600, status.rdev)
        self._set_attributes(path)

    def _make_directory(self, path: bytes) -> None:
        """Create a directory, or take one that is there; either way it gets its attributes (SD-REPL-7)."""
        bare = path.rstrip(b"/") or b"/"
        if self._mkdir(bare, 0o777):
            self._set_attributes(bare)

    def _mkdir(self, path: bytes, mode: int) -> bool:
        try:
            self._host.mkdir(path, mode)
        except FileExistsError:
            return self._is_directory(path)
        except FileNotFoundError:
            return self._make_parents(path) and self._mkdir(path, mode)
        except OSError as error:
            self._error(f"mkpath.c:140 Cannot create directory {text_of(path)}: ERR={error.strerror}")
            return False
        if self._replace is not Replace.ALWAYS:
            self._made.add(path)
        return True

    def _is_directory(self, path: bytes) -> bool:
        """Whether what stands at ``path`` can serve as a directory; a link to one can (SD-RST-24)."""
        try:
            if stat.S_ISDIR(self._host.stat(path).st_mode):
                return True
        except OSError:
            pass  # a dangling link, which is reported as what it is: no directory
        self._error(f"mkpath.c:144 {text_of(path)} exists but is not a directory.")
        return False

    def _make_parents(self, path: bytes) -> bool:
        """Create the directories above ``path`` that are missing (SD-REPL-6).

        The nearest gets the object's owner and its mode plus write and search permission for the owner; those above
        get what the process gives to any new directory. Records of these directories that come later correct them.
        """
        missing: list[bytes] = []
        parent = os.path.dirname(path.rstrip(b"/"))
        nearest = parent
        while parent not in {b"", b"/"}:
            try:
                st = self._host.stat(parent)
            except FileNotFoundError:
                missing.append(parent)
                parent = os.path.dirname(parent)
            except OSError as error:
                if error.errno != errno.ENOTDIR:
                    self._error(f"mkpath.c:140 Cannot create directory {text_of(parent)}: ERR={error.strerror}")
                    return False
                parent = os.path.dirname(parent)
            else:
                if not stat.S_ISDIR(st.st_mode):
                    self._error(f"mkpath.c:198 {text_of(parent)} exists but is not a directory.")
                    return False
                break
        for directory in reversed(missing):
            if not self._mkdir(directory, 0o777):
                return False
            if directory == nearest:
                self._own(directory)
                self._try("modes", directory, self._host.chmod, stat.S_IMODE(self._status.mode) | 0o300)
        return True

    # Attributes

    def _set_attributes(self, target: int | bytes, *, is_link: bool = False) -> None:
        """Owner, then mode, then times: a change of owner clears set-uid, anything changes the times (SD-REPL-12)."""
        host, status = self._host, self._status
        times = (status.atime, status.mtime)
        if isinstance(target, int):
            try:
                host.fchown(target, status.uid, status.gid)
                host.fchmod(target, status.mode & 0o7777)
                host.utime(target, times)
            except (OSError, OverflowError):
                # Once more one by one, so that one refusal does not keep the others from being tried.
                self._try("owner", target, host.fchown, status.uid, status.gid)
                self._try("modes", target, host.fchmod, status.mode & 0o7777)
                self._try("times", target, host.utime, times)
            return
        self._own(target)
        if is_link:
            self._try("times", target, lambda path, when: host.utime(path, when, follow_symlinks=False), times)
            return
        self._try("modes", target, host.chmod, stat.S_IMODE(status.mode))
        self._try("times", target, host.utime, times)

    def _own(self, path: bytes) -> None:
        host = self._host
        self._try(
            "owner",
            path,
            lambda name, uid, gid: host.chown(name, uid, gid, follow_symlinks=False),
            self._status.uid,
            self._status.gid,
        )

    def _try(self, what: str, target: int | bytes, call: Callable[..., None], *arguments: object) -> None:
        try:
            call(target, *arguments)
        except (OSError, OverflowError) as error:
            if self._root:
                reason = error.strerror if isinstance(error, OSError) else str(error)
                self._error(f"Unable to set file {what} {text_of(self._path)}: ERR={reason}")

    def _drop(self) -> None:
        """Close the current file as it is and take no more data for it."""
        file, self._file = self._file, None
        if file is not None:
            self._close(file)

    def _close(self, file: int) -> None:
        try:
            self._host.close(file)
        except OSError as error:  # some file systems tell only now that the data found no room
            self._error(f"Error closing {text_of(self._path)}: ERR={error.strerror}")

    def _error(self, text: str) -> None:
        self._report(MessageType.ERROR, text + "\n")
