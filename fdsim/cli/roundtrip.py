"""``fdsim roundtrip``: back a directory up, restore it elsewhere and compare, with our own File daemon and mocks."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tqdm import tqdm

from fdsim.cli import differences, options, tables
from fdsim.cli.backup import simple_fileset
from fdsim.cli.exits import EPILOG, Exit, UsageError
from fdsim.cli.mocks import Report, run_backup, run_restore
from fdsim.cli.own_fd import own_file_daemon
from fdsim.cli.progress import Progress
from fdsim.files.tree import compare
from fdsim.files.tree_checks import Tally
from fdsim.files.tree_model import BACULA, Difference
from fdsim.files.tree_text import printable
from fdsim.stored.archive import Archive
from fdsim.wire.jobs import Replace

_TIMEOUT: Final = 60.0
_LEFT, _RIGHT = "original", "restored"
_SHOWN: Final = 100
"""How many differences are listed; all are counted."""
_PROFILE: Final = replace(BACULA, acls=False, xattrs=False)
"""What a backup by this version's File daemon keeps."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "roundtrip",
        help="back a directory up, restore it elsewhere and compare",
        description="Back a directory up with our own File daemon, restore it elsewhere and compare the two. "
        "As root, owners and device nodes are restored, too. Sockets are never saved by Bacula.",
        epilog=EPILOG,
    )
    parser.add_argument("directory", metavar="DIR", help="what to back up")
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="work in this new or empty directory and leave archive and restored files there "
        "(default: a temporary directory that is removed at the end)",
    )
    options.add_signature(parser)
    options.add_json(parser)
    parser.set_defaults(run=run)


@dataclass(slots=True)
class _Comparison:
    differences: list[Difference]
    """The first of them."""
    tally: Tally
    seconds: float


def run(arguments: argparse.Namespace) -> int:
    """Run all three steps, as far as they go well."""
    original = Path(os.path.realpath(arguments.directory))
    if not original.is_dir():
        raise UsageError(f"{arguments.directory} is no directory")
    with _workplace(arguments.keep) as place:
        if place.is_relative_to(original):
            raise UsageError(
                f"{place}, where the work is done, lies below {original} and would be backed up, too: "
                "choose a directory elsewhere with --keep or the variable TMPDIR"
            )
        progress = Progress(sys.stderr if arguments.json else sys.stdout)
        reports, comparison = _work(original, place, arguments.signature, progress)
    good = comparison is not None and not comparison.tally.differences and all(map(_clean, reports))
    if arguments.json:
        print(json.dumps(_record(reports, comparison, good=good), indent=2))
    else:
        _print(reports, comparison)
        print(f"{'everything came back' if good else 'NOT everything came back'} of {printable(bytes(original))}")
        if arguments.keep:
            print(f"kept in {arguments.keep}")
    return Exit.OK if good else Exit.FAILED


@contextmanager
def _workplace(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with TemporaryDirectory(prefix="fdsim-roundtrip-") as temporary:
            yield Path(os.path.realpath(temporary))
        return
    keep.mkdir(parents=True, exist_ok=True)
    if any(keep.iterdir()):
        raise UsageError(f"{keep} is not empty: --keep wants a new or an empty directory")
    yield Path(os.path.realpath(keep))


def _work(original: Path, place: Path, signature: str, progress: Progress) -> tuple[list[Report], _Comparison | None]:
    daemon, restored = place / "fd", place / "restored"
    daemon.mkdir()
    archive = Archive(place / "archive", durable=False)
    fileset = simple_fileset([str(original)], [], signature)
    with own_file_daemon(daemon, _TIMEOUT) as target:
        backup = run_backup(target, archive, fileset, progress)
        if backup.outcome.stored is None or not backup.good:
            return [backup], None
        restore = run_restore(target, archive, backup.outcome.stored, bytes(restored), Replace.ALWAYS, progress)
    if not restore.good:
        return [backup, restore], None
    return [backup, restore], _compare(original, restored.joinpath(*original.parts[1:]))


def _compare(original: Path, restored: Path) -> _Comparison:
    started = time.monotonic()
    with tqdm(desc="Compare", unit=" entries", leave=False, disable=None, file=sys.stderr) as bar:
        comparison = compare(bytes(original), bytes(restored), profile=_PROFILE, progress=lambda _path: bar.update())
        shown = differences.run_through(comparison, _SHOWN)
    return _Comparison(shown, comparison.tally, time.monotonic() - started)


def _clean(report: Report) -> bool:
    return report.good and not report.result.errors


def _print(reports: list[Report], comparison: _Comparison | None) -> None:
    rows = [tables.report_row(report) for report in reports]
    if comparison is not None:
        tally = comparison.tally
        verdict = "different" if tally.differences else "equal"
        rows.append(tables.row("compare", tally.entries, tally.bytes, comparison.seconds, tally.differences, verdict))
    print(tables.table(rows))
    for trouble in filter(None, map(tables.storage_trouble, reports)):
        print(trouble)
    if comparison is None:
        return
    if comparison.differences:
        print(differences.table(comparison.differences, _LEFT, _RIGHT))
    if (more := comparison.tally.differences - len(comparison.differences)) > 0:
        print(f"... and {more} more")
    for reason, number in differences.left_out(comparison.tally):
        print(reason.text(number))


def _record(reports: list[Report], comparison: _Comparison | None, *, good: bool) -> dict[str, Any]:
    return {
        "good": good,
        "jobs": [tables.record(report) for report in reports],
        "comparison": None
        if comparison is None
        else {
            "entries": comparison.tally.entries,
            "bytes": comparison.tally.bytes,
            "seconds": round(comparison.seconds, 3),
            "count": comparison.tally.differences,
            "differences": differences.records(comparison.differences, _LEFT, _RIGHT),
            "left_out": differences.left_out_records(comparison.tally),
        },
    }
