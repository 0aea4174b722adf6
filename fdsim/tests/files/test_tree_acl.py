import os
import shutil
import subprocess
from pathlib import Path

import pytest

from fdsim.files import tree_acl

# user::rw-, user:1000:r-x, group::r--, group:20:-w-, mask::rwx, other::---
NAMED = (
    b"\x02\x00\x00\x00"
    b"\x01\x00\x06\x00\xff\xff\xff\xff"
    b"\x02\x00\x05\x00\xe8\x03\x00\x00"
    b"\x04\x00\x04\x00\xff\xff\xff\xff"
    b"\x08\x00\x02\x00\x14\x00\x00\x00"
    b"\x10\x00\x07\x00\xff\xff\xff\xff"
    b"\x20\x00\x00\x00\xff\xff\xff\xff"
)
MINIMAL = (
    b"\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x04\x00\x04\x00\xff\xff\xff\xff\x20\x00\x04\x00\xff\xff\xff\xff"
)


def test_every_tag_has_its_text() -> None:
    assert tree_acl.decode_acl(NAMED) == "user::rw-,user:1000:r-x,group::r--,group:20:-w-,mask::rwx,other::---"


def test_an_acl_without_entries_is_empty() -> None:
    assert not tree_acl.decode_acl(b"\x02\x00\x00\x00")


def test_only_an_acl_that_repeats_the_mode_is_minimal() -> None:
    assert tree_acl.is_minimal(MINIMAL)
    assert not tree_acl.is_minimal(NAMED)
    # A mask alone is more than the mode says.
    assert not tree_acl.is_minimal(MINIMAL + b"\x10\x00\x07\x00\xff\xff\xff\xff")


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"", "an ACL of 0 bytes"),
        (b"\x02\x00\x00", "an ACL of 3 bytes"),
        (MINIMAL + b"\x00", "an ACL of 29 bytes"),
        (b"\x03\x00\x00\x00", "ACL version 3, expected 2"),
        (b"\x02\x00\x00\x00" + b"\x40\x00\x07\x00\xff\xff\xff\xff", "unknown ACL tag 0x40"),
    ],
)
def test_what_is_no_acl_is_refused_with_its_reason(raw: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        tree_acl.decode_acl(raw)


@pytest.mark.skipif(shutil.which("setfacl") is None, reason="needs setfacl of the package acl")
def test_the_kernel_hands_out_what_setfacl_set(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.touch(mode=0o640)
    subprocess.run([str(shutil.which("setfacl")), "-m", "u:1000:r-x,g:20:-w-", file], check=True)
    raw = os.getxattr(file, tree_acl.ACCESS)
    assert tree_acl.decode_acl(raw) == "user::rw-,user:1000:r-x,group::r--,group:20:-w-,mask::rwx,other::---"
