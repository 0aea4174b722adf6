"""``fdsim backup``: save files of any File daemon into an archive."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from fdsim.cli import options, tables
from fdsim.cli.exits import EPILOG, Exit
from fdsim.cli.mocks import Report, run_backup
from fdsim.cli.progress import Progress
from fdsim.stored.archive import Archive
from fdsim.wire.fileset import Block, FileSet, Options


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "backup",
        help="save files of a File daemon",
        description="Run a full backup of any File daemon with a mock Director and a mock Storage daemon.",
        epilog=EPILOG,
    )
    options.add_target(parser)
    parser.add_argument(
        "--include",
        action="append",
        required=True,
        metavar="PATH",
        help="save this file or directory of the File daemon's machine; may be repeated",
    )
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="PATH", help="do not save this one; may be repeated"
    )
    options.add_signature(parser)
    parser.add_argument(
        "--archive", type=Path, metavar="DIR", help="keep the backup in this directory (default: count and drop it)"
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the backup."""
    target = options.target_of(arguments)
    progress = Progress(sys.stderr if arguments.json else sys.stdout)
    fileset = simple_fileset(arguments.include, arguments.exclude, arguments.signature)
    with ExitStack() as stack:
        if arguments.archive is None:
            scratch = Path(stack.enter_context(TemporaryDirectory(prefix="fdsim-")))
            archive = Archive(scratch, durable=False)
        else:
            archive = Archive(arguments.archive)
        report = run_backup(target, archive, fileset, progress)
    number = report.outcome.stored.number if report.outcome.stored and arguments.archive else None
    if arguments.json:
        print(json.dumps({**tables.record(report), "archived_as": number}, indent=2))
    else:
        _print(report, number, arguments.archive)
    return Exit.OK if report.good else Exit.FAILED


def simple_fileset(includes: list[str], excludes: list[str], signature: str) -> FileSet:
    """A FileSet of one Include and, if anything is excluded, one Exclude."""
    letters = options.SIGNATURES[signature]
    include = Block(tuple(map(os.fsencode, includes)), (Options(letters),))
    return FileSet((include,), (Block(tuple(map(os.fsencode, excludes))),) if excludes else ())


def _print(report: Report, number: int | None, archive: Path | None) -> None:
    print(tables.table([tables.report_row(report)]))
    if trouble := tables.storage_trouble(report):
        print(trouble)
    if number is not None:
        print(f"kept as job {number} in {archive}")
    elif archive is None:
        print("not kept: no --archive was given")
