"""``fdsim restore``: restore a job of an archive through any File daemon."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Final

from fdsim.cli import options, tables
from fdsim.cli.exits import EPILOG, Exit, UsageError
from fdsim.cli.mocks import run_restore
from fdsim.cli.progress import Progress
from fdsim.stored.archive import Archive
from fdsim.wire.jobs import Replace

_REPLACE: Final = {replace.name.lower().replace("_", ""): replace for replace in Replace}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "restore",
        help="restore a job through a File daemon",
        description="Restore a job of an archive through any File daemon with our mock Director and Storage daemon.",
        epilog=EPILOG,
    )
    options.add_target(parser)
    parser.add_argument("--archive", type=Path, required=True, metavar="DIR", help="where the backup is")
    parser.add_argument("--job", type=int, metavar="N", help="which job of the archive (default: the latest)")
    parser.add_argument(
        "--where",
        required=True,
        metavar="DIR",
        help="put this in front of every name on the File daemon's machine; / restores to the original places",
    )
    parser.add_argument(
        "--replace", choices=_REPLACE, default="always", help="what to do with existing files (default: %(default)s)"
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the restore."""
    target = options.target_of(arguments)
    if not arguments.archive.is_dir():
        raise UsageError(f"there is no archive {arguments.archive}: make one with fdsim backup --archive")
    archive = Archive(arguments.archive)
    stored = archive.latest() if arguments.job is None else archive.job(arguments.job)
    progress = Progress(sys.stderr if arguments.json else sys.stdout)
    where = os.fsencode(arguments.where)
    report = run_restore(target, archive, stored, where, _REPLACE[arguments.replace], progress)
    if arguments.json:
        print(json.dumps({**tables.record(report), "archived_as": stored.number}, indent=2))
    else:
        print(tables.table([tables.report_row(report)]))
        if trouble := tables.storage_trouble(report):
            print(trouble)
        print(f"job {stored.number} of {arguments.archive}: {stored.name}")
    return Exit.OK if report.good else Exit.FAILED
