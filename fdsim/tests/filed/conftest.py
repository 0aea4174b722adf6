"""A File daemon in this process, for scripted peers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from fdsim.config.addresses import Address
from fdsim.config.fd import Director, FileDaemon, FileDaemonConfiguration, Messages
from fdsim.config.messages import TYPES_OF_ALL, Destination
from fdsim.filed.daemon import FileDaemon as Daemon
from fdsim.filed.session import Settings
from fdsim.files.host import REAL, Host
from fdsim.tests.filed.peers import PASSWORD


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Starts a File daemon; every one is stopped at the end, and must be able to."""
    with ExitStack() as running:

        def start_one(host: Host = REAL, timeout: float = 5.0, pause: float = 0.0, **directives: object) -> Daemon:
            resource = FileDaemon(
                "test-fd", tmp_path, tmp_path, addresses=(Address("127.0.0.1", 0),), sd_connect_timeout=0.0
            )
            configuration = FileDaemonConfiguration(
                replace(resource, **directives),  # type: ignore[arg-type] # the directives of any one test
                (Director("test-dir", PASSWORD), Director("monitor-dir", PASSWORD, monitor=True)),
                (Messages("Standard", (Destination("director", ("test-dir",), TYPES_OF_ALL),)),),
            )
            daemon = Daemon(configuration, Settings(timeout=timeout, reject_pause=pause, close_pause=pause, host=host))
            daemon.start()
            running.callback(lambda: _stop(daemon))
            return daemon

        yield start_one


def _stop(daemon: Daemon) -> None:
    assert daemon.stop(), "a session did not end"
