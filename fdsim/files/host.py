"""The port to the host's file system: every system call that touches a backed-up or restored file goes through here.

A ``Host`` is a record of functions. The real one holds the functions of ``os`` themselves, so a call costs no Python
frame; a test puts a wrapper in the place of a field and thereby counts calls or makes the n-th one fail, without
patching any module::

    host = REAL.wrapped(lambda name, call: counting(name, call))
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

OPEN_FILE = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY
OPEN_DIRECTORY = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY


@dataclass(frozen=True, slots=True)
class Host:
    """The system calls of one host; all raise OSError as ``os`` does."""

    # reading
    stat: Callable[..., os.stat_result] = os.stat
    lstat: Callable[..., os.stat_result] = os.lstat
    fstat: Callable[..., os.stat_result] = os.fstat
    scandir: Callable[..., Any] = os.scandir
    readlink: Callable[..., Any] = os.readlink
    open: Callable[..., int] = os.open
    read: Callable[..., bytes] = os.read
    close: Callable[..., None] = os.close
    lseek: Callable[..., int] = os.lseek
    listxattr: Callable[..., list[str]] = os.listxattr
    getxattr: Callable[..., bytes] = os.getxattr
    # writing
    write: Callable[..., int] = os.write
    mkdir: Callable[..., None] = os.mkdir
    link: Callable[..., None] = os.link
    symlink: Callable[..., None] = os.symlink
    mkfifo: Callable[..., None] = os.mkfifo
    mknod: Callable[..., None] = os.mknod
    unlink: Callable[..., None] = os.unlink
    rmdir: Callable[..., None] = os.rmdir
    chown: Callable[..., None] = os.chown
    fchown: Callable[..., None] = os.fchown
    chmod: Callable[..., None] = os.chmod
    fchmod: Callable[..., None] = os.fchmod
    utime: Callable[..., None] = os.utime

    def wrapped(self, wrap: Callable[[str, Callable[..., Any]], Callable[..., Any]]) -> Host:
        """Another host in which ``wrap(name, call)`` stands in the place of each call."""
        return Host(**{f.name: wrap(f.name, getattr(self, f.name)) for f in fields(self)})


REAL = Host()
