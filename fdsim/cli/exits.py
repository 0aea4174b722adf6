"""What the exit status of ``fdsim`` means, and which error leads to which."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from fdsim.config.errors import ConfigError
from fdsim.files.tree_side import UnusableRootError
from fdsim.net.errors import NetworkError
from fdsim.stored.errors import ArchiveError
from fdsim.wire.errors import ProtocolError


class Exit(IntEnum):
    """The exit statuses of every subcommand; argparse uses that for wrong usage, too."""

    OK = 0
    FAILED = 1
    """The job did not end well, or the trees differ."""
    USAGE = 2
    """Wrong usage or configuration, or a file of this machine that cannot be read or written."""
    NETWORK = 3
    """A peer could not be reached, went away, was silent, or does not keep to the protocol."""
    INTERRUPTED = 130


class UsageError(Exception):
    """The command line asks for what cannot be done; the text says what to do instead."""


STATUS_OF: Final[dict[type[Exception], Exit]] = {
    UsageError: Exit.USAGE,
    ConfigError: Exit.USAGE,
    ArchiveError: Exit.USAGE,
    OSError: Exit.USAGE,
    UnusableRootError: Exit.USAGE,
    NetworkError: Exit.NETWORK,
    ProtocolError: Exit.NETWORK,
}
"""Errors that end the command with one line instead of a traceback. No class is a subclass of another one here."""

EPILOG: Final = (
    f"exit status: {Exit.OK:d} fine; {Exit.FAILED:d} the job did not end well, or trees differ; "
    f"{Exit.USAGE:d} wrong usage or configuration, or an unusable file; {Exit.NETWORK:d} network or protocol failure; "
    f"{Exit.INTERRUPTED:d} interrupted"
)


def describe(error: Exception) -> str:
    """An error as one line for people."""
    if isinstance(error, OSError) and error.strerror:
        names = [str(name) for name in (error.filename, error.filename2) if name is not None]
        return ": ".join([*names, error.strerror])
    return " ".join(str(error).split()) or type(error).__name__
