"""``fdsim serve``: run a daemon in the foreground."""

from __future__ import annotations

import argparse
import gc
import logging
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

from fdsim.config.fd import FileDaemonConfiguration, load
from fdsim.filed.daemon import FileDaemon
from fdsim.filed.session import Settings

log = logging.getLogger(__name__)

_COLLECT_EVERY = 50_000
"""How many more containers may be made than dropped before cycles are looked for."""

READY = "listening on "
"""What the readiness line on standard error starts with; address and port follow."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its daemons."""
    parser = subparsers.add_parser("serve", help="run a daemon in the foreground", description=__doc__)
    daemons = parser.add_subparsers(title="daemons", required=True, metavar="DAEMON")
    fd = daemons.add_parser(
        "fd",
        help="the File daemon",
        description="Run the File daemon with a bacula-fd.conf until SIGTERM or SIGINT. "
        "When it accepts connections it says 'listening on HOST:PORT' on standard error.",
    )
    fd.add_argument(
        "-c", "--config", type=Path, required=True, metavar="FILE", help="the configuration, a bacula-fd.conf"
    )
    fd.add_argument(
        "--timeout",
        type=float,
        default=Settings().timeout,
        metavar="SECONDS",
        help="give a silent peer up after this time (default: %(default)g)",
    )
    fd.add_argument(
        "--port",
        type=int,
        metavar="PORT",
        help="listen on this port instead of the configured one; 0 lets the system choose",
    )
    fd.add_argument("-v", "--verbose", action="store_true", help="log every session, not only troubles")
    fd.set_defaults(run=run_fd)


def run_fd(arguments: argparse.Namespace) -> int:
    """Run the File daemon; returns when it is told to end."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if arguments.verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    configuration = load(arguments.config)
    if arguments.port is not None:
        configuration = _on_port(configuration, arguments.port)
    for ignored in configuration.without_effect:
        log.warning("%s", ignored)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    # What records leave behind has no cycles and goes by itself: looking for cycles as often as usual only costs time.
    gc.freeze()
    gc.set_threshold(_COLLECT_EVERY)
    daemon = FileDaemon(configuration, Settings(timeout=arguments.timeout))
    daemon.start()
    host = configuration.file_daemon.addresses[0].host
    print(f"{READY}{host}:{daemon.port}", file=sys.stderr, flush=True)
    ended.wait()
    if not daemon.stop():
        log.error("a session did not end in time")
        return 1
    return 0


def _on_port(configuration: FileDaemonConfiguration, port: int) -> FileDaemonConfiguration:
    addresses = tuple(replace(address, port=port) for address in configuration.file_daemon.addresses)
    return replace(configuration, file_daemon=replace(configuration.file_daemon, addresses=addresses))
