"""Ports of the loopback interface that no one else takes between our choosing them and a daemon's binding them.

A TCP port that was found free is free for everybody, and the kernel may give it to the next outgoing connection. So
ports are chosen below the kernel's own range, and each is claimed by binding the *UDP* port of the same number for as
long as the reservation lasts: two labs exclude each other, the daemons use the TCP port undisturbed, and the kernel
drops the claim of a process that dies.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

LOOPBACK = "127.0.0.1"

_PORTS = range(20_000, 32_000)
_ATTEMPTS = 1_000
_LISTEN = "0A"


class Endpoint(NamedTuple):
    """Where a daemon listens, or is reached."""

    host: str
    port: int


@contextmanager
def reserved_endpoints(count: int) -> Iterator[tuple[Endpoint, ...]]:
    """Different free ports on the loopback interface, ours until the block is left.

    Raises:
        OSError: no port was free in a thousand attempts.
    """
    with ExitStack() as claims:
        yield tuple(Endpoint(LOOPBACK, _claim_port(claims)) for _ in range(count))


def _claim_port(claims: ExitStack) -> int:
    for _ in range(_ATTEMPTS):
        port = secrets.choice(_PORTS)
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind((LOOPBACK, port))
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                # A port on which a former daemon's connections linger is free for a daemon.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((LOOPBACK, port))
        except OSError:
            claim.close()
            continue
        claims.enter_context(claim)
        return port
    raise OSError(f"no free port in {_PORTS.start}..{_PORTS.stop - 1} of {LOOPBACK}")


def is_listening(port: int) -> bool:
    """Whether some process of this host listens on the TCP port, found without connecting to it."""
    return any(_listens(Path(table), port) for table in ("/proc/net/tcp", "/proc/net/tcp6"))


def _listens(table: Path, port: int) -> bool:
    suffix = f":{port:04X}"
    if not table.exists():  # a kernel without IPv6
        return False
    with table.open(encoding="ascii") as lines:
        next(lines)
        fields = (line.split(maxsplit=4) for line in lines)
        return any(local.endswith(suffix) and state == _LISTEN for _, local, _, state, _ in fields)
