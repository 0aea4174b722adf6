"""A directory that keeps finished jobs."""

from __future__ import annotations

import errno
import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fdsim.stored.archive import Archive, StoredJob
from fdsim.stored.errors import ArchiveError
from fdsim.stored.recordfile import Record


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def keep(archive: Archive, name: str = "Backup.2026-11-24_12.00.00_03", payload: bytes = b"payload") -> StoredJob:
    writer = archive.begin(name, 7, 1_795_392_655, (b"/home", b"/latin-1-\xe9"))
    writer.add(1, 1, payload)
    writer.add(2, 1, b"x")
    writer.sync()
    return writer.finish(2)


def test_a_job_comes_back_as_it_was(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "new" / "archive")
    kept = keep(archive)
    assert names(archive.directory) == ["000001.json", "000001.records"]
    (job,) = Archive(archive.directory).jobs()
    assert job == kept
    assert (job.number, job.name, job.session_id, job.session_time) == (
        1,
        "Backup.2026-11-24_12.00.00_03",
        7,
        1_795_392_655,
    )
    assert (job.files, job.records, job.job_bytes, job.size) == (2, 2, 8, 56)
    assert job.roots == (b"/home", b"/latin-1-\xe9")
    assert abs((datetime.now(UTC) - job.date).total_seconds()) < 60
    with job.open_records() as records:
        assert list(records) == [Record(1, 1, b"payload"), Record(2, 1, b"x")]


def test_the_description_on_disk(tmp_path: Path) -> None:
    job = keep(Archive(tmp_path))
    description = json.loads((tmp_path / "000001.json").read_text("ascii"))
    assert description == {
        "job": "Backup.2026-11-24_12.00.00_03",
        "number": 1,
        "session_id": 7,
        "session_time": 1795392655,
        "files": 2,
        "bytes": 8,
        "records": 2,
        "size": 56,
        "roots": ["/home", "/latin-1-\udce9"],
        "date": job.date.isoformat(),
    }


def test_a_job_is_seen_only_when_it_is_finished(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    writer = archive.begin("a", 1, 2)
    writer.add(1, 1, b"x")
    assert names(tmp_path) == ["000001.part"]
    assert list(archive.jobs()) == []
    writer.sync()
    assert list(archive.jobs()) == []
    writer.finish(1)
    assert [job.name for job in archive.jobs()] == ["a"]


def test_a_crash_before_the_description_leaves_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive(tmp_path)
    keep(archive, "first")
    writer = archive.begin("second", 1, 2)
    writer.sync()
    with monkeypatch.context() as patched:
        patched.setattr(json, "dump", lambda *_, **__: os.write(9999, b""))
        with pytest.raises(OSError, match="Bad file descriptor"):
            writer.finish(1)
    assert names(tmp_path) == ["000001.json", "000001.records", "000002.new", "000002.records"]
    assert [job.name for job in archive.jobs()] == ["first"]
    assert keep(archive, "third").number == 3
    assert [job.name for job in archive.jobs()] == ["first", "third"]


def test_a_number_in_use_by_another_process_is_skipped(tmp_path: Path) -> None:
    archive, other = Archive(tmp_path), Archive(tmp_path)
    first, second = archive.begin("a", 1, 2), other.begin("b", 1, 2)
    for writer in (first, second):
        writer.sync()
        writer.finish(0)
    assert [(job.number, job.name) for job in archive.jobs()] == [(1, "a"), (2, "b")]


def test_a_number_that_was_finished_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(tmp_path)
    keep(archive, "first")
    # As if the directory had been listed before the other job began.
    monkeypatch.setattr(Archive, "_numbers", lambda *_: [])
    writer = archive.begin("second", 1, 2)
    assert names(tmp_path) == ["000001.json", "000001.records", "000002.part"]
    writer.discard()


def test_many_jobs_at_a_time(tmp_path: Path) -> None:
    archive = Archive(tmp_path, durable=False)
    threads = [threading.Thread(target=keep, args=(archive, f"job{number}")) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    jobs = list(archive.jobs())
    assert [job.number for job in jobs] == list(range(1, 17))
    assert {job.name for job in jobs} == {f"job{number}" for number in range(16)}


def test_discard_leaves_nothing(tmp_path: Path) -> None:
    writer = Archive(tmp_path).begin("a", 1, 2)
    writer.add(1, 1, b"x")
    writer.discard()
    assert names(tmp_path) == []


def test_a_durable_job_is_synced_before_it_is_visible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    keep(Archive(tmp_path, durable=False))
    assert synced == []
    keep(Archive(tmp_path))
    assert synced == [f"{tmp_path}/000002.part", f"{tmp_path}/000002.new", str(tmp_path)]


def test_a_failing_disk_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    writer = Archive(tmp_path).begin("a", 1, 2)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        writer.sync()
    writer.discard()
    assert names(tmp_path) == []


def test_errors_name_what_and_where(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with pytest.raises(ArchiveError, match=f"{tmp_path}: the archive is empty"):
        archive.latest()
    keep(archive)
    keep(archive)
    assert archive.latest().number == 2
    with pytest.raises(ArchiveError, match=f"{tmp_path}: no job 9; there are: 1, 2"):
        archive.job(9)
    (tmp_path / "000001.records").unlink()
    with pytest.raises(ArchiveError, match=r"000001\.records: No such file or directory"):
        archive.job(1).open_records()


def test_a_truncated_description_is_an_error(tmp_path: Path) -> None:
    keep(Archive(tmp_path))
    path = tmp_path / "000001.json"
    whole = path.read_bytes()
    assert whole.endswith(b"}\n")
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ArchiveError, match=f"{path} is no description of a job"):
            list(Archive(tmp_path).jobs())
