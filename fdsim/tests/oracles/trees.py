"""Trees of files that only careful software backs up whole; tests compare what it recorded of them."""

from __future__ import annotations

import os
import socket
import stat
import time
from pathlib import Path

YEAR_1960 = -315_619_200
YEAR_2150 = 5_680_281_600
ORDINARY_TIME = 1_577_836_800

_NULL_DEVICE = os.makedev(1, 3)


def make_special_tree(root: Path) -> None:
    """Make in ``root`` one file of every kind that the names below tell; needs root for the device node.

    All access times lie in the future, and so reading the tree leaves them alone (``relatime``): two backups of it see
    the very same attributes.
    """
    root.mkdir(parents=True)
    _make_regular_files(os.fsencode(root))
    _make_links(root)
    _make_special_files(root)
    _make_directories(root)
    _set_times(root)


def _make_regular_files(root: bytes) -> None:
    contents = {
        b"regular": b"fdsim\n",
        b"empty": b"",
        b"empty-0400": b"",
        b"mode-0": b"secret\n",
        b"setuid": b"#!/bin/sh\n",
        b"new\nline": b"1\n",
        b"latin-1-\xe9": b"2\n",
        b"n" * 255: b"3\n",
        b"year-1960": b"4\n",
        b"year-2150": b"5\n",
        b"size-65535": b"a" * 65535,
        b"size-65536": b"b" * 65536,
        b"size-65537": b"c" * 65537,
    }
    for name, content in contents.items():
        with open(os.path.join(root, name), "wb") as file:
            file.write(content)
    for name, mode in {b"empty-0400": 0o400, b"mode-0": 0, b"setuid": 0o4755}.items():
        os.chmod(os.path.join(root, name), mode)


def _make_links(root: Path) -> None:
    (root / "linked-1").write_bytes(b"linked\n")
    (root / "linked-2").hardlink_to(root / "linked-1")
    (root / "symlink").symlink_to("regular")
    (root / "dangling").symlink_to("/nowhere/at all")
    (root / "linked-symlink-1").symlink_to("regular")
    os.link(root / "linked-symlink-1", root / "linked-symlink-2", follow_symlinks=False)


def _make_special_files(root: Path) -> None:
    os.mkfifo(root / "fifo")
    os.mknod(root / "null", stat.S_IFCHR | 0o666, _NULL_DEVICE)
    directory = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as endpoint:
            # The address of a socket holds 107 bytes, which the path of a test's directory may exceed.
            endpoint.bind(f"/proc/self/fd/{directory}/socket")
    finally:
        os.close(directory)


def _make_directories(root: Path) -> None:
    (root / "empty-directory").mkdir()
    (root / "sticky").mkdir()
    (root / "sticky").chmod(0o3777)
    (root / "deep" / "er").mkdir(parents=True)
    (root / "deep" / "er" / "file").write_bytes(b"deep\n")


def _set_times(root: Path) -> None:
    future = time.time() + 3600
    modified = {"year-1960": YEAR_1960, "year-2150": YEAR_2150}
    for folder, folders, files in os.walk(root, topdown=False):
        for name in (*folders, *files, "."):
            # Beyond the year 2150 for that file too, whose access time would otherwise be refreshed.
            accessed = max(future, modified.get(name, ORDINARY_TIME) + 3600)
            os.utime(Path(folder, name), (accessed, modified.get(name, ORDINARY_TIME)), follow_symlinks=False)
