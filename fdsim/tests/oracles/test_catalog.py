from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fdsim.oracles.catalog import Catalog, FileRecord, create_catalog
from fdsim.oracles.errors import LabError

COMMON = """
    CREATE TABLE Job (JobId INTEGER PRIMARY KEY, Name TEXT, ClientId INTEGER, Type TEXT, Level TEXT, JobStatus TEXT,
                      JobFiles INTEGER, JobBytes INTEGER, ReadBytes INTEGER, JobErrors INTEGER);
    CREATE TABLE Client (ClientId INTEGER PRIMARY KEY, Name TEXT);
    CREATE TABLE Log (LogId INTEGER PRIMARY KEY, JobId INTEGER, LogText TEXT);
    CREATE TABLE Path (PathId INTEGER PRIMARY KEY, Path TEXT);
    INSERT INTO Client VALUES (1, 'real');
    INSERT INTO Path VALUES (1, CAST(x'2FE92F' AS TEXT));
    INSERT INTO Job VALUES (7, 'Tree-real', 1, 'B', 'F', 'T', 2, 10, 11, 1);
    INSERT INTO Job VALUES (8, 'Tree-real', 0, 'B', 'F', 'C', 0, 0, 0, 0);
    INSERT INTO Log VALUES (2, 7, CAST(x'74776F20E90A5C' AS TEXT));
    INSERT INTO Log VALUES (1, 7, 'one \\ and' || char(10) || '\\');
    INSERT INTO Log VALUES (3, 9, 'other');
"""
WITH_TABLE = """
    CREATE TABLE Filename (FilenameId INTEGER PRIMARY KEY, Name TEXT);
    CREATE TABLE File (FileId INTEGER PRIMARY KEY, FileIndex INTEGER, JobId INTEGER, PathId INTEGER, FilenameId INTEGER,
                       LStat TEXT, MD5 TEXT);
    INSERT INTO Filename VALUES (1, ''), (2, 'a' || char(10) || 'b');
    INSERT INTO File VALUES (1, 2, 7, 1, 1, 'P4A C', '0'), (2, 1, 7, 1, 2, 'P4A B', 'Q6x'), (3, 1, 9, 1, 2, 'X', 'X');
"""
ALONE = """
    CREATE TABLE File (FileId INTEGER PRIMARY KEY, FileIndex INTEGER, JobId INTEGER, PathId INTEGER, Filename TEXT,
                       LStat TEXT, MD5 TEXT);
    INSERT INTO File VALUES (1, 2, 7, 1, '', 'P4A C', '0'), (2, 1, 7, 1, 'a' || char(10) || 'b', 'P4A B', 'Q6x');
"""


def catalog_of(tmp_path: Path, statements: str) -> Catalog:
    with closing(sqlite3.connect(tmp_path / "lab.db")) as connection:
        connection.executescript(statements)
    return Catalog(tmp_path / "lab.db")


def test_job(tmp_path: Path) -> None:
    job = catalog_of(tmp_path, COMMON).job(7)

    assert (job.jobid, job.name, job.client, job.type, job.level, job.status) == (7, "Tree-real", "real", "B", "F", "T")
    assert (job.files, job.bytes, job.read_bytes, job.errors) == (2, 10, 11, 1)
    assert job.log == "one \\ and\ntwo \udce9\n"
    assert job.ended


def test_job_that_has_not_begun(tmp_path: Path) -> None:
    job = catalog_of(tmp_path, COMMON).job(8)

    assert (job.client, job.status, job.log, job.ended) == ("", "C", "", False)


def test_unknown_job(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"^the catalog has no job 12$"):
        catalog_of(tmp_path, COMMON).job(12)


@pytest.mark.parametrize("layout", [WITH_TABLE, ALONE])
def test_files_of_both_layouts_in_the_order_of_their_index(tmp_path: Path, layout: str) -> None:
    catalog = catalog_of(tmp_path, COMMON + layout)

    assert catalog.files(7) == [
        FileRecord(b"/\xe9/a\nb", "P4A B", "Q6x", 1),
        FileRecord(b"/\xe9/", "P4A C", "0", 2),
    ]
    assert catalog.files(8) == []


def test_catalog_is_made_of_the_statements_of_the_script(tmp_path: Path) -> None:
    script = tmp_path / "make_tables"
    script.write_text("#!/bin/sh\nsqlite3 x.db <<END-OF-DATA\n" + COMMON + WITH_TABLE + "END-OF-DATA\necho done\n")

    create_catalog(script, tmp_path / "lab.db")

    assert Catalog(tmp_path / "lab.db").job(7).name == "Tree-real"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#!/bin/sh\nexit 0\n", "holds no statements between END-OF-DATA marks$"),
        ("<<END-OF-DATA\nCREATE NONSENSE;\nEND-OF-DATA\n", 'makes no catalog: near "NONSENSE": syntax error$'),
    ],
)
def test_script_without_a_catalog_is_refused(tmp_path: Path, text: str, message: str) -> None:
    script = tmp_path / "make_tables"
    script.write_text(text)

    with pytest.raises(LabError, match=message):
        create_catalog(script, tmp_path / "lab.db")


def test_reading_makes_no_catalog(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="unable to open database file"):
        Catalog(tmp_path / "lab.db").job(1)
    assert list(tmp_path.iterdir()) == []
