"""A small tree with one of everything that a backup has to tell apart, the same bytes each time."""

from __future__ import annotations

import hashlib
import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

OLD: Final = 1_000_000_000
"""The modification time of everything in the tree: 9 September 2001."""

_LARGE: Final = 70_000
_ACL_VERSION: Final = 2
# Tag, permissions and id of each entry, as <linux/posix_acl_xattr.h> has them: owner, user 1234, group, mask, others.
_ACL: Final = (
    (0x01, 6, 0xFFFFFFFF),
    (0x02, 5, 1234),
    (0x04, 4, 0xFFFFFFFF),
    (0x10, 5, 0xFFFFFFFF),
    (0x20, 4, 0xFFFFFFFF),
)


def build_sample_tree(root: Path) -> None:
    """Make the tree at ``root``, which is missing or empty; needs root for device nodes and owners.

    Raises:
        OSError: something can't be made there.
    """
    root.mkdir(parents=True, exist_ok=True)
    for directory in ("plain", "names", "links", "special", "rights"):
        (root / directory).mkdir()
    for name, content in _FILES.items():
        (root / name).write_bytes(content)
    for name, make in _OBJECTS.items():
        make(root / name)
    for name, mode in _MODES.items():
        (root / name).chmod(mode)
    os.chown(root / "rights/owned", 1234, 5678)
    os.setxattr(root / "rights/xattr", "user.colour", b"green\0blue")
    acl = struct.pack("<I", _ACL_VERSION) + b"".join(struct.pack("<HHI", *entry) for entry in _ACL)
    os.setxattr(root / "rights/acl", "system.posix_acl_access", acl)
    os.setxattr(root / "rights", "system.posix_acl_default", acl)
    for path in sorted(root.rglob("*"), reverse=True):
        os.utime(path, (OLD, OLD), follow_symlinks=False)
    os.utime(root, (OLD, OLD))
    os.utime(root / "plain/before-1970", (-1000, -1000))
    os.utime(root / "plain/after-2106", (5_000_000_000, 5_000_000_000))


def noise(size: int) -> bytes:
    """Bytes that no compression makes shorter, the same each time."""
    blocks = (hashlib.sha256(b"%d" % number).digest() for number in range(size // 32 + 1))
    return b"".join(blocks)[:size]


_FILES: Final[dict[str, bytes]] = {
    "plain/small": b"hello world\n",
    "plain/repetitive": b"the same line again and again\n" * 100,
    "plain/large": noise(_LARGE),
    "plain/empty": b"",
    "plain/empty-private": b"",
    "plain/before-1970": b"old\n",
    "plain/after-2106": b"new\n",
    "names/with blank": b"1\n",
    "names/with\nnewline": b"2\n",
    "names/umlaut-\u00e4": b"3\n",
    "names/latin1-" + os.fsdecode(b"\xe4"): b"4\n",
    "names/" + "n" * 255: b"5\n",
    "links/first": b"linked\n",
    "rights/owned": b"6\n",
    "rights/setuid": b"7\n",
    "rights/none": b"8\n",
    "rights/xattr": b"9\n",
    "rights/acl": b"10\n",
}

_MODES: Final = {
    "plain/empty-private": 0o400,
    "rights/setuid": 0o6755,
    "rights/none": 0,
    "special": 0o1777,
}

_OBJECTS: Final[dict[str, Callable[[Path], None]]] = {
    "links/second": lambda path: path.hardlink_to(path.with_name("first")),
    "links/soft": lambda path: path.symlink_to("first"),
    "links/dangling": lambda path: path.symlink_to("/nonexistent/target"),
    "special/fifo": lambda path: os.mkfifo(path, 0o600),
    "special/character": lambda path: os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3)),
    "special/block": lambda path: os.mknod(path, 0o600 | stat.S_IFBLK, os.makedev(7, 200)),
    "special/socket": lambda path: os.mknod(path, 0o600 | stat.S_IFSOCK),
}
