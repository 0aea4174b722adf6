"""The ``fdsim`` command: dispatches to its subcommands and turns errors into exit statuses (see ``exits``).

A subcommand is a module with ``add_parser(subparsers)``, which sets ``run`` to a function from the parsed arguments to
the exit status.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Final

from fdsim import __version__
from fdsim.cli import backup, restore, roundtrip, serve, tree
from fdsim.cli.exits import EPILOG, STATUS_OF, Exit, describe

_SUBCOMMANDS: Final = (roundtrip, backup, restore, serve, tree)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; wrong usage and ``--help`` end it with SystemExit."""
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except KeyboardInterrupt:
        print("fdsim: interrupted", file=sys.stderr)
        return Exit.INTERRUPTED
    except tuple(STATUS_OF) as error:
        print(f"fdsim: {describe(error)}", file=sys.stderr)
        return next(status for kind, status in STATUS_OF.items() if isinstance(error, kind))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fdsim",
        description="Protocol simulator and conformance test suite for the Bacula File daemon.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"fdsim {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for subcommand in _SUBCOMMANDS:
        subcommand.add_parser(subparsers)
    return parser
