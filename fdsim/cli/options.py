"""Options that several subcommands share."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fdsim.cli.exits import UsageError
from fdsim.cli.mocks import Target
from fdsim.dird.director import Director

PASSWORD_VARIABLE: Final = "FDSIM_PASSWORD"  # noqa: S105 - the name of a variable, not a password
SIGNATURES: Final = {"MD5": "M", "SHA1": "S", "SHA256": "S2", "SHA512": "S3", "none": ""}
"""Digests by name, with the option letters that ask for them (DIR-OPT-19, DIR-OPT-26)."""

_FD_PORT: Final = 9102


def add_target(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which File daemon to talk to and as whom."""
    target = parser.add_argument_group("File daemon")
    target.add_argument(
        "--connect",
        type=_endpoint,
        required=True,
        metavar="HOST:PORT",
        help=f"where it listens (default port: {_FD_PORT})",
    )
    target.add_argument(
        "--director", required=True, metavar="NAME", help="the name of a Director that its configuration knows"
    )
    password = target.add_mutually_exclusive_group()
    password.add_argument("--password", help=f"that Director's password there; safer: {PASSWORD_VARIABLE}, or a file")
    password.add_argument("--password-file", type=Path, metavar="FILE", help="a file whose first line is the password")
    target.add_argument(
        "--storage-address",
        metavar="ADDRESS",
        help="the address of this machine at which the File daemon finds our Storage daemon "
        "(default: the one that the connection to it has on this side)",
    )
    target.add_argument(
        "--timeout",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="give up when nothing has moved for this time (default: %(default)g)",
    )


def add_signature(parser: argparse.ArgumentParser) -> None:
    """Add the option for the digest."""
    parser.add_argument(
        "--signature", choices=SIGNATURES, default="MD5", help="digest saved with each file (default: %(default)s)"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option for programs."""
    parser.add_argument(
        "--json", action="store_true", help="print a JSON object; job messages go to standard error then"
    )


def target_of(arguments: argparse.Namespace) -> Target:
    """The File daemon that the options of ``add_target`` name (UsageError if there is no password)."""
    host, port = arguments.connect
    return Target(
        Director(arguments.director, _password(arguments, os.environ)),
        host,
        port,
        timeout=arguments.timeout,
        storage_address=arguments.storage_address,
    )


def _password(arguments: argparse.Namespace, environment: Mapping[str, str]) -> str:
    given: str | None = arguments.password
    if given is not None:
        return given
    file: Path | None = arguments.password_file
    if file is not None:
        lines = file.read_text("utf-8", "surrogateescape").splitlines()
        if not lines:
            raise UsageError(f"{file} is empty: its first line should be the password")
        return lines[0]
    if PASSWORD_VARIABLE in environment:
        return environment[PASSWORD_VARIABLE]
    raise UsageError(f"no password: use --password-file FILE, --password TEXT or the variable {PASSWORD_VARIABLE}")


def _endpoint(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, str(_FD_PORT)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form HOST:PORT")
    return host, int(port)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds
