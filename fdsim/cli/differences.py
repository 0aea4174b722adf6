"""What a comparison of two trees found, for people and for programs."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import Any

from tabulate import tabulate

from fdsim.files.tree import Comparison
from fdsim.files.tree_checks import Tally
from fdsim.files.tree_model import Difference, LeftOut
from fdsim.files.tree_text import printable


def run_through(comparison: Comparison, limit: int | None) -> list[Difference]:
    """Do the comparison; the first ``limit`` differences are kept, all are counted in its tally."""
    with closing(iter(comparison)) as differences:
        shown = list(islice(differences, limit))
        for _ in differences:
            pass  # counted, not kept: there may be millions
    return shown


def table(shown: list[Difference], left: str, right: str) -> str:
    """Differences as a table; ``left`` and ``right`` are what the two trees are called."""
    rows = [(printable(found.path), found.aspect.value, found.left, found.right) for found in shown]
    return tabulate(rows, headers=("path", "aspect", left, right), disable_numparse=True)


def records(shown: list[Difference], left: str, right: str) -> list[dict[str, str]]:
    """Differences for programs."""
    return [
        {"path": printable(found.path), "aspect": found.aspect.value, left: found.left, right: found.right}
        for found in shown
    ]


def left_out(tally: Tally) -> list[tuple[LeftOut, int]]:
    """What was not compared and how often, in a fixed order."""
    return [(reason, tally.left_out[reason]) for reason in LeftOut if tally.left_out[reason]]


def left_out_records(tally: Tally) -> list[dict[str, Any]]:
    """What was not compared, for programs."""
    return [
        {"what": reason.name.lower(), "count": number, "text": reason.text(number)}
        for reason, number in left_out(tally)
    ]
