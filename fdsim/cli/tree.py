"""``fdsim tree``: comparing two directory trees in all that a backup can keep."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import Any

from tabulate import tabulate
from tqdm import tqdm

from fdsim.files.tree import Comparison, compare
from fdsim.files.tree_model import PROFILES, Difference, LeftOut
from fdsim.files.tree_side import UnusableRootError
from fdsim.files.tree_text import printable

EQUAL, DIFFERENT, UNUSABLE = 0, 1, 2
_LIMIT = 100

_DESCRIPTION = """\
Compare two directory trees in all that a backup can keep: type, mode, owner, group,
size, mtime, contents, holes, link targets, hard links, device numbers, POSIX ACLs and
extended attributes. Symbolic links are not followed. Run it as root to see everything.

What Bacula's format cannot keep is left out, and the summary says how much that was.
Times of access and of status change are never compared.
"""
_EPILOG = """\
examples:
  fdsim tree diff /srv/data /tmp/restore/srv/data
  fdsim tree diff --no-acls --no-xattrs A B   the FileSet has neither aclsupport nor xattrsupport
  fdsim tree diff --exact A B                 also sockets, nanoseconds, holes, link counts, ...
  fdsim tree diff --json --limit 0 A B        every difference, for programs

In names and values, \\xNN stands for a byte that is not printable and \\\\ for a backslash.
exit status: 0 equal, 1 different (or something could not be read), 2 wrong usage or no such tree
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``tree`` and its subcommands to those of the fdsim command."""
    tree = subparsers.add_parser("tree", help="compare directory trees", description="Work with directory trees.")
    commands = tree.add_subparsers(metavar="COMMAND", required=True)
    parser = commands.add_parser(
        "diff",
        help="compare two trees in all that a backup can keep",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("left", metavar="A", help="root directory of the first tree, usually the one backed up")
    parser.add_argument("right", metavar="B", help="root directory of the second tree, usually the restored one")
    parser.add_argument(
        "--profile", choices=sorted(PROFILES), default="bacula", help="what is compared (default: %(default)s)"
    )
    parser.add_argument(
        "--exact", dest="profile", action="store_const", const="exact", help="the same as --profile exact"
    )
    parser.add_argument(
        "--no-acls",
        dest="acls",
        action="store_false",
        help="the backup kept no POSIX ACLs (with xattrsupport alone it keeps them among the extended attributes)",
    )
    parser.add_argument("--no-xattrs", dest="xattrs", action="store_false", help="the backup kept no xattrs")
    parser.add_argument(
        "--sparse", dest="holes", action="store_true", help="the FileSet has sparse = yes: holes must stay holes"
    )
    parser.add_argument(
        "--limit",
        type=_limit,
        default=_LIMIT,
        metavar="N",
        help="show at most N differences, 0 for all; all are counted (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run ``fdsim tree diff``; the exit status is 0 for equal trees, 1 for different ones, 2 if one cannot be used."""
    profile = PROFILES[arguments.profile]
    profile = replace(profile, acls=arguments.acls, xattrs=arguments.xattrs, holes=profile.holes or arguments.holes)
    # tqdm stays silent unless standard error is a terminal.
    with tqdm(disable=None, unit=" entries", leave=False) as bar:
        comparison = compare(
            os.fsencode(arguments.left),
            os.fsencode(arguments.right),
            profile=profile,
            progress=lambda _path: bar.update(),
        )
        try:
            shown = _run_through(comparison, arguments.limit)
        except UnusableRootError as error:
            print(f"fdsim tree diff: {error}", file=sys.stderr)
            return UNUSABLE
    if arguments.json:
        print(json.dumps(_record(arguments, comparison, shown), indent=2))
    else:
        _print_table(comparison, shown)
    return DIFFERENT if comparison.tally.differences else EQUAL


def _limit(text: str) -> int | None:
    """The number of differences to show, None for all of them."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of differences; give 0 (all) or more")
    return int(text) or None


def _run_through(comparison: Comparison, limit: int | None) -> list[Difference]:
    with closing(iter(comparison)) as differences:
        shown = list(islice(differences, limit))
        for _ in differences:
            pass  # counted, not kept: there may be millions
    return shown


def _print_table(comparison: Comparison, shown: list[Difference]) -> None:
    tally = comparison.tally
    if shown:
        rows = [(printable(found.path), found.aspect.value, found.left, found.right) for found in shown]
        print(tabulate(rows, headers=("path", "aspect", "A", "B"), disable_numparse=True))
    if tally.differences > len(shown):
        print(f"... and {tally.differences - len(shown)} more (--limit 0 shows all)")
    verdict = {0: "no difference", 1: "1 difference"}.get(tally.differences, f"{tally.differences} differences")
    print(f"{verdict}; compared {tally.entries} entries and {tally.bytes} bytes of contents")
    for reason, number in _left_out(comparison):
        print(reason.text(number))


def _record(arguments: argparse.Namespace, comparison: Comparison, shown: list[Difference]) -> dict[str, Any]:
    """What ``--json`` prints; ``differences`` holds no more than the limit allows, ``count`` counts them all."""
    tally = comparison.tally
    return {
        "A": printable(os.fsencode(arguments.left)),
        "B": printable(os.fsencode(arguments.right)),
        "profile": arguments.profile,
        "equal": not tally.differences,
        "count": tally.differences,
        "entries": tally.entries,
        "bytes": tally.bytes,
        "left_out": [
            {"what": reason.name.lower(), "count": number, "text": reason.text(number)}
            for reason, number in _left_out(comparison)
        ],
        "differences": [
            {"path": printable(found.path), "aspect": found.aspect.value, "A": found.left, "B": found.right}
            for found in shown
        ],
    }


def _left_out(comparison: Comparison) -> list[tuple[LeftOut, int]]:
    counts = comparison.tally.left_out
    return [(reason, counts[reason]) for reason in LeftOut if counts[reason]]
