"""Our File daemon and the real one under one real Director: they must not be told apart."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fdsim.files.tree import compare
from fdsim.files.tree_model import BACULA, Aspect, Difference
from fdsim.oracles.catalog import FileRecord, JobRecord
from fdsim.oracles.installation import Command, Installation
from fdsim.oracles.lab import Lab
from fdsim.oracles.settings import FileSet, Options
from fdsim.tests.oracles.trees import make_special_tree
from fdsim.wire.lstat import LStat

pytestmark = [pytest.mark.oracle, pytest.mark.root]

# No ACLs and xattrs were asked for.
KEPT = replace(BACULA, acls=False, xattrs=False)
OURS = Command((sys.executable, "-m", "fdsim", "serve", "fd"))
BIG = 120.0
OLD, NEW = 1_000_000_000, 1_790_000_000


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("source") / "tree"
    make_special_tree(root)
    return root


@pytest.fixture(scope="module")
def lab(bacula96: Installation, start_lab: Callable[..., Lab], tree: Path) -> Lab:
    digests = {"MD5": "MD5", "SHA1": "SHA1", "SHA256": "SHA256", "SHA512": "SHA512"}
    return start_lab(
        bacula96,
        fds={"real": bacula96.file_daemon, "ours": OURS},
        filesets=[
            *(FileSet(name, (tree,), options={"Signature": value}) for name, value in digests.items()),
            FileSet("Plain", (tree,), options={}),
            FileSet("NoLinks", (tree,), options={"Signature": "MD5", "Hard Links": "no"}),
            FileSet("Twice", (tree / "linked-1", tree / "linked-1", tree / "regular", tree / "regular")),
            FileSet("Excluding", (tree,), (tree / "regular", f"{tree}/size-*", tree / "linked-1")),
            FileSet("Missing", (tree / "absent", tree / "regular")),
            FileSet("Slash", (f"{tree}/",)),
            FileSet("Doc", ("/usr/share/doc",)),
            FileSet("Etc", ("/etc",)),
        ],
    )


def comparable(record: FileRecord) -> tuple[bytes, LStat, str, int]:
    """A record without the time of the last access, which the first backup may change for the second."""
    return record.path, LStat.parse(record.lstat)._replace(atime=0), record.digest, record.file_index


def both(lab: Lab, fileset: str) -> tuple[JobRecord, JobRecord]:
    return lab.run_backup(fileset, "real", timeout=BIG), lab.run_backup(fileset, "ours", timeout=BIG)


def assert_same(lab: Lab, real: JobRecord, ours: JobRecord) -> None:
    assert [comparable(record) for record in lab.files(ours.jobid)] == [
        comparable(record) for record in lab.files(real.jobid)
    ]
    assert (ours.status, ours.files, ours.bytes, ours.read_bytes, ours.errors) == (
        real.status,
        real.files,
        real.bytes,
        real.read_bytes,
        real.errors,
    )


def said_by_the_client(job: JobRecord) -> list[str]:
    """What the File daemon had to say, without dates."""
    return re.findall(r"lab-fd JobId \d+: (.*)", job.log)


@pytest.mark.parametrize(
    "fileset", ["MD5", "SHA1", "SHA256", "SHA512", "Plain", "NoLinks", "Twice", "Excluding", "Missing", "Slash"]
)
def test_the_catalog_is_the_same(lab: Lab, fileset: str) -> None:
    real, ours = both(lab, fileset)
    assert real.status == "T"
    assert real.files > 0
    assert_same(lab, real, ours)
    assert said_by_the_client(ours) == said_by_the_client(real)


@pytest.mark.parametrize(("writer", "reader"), [("ours", "ours"), ("real", "ours"), ("ours", "real")])
def test_either_restores_what_the_other_saved(lab: Lab, tree: Path, tmp_path: Path, writer: str, reader: str) -> None:
    backup = lab.run_backup("SHA256", writer)
    restore = lab.restore(backup.jobid, tmp_path, reader)
    assert (restore.status, restore.files, restore.errors) == ("T", backup.files, 0)
    assert differences(tree, tmp_path) == []


def differences(original: Path, where: Path) -> list[Difference]:
    return list(compare(bytes(original), bytes(where) + bytes(original), profile=KEPT))


def test_a_restore_to_the_original_place_brings_back_what_was_lost(lab: Lab, tmp_path: Path, tree: Path) -> None:
    backup = lab.run_backup("MD5", "ours")
    assert lab.restore(backup.jobid, tmp_path, "ours").status == "T"
    lost = tree / "size-65537"
    content = lost.read_bytes()
    lost.unlink()
    (tree / "regular").write_text("spoiled")
    restore = lab.restore(backup.jobid, Path("/"), "ours")
    assert (restore.status, restore.errors) == ("T", 0)
    assert lost.read_bytes() == content
    assert list(compare(bytes(tmp_path) + bytes(tree), bytes(tree), profile=KEPT)) == []


@pytest.mark.parametrize(("fileset", "top"), [("Doc", "/usr/share/doc"), ("Etc", "/etc")])
def test_real_trees_come_back(lab: Lab, tmp_path: Path, fileset: str, top: str) -> None:
    real, ours = both(lab, fileset)
    assert ours.status == "T"
    assert_same(lab, real, ours)
    assert lab.restore(ours.jobid, tmp_path, "ours", timeout=BIG).status == "T"
    assert differences(Path(top), tmp_path) == []


def test_errors_of_a_restore_are_told_in_the_same_words(lab: Lab, tmp_path: Path, tree: Path) -> None:
    backup = lab.run_backup("MD5", "real")
    words = {}
    for client in ("real", "ours"):
        target = tmp_path / client
        below = Path(str(target) + str(tree))
        below.mkdir(parents=True)
        (below / "regular").mkdir()
        (below / "symlink").mkdir()
        (below / "linked-1").mkdir()
        restore = lab.restore(backup.jobid, target, client)
        assert restore.status == "E"
        words[client] = [line.replace(str(target), "TARGET") for line in said_by_the_client(restore)]
    assert words["ours"] == words["real"]
    assert len(words["real"]) == 3


@pytest.mark.parametrize("replace_by", ["never", "ifnewer", "ifolder"])
def test_existing_files_are_treated_alike(lab: Lab, tmp_path: Path, tree: Path, replace_by: str) -> None:
    backup = lab.run_backup("MD5", "real")
    trees = []
    for client in ("real", "ours"):
        target = tmp_path / client
        assert lab.restore(backup.jobid, target, client).status == "T"
        below = Path(str(target) + str(tree))
        change(below)
        assert lab.restore(backup.jobid, target, client, replace=replace_by).status == "T"
        trees.append(bytes(below))
    found = list(compare(*trees, profile=KEPT))
    # What was put back changed the time of the directory itself, a few seconds apart.
    assert [one for one in found if (one.path, one.aspect) != (b".", Aspect.MTIME)] == []


def change(tree: Path) -> None:
    """Make one file newer, one older, and remove one."""
    (tree / "regular").write_text("newer")
    os.utime(tree / "regular", (NEW, NEW))
    (tree / "setuid").write_text("older")
    os.utime(tree / "setuid", (OLD, OLD))
    (tree / "size-65536").unlink()


def test_status_has_the_form_of_the_real_one(lab: Lab) -> None:
    both(lab, "Plain")
    assert [form_of(line) for line in after_connecting(lab.status_client("ours"))] == [
        form_of(line) for line in after_connecting(lab.status_client("real"))
    ]


def after_connecting(text: str) -> list[str]:
    """The File daemon's own lines up to the list of terminated jobs, which differs by what each has done."""
    return text.partition("lab-fd Version: ")[2].partition("=========\n")[0].splitlines()


def form_of(line: str) -> str:
    return re.sub(r"[0-9][0-9,]*", "N", line)


def test_without_line_compression(bacula96: Installation, start_lab: Callable[..., Lab], tree: Path) -> None:
    options = Options(director_compression=False, sd_compression=False, fd_compression=False)
    fds = {"real": bacula96.file_daemon, "ours": OURS}
    lab = start_lab(bacula96, fds=fds, filesets=[FileSet("Tree", (tree,))], options=options)
    real, ours = both(lab, "Tree")
    assert real.status == "T"
    assert_same(lab, real, ours)
