"""Our mock Director and Storage daemon with the real File daemon: they must be good enough for it."""

from __future__ import annotations

import errno
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fdsim.cli.mocks import Report, Target, run_backup, run_restore
from fdsim.cli.progress import Progress
from fdsim.dird.director import Director
from fdsim.dird.job import BackupJob, StorageSession
from fdsim.files.tree import compare
from fdsim.files.tree_model import BACULA
from fdsim.net.errors import AuthenticationError
from fdsim.oracles.configuration import DIRECTOR
from fdsim.oracles.daemons import file_daemon
from fdsim.oracles.installation import Installation
from fdsim.oracles.ports import reserved_endpoints
from fdsim.oracles.settings import Options, Passwords
from fdsim.stored.archive import Archive, StoredJob
from fdsim.stored.daemon import StorageDaemon
from fdsim.stored.recordfile import Record, RecordWriter
from fdsim.tests.oracles.trees import make_special_tree
from fdsim.wire.fileset import Block, FileSet
from fdsim.wire.fileset import Options as FileSetOptions
from fdsim.wire.jobs import JobStatus, MessageType, Replace

pytestmark = [pytest.mark.oracle, pytest.mark.root]


@pytest.fixture(scope="module")
def target(bacula96: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    directory = tmp_path_factory.mktemp("mocks") / "fd"
    options = Options(passwords=Passwords(fd="fdpw"))
    with (
        reserved_endpoints(1) as (endpoint,),
        file_daemon(bacula96.file_daemon, directory, endpoint, options),
    ):
        yield Target(Director(DIRECTOR, "fdpw"), endpoint.host, endpoint.port, timeout=30.0)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive", durable=False)


def fileset(*paths: Path, letters: str = "M") -> FileSet:
    return FileSet((Block(tuple(map(bytes, paths)), (FileSetOptions(letters),)),))


@pytest.fixture
def progress() -> Progress:
    return Progress(sys.stdout)


def records(stored: StoredJob) -> list[Record]:
    with stored.open_records() as reader:
        return list(reader)


def texts(report: Report, kind: MessageType) -> list[str]:
    return [message.text for message in report.result.messages if message.type == kind]


def test_the_records_of_a_backup(target: Target, archive: Archive, progress: Progress, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "big").write_bytes(b"a" * 65537)
    report = run_backup(target, archive, fileset(tree), progress)
    assert report.good
    (stored,) = archive.jobs()
    assert (stored.name, stored.roots, stored.files) == (report.job.name, (bytes(tree),), 2)
    big, first, second, digest, directory = records(stored)
    assert (big.file_index, big.stream) == (1, 1)
    head, lstat, *rest = big.payload.split(b"\0")
    assert head == b"1 3 %s/big" % bytes(tree)
    assert len(lstat.split(b" ")) == 16
    assert rest == [b"", b"", b"0", b""]
    assert first == Record(1, 2, b"a" * 65536)
    assert second == Record(1, 2, b"a")
    assert digest == Record(1, 3, hashlib.md5(b"a" * 65537).digest())
    assert (directory.file_index, directory.stream) == (2, 1)
    assert directory.payload.startswith(b"2 5 %s/\0" % bytes(tree))
    assert (report.result.files, report.result.read_bytes, report.result.job_bytes) == (2, 65537, 65537)
    assert report.outcome.bytes == len(big.payload) + 65537 + 16 + len(directory.payload)


@pytest.mark.parametrize(("letters", "stream", "length"), [("S", 10, 20), ("S2", 17, 32), ("S3", 18, 64)])
def test_digests(
    target: Target, archive: Archive, progress: Progress, tmp_path: Path, letters: str, stream: int, length: int
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")
    assert run_backup(target, archive, fileset(file, letters=letters), progress).good
    assert [(record.stream, len(record.payload)) for record in records(archive.latest())[1:]] == [
        (2, 1),
        (stream, length),
    ]


def test_a_special_tree_comes_back(target: Target, archive: Archive, progress: Progress, tmp_path: Path) -> None:
    tree, where = tmp_path / "tree", tmp_path / "where"
    make_special_tree(tree)
    backup = run_backup(target, archive, fileset(tree, letters="MAX"), progress)
    assert (backup.good, backup.result.errors) == (True, 0)
    assert backup.result.files == backup.outcome.files
    assert backup.outcome.stored is not None
    restore = run_restore(target, archive, backup.outcome.stored, bytes(where), Replace.ALWAYS, progress)
    assert (restore.good, restore.result.errors) == (True, 0)
    assert restore.result.files == backup.result.files
    assert list(compare(bytes(tree), bytes(where) + bytes(tree), profile=BACULA)) == []


def test_replace_never_keeps_what_is_there(
    target: Target, archive: Archive, progress: Progress, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    stored = run_backup(target, archive, fileset(file), progress).outcome.stored
    assert stored is not None
    file.write_bytes(b"new")
    assert run_restore(target, archive, stored, b"/", Replace.NEVER, progress).good
    assert file.read_bytes() == b"new"
    assert run_restore(target, archive, stored, b"/", Replace.ALWAYS, progress).good
    assert file.read_bytes() == b"old"


def test_without_compression_the_same_arrives(
    target: Target, archive: Archive, progress: Progress, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"a" * 100_000)
    plain = replace(target, director=Director(DIRECTOR, "fdpw", compress=False))
    for peer in (target, plain):
        assert run_backup(peer, archive, fileset(file), progress).good
    first, second = (records(job)[1:] for job in archive.jobs())
    assert first == second


def test_status(target: Target) -> None:
    with target.director.connect(target.host, target.port, 10) as conversation:
        lines = target.director.status(conversation)
    assert lines[0] == ""
    assert " Version: 9.6." in lines[1]
    assert "Terminated Jobs:" in lines


def test_a_missing_file_is_a_warning(target: Target, archive: Archive, progress: Progress, tmp_path: Path) -> None:
    report = run_backup(target, archive, fileset(tmp_path / "absent"), progress)
    assert (report.result.status, report.result.errors, report.result.files) == (JobStatus.TERMINATED, 1, 0)
    (text,) = texts(report, MessageType.NOTSAVED)
    assert text.endswith(f'Could not stat "{tmp_path}/absent": ERR=No such file or directory\n')


def test_a_wrong_password(target: Target, archive: Archive, progress: Progress, tmp_path: Path) -> None:
    stranger = replace(target, director=Director(DIRECTOR, "guessed"))
    with pytest.raises(AuthenticationError, match="rejected our password: it said b'1999 Authorization failed"):
        run_backup(stranger, archive, fileset(tmp_path), progress)


def test_an_unknown_director(target: Target, archive: Archive, progress: Progress, tmp_path: Path) -> None:
    stranger = replace(target, director=Director("nobody-dir", "fdpw"))
    with pytest.raises(AuthenticationError, match=r"refused our Hello: .*Connection from unknown Director nobody-dir"):
        run_backup(stranger, archive, fileset(tmp_path), progress)


def test_a_full_disk(
    target: Target, archive: Archive, progress: Progress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "file").write_bytes(b"x")
    monkeypatch.setattr(RecordWriter, "add", fail)
    report = run_backup(target, archive, fileset(tmp_path / "file"), progress)
    assert report.result.status is JobStatus.FATAL
    assert report.outcome.error == "the archive cannot be written: No space left on device"
    assert any("3999 Failed append" in text for text in texts(report, MessageType.FATAL))
    assert list(archive.jobs()) == []


def test_a_job_that_the_storage_daemon_cannot_keep(
    target: Target, archive: Archive, progress: Progress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    (tmp_path / "file").write_bytes(b"x")
    monkeypatch.setattr(Archive, "keep", fail)
    report = run_backup(target, archive, fileset(tmp_path / "file"), progress)
    assert report.result.status is JobStatus.FATAL
    assert any("Bad status 102 f returned from Storage Daemon" in text for text in texts(report, MessageType.FATAL))


def test_a_damaged_archive_is_not_restored_as_if_it_were_whole(
    target: Target, archive: Archive, progress: Progress, tmp_path: Path
) -> None:
    for number in range(3):
        (tmp_path / f"file{number}").write_bytes(b"x" * 100_000)
    paths = [tmp_path / f"file{number}" for number in range(3)]
    stored = run_backup(target, archive, fileset(*paths), progress).outcome.stored
    assert stored is not None
    path = archive.directory / "000001.records"
    path.write_bytes(path.read_bytes()[:-10] + b"?" * 10)
    report = run_restore(target, archive, stored, bytes(tmp_path / "where"), Replace.ALWAYS, progress)
    assert not report.good
    assert report.outcome.status is JobStatus.FATAL
    assert "its check sum is wrong" in report.outcome.error


def test_a_storage_daemon_with_another_key(target: Target, archive: Archive, tmp_path: Path) -> None:
    director = target.director
    with (
        StorageDaemon(archive) as storage,
        director.connect(target.host, target.port, target.timeout) as conversation,
    ):
        identity = director.identify("Backup")
        expected = storage.expect_backup(identity.name, "AAAA-BBBB")
        session = StorageSession("127.0.0.1", storage.port, expected.session_id, expected.session_time, "AAAA-CCCC")
        result = director.backup(conversation, identity, BackupJob(fileset(tmp_path)), session)
    assert result.status is JobStatus.FATAL
    assert any("Authorization key rejected by Storage daemon" in message.text for message in result.messages)
    assert result.messages[-1].text.endswith("wanted 2000 OK storage, got 2902 Bad storage\n")
    assert "does not know the password" in expected.wait(0).error
