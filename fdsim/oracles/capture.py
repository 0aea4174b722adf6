"""Records conversations of real daemons as fixtures: ``python -m fdsim.oracles.capture [DIRECTORY]``.

A relay stands between Director and File daemon and another between File daemon and Storage daemon. Each scenario leaves
three files: the packets (``.pcap``), an annotated transcript (``.txt``) and what they are of (``.json``). Tests read
them to see what real daemons said, so everything that is in them is made up: names, passwords, and the tree that is
saved, which lies at a fixed place.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Self

from fdsim.net.relay import Relay
from fdsim.net.tap import PcapFile, Recorder, Tee, TranscriptFile
from fdsim.oracles.capture_scenarios import CLIENT, SCENARIOS, SETTINGS, Bench, Scenario, Settings, filesets
from fdsim.oracles.daemons import file_daemon
from fdsim.oracles.errors import LabTimeout, OracleError
from fdsim.oracles.installation import Installation, find_bacula96
from fdsim.oracles.lab import Lab, running_lab
from fdsim.oracles.ports import Endpoint
from fdsim.oracles.sample_tree import build_sample_tree
from fdsim.wire.conversation import Conversation, Link
from fdsim.wire.events import Event, Kind
from fdsim.wire.roles import Role

ROOT: Final = Path("/srv/fdsim-lab")
"""Where the tree, the restored files and the lab lie; their paths are in the captures."""

_RELAYED_STORAGE_HOST: Final = "127.0.0.2"
"""Where the File daemon finds the Storage daemon; the Director goes there directly."""
_SETTLE_SECONDS: Final = 30.0


class Capture:
    """The files of one scenario while it is recorded."""

    def __init__(self, directory: Path, scenario: Scenario, installation: Installation) -> None:
        self._path = directory / scenario.name
        self._about: dict[str, Any] = {
            "daemons": "Bacula",
            "version": installation.version,
            "scenario": scenario.name,
            "description": scenario.description,
            "fd_password": SETTINGS[scenario.settings].fd.passwords.fd,
            "date": datetime.now(UTC).date().isoformat(),
        }
        header = [f"{name}: {value}" for name, value in self._about.items()]
        self._transcript = TranscriptFile(self._path.with_suffix(".txt"), header=header, clock=None)
        self._packets = PcapFile(self._path.with_suffix(".pcap"))
        self._links: list[str] = []
        self._changed = threading.Condition()
        self._open = 0
        self._seen: set[Kind] = set()

    def tap(self, link: Link) -> Recorder:
        """The recorder of one more connection."""
        with self._changed:
            self._links.append(link.name)
            self._open += len(link.roles)
            # All at once, so that a connection has the same number everywhere.
            return Tee(self._transcript.tap(link), self._packets.tap(link), _Watcher(link, self._note))

    def wait_for(self, kind: Kind) -> None:
        """Wait until a frame of this kind has passed.

        Raises:
            LabTimeout: none did.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: kind in self._seen, _SETTLE_SECONDS):
                raise LabTimeout(f"no {kind.value} passed within {_SETTLE_SECONDS:g} s")

    def settle(self) -> None:
        """Wait until all connections are closed.

        Raises:
            LabTimeout: one is not.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._open == 0, _SETTLE_SECONDS):
                raise LabTimeout(f"a connection is still open after {_SETTLE_SECONDS:g} s")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._transcript.close()
        self._packets.close()
        about = {**self._about, "connections": self._links}
        self._path.with_suffix(".json").write_text(json.dumps(about, indent=2) + "\n", "utf-8")

    def _note(self, events: list[Event]) -> None:
        with self._changed:
            for event in events:
                self._seen.add(event.kind)
                self._open -= event.kind in {Kind.CLOSED, Kind.BROKEN}
            self._changed.notify_all()


class _Watcher:
    """A recorder that passes on what it understands."""

    def __init__(self, link: Link, note: Callable[[list[Event]], None]) -> None:
        self._conversation = Conversation(link)
        self._note = note

    def __call__(self, sender: Role, data: bytes) -> None:
        self._note(self._conversation.feed(sender, data))

    def end(self, sender: Role) -> None:
        self._note(self._conversation.end(sender))


class _Lines:
    """The relays of a lab; what passes belongs to the capture of the moment."""

    def __init__(self) -> None:
        self.capture: Capture | None = None
        self._problems: list[str] = []

    def recorder(self, link: Link) -> Recorder:
        """For one more connection."""
        if self.capture is None:
            self._problems.append(f"the {link.roles[0].title} connected while nothing was recorded")
            return Tee()
        return self.capture.tap(link)

    @contextmanager
    def laid(self, lab: Lab) -> Iterator[None]:
        """Put the relays between the daemons."""
        storage = lab.storage.endpoint
        with (
            Relay(Link.DIRECTOR, lab.fd_endpoints[CLIENT], lambda: self.recorder(Link.DIRECTOR)) as to_client,
            Relay(
                Link.STORAGE,
                storage,
                lambda: self.recorder(Link.STORAGE),
                listen=(_RELAYED_STORAGE_HOST, storage.port),
            ) as to_storage,
        ):
            lab.route_client(CLIENT, Endpoint(lab.fd_endpoints[CLIENT].host, to_client.port))
            lab.route_client_storage(CLIENT, _RELAYED_STORAGE_HOST)
            yield
            if problems := [*self._problems, *to_client.problems, *to_storage.problems]:
                raise OracleError("; ".join(problems))


def record(
    installation: Installation, directory: Path, *, root: Path = ROOT, scenarios: Iterable[Scenario] = SCENARIOS
) -> None:
    """Record scenarios.

    Args:
        installation: the daemons.
        directory: where the captures go.
        root: an empty or missing directory for tree, restored files and lab; it is removed when all went well.
        scenarios: what to record; some need what an earlier one with the same settings left.

    Raises:
        OracleError: ``root`` is not empty, or a daemon or job failed in a way that is none of the scenario's.
    """
    root.mkdir(parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise OracleError(f"{root} is not empty, perhaps after a recording that failed: look at it and remove it")
    directory.mkdir(parents=True, exist_ok=True)
    for settings, group in groupby(scenarios, lambda scenario: scenario.settings):
        tree = root / "tree"
        build_sample_tree(tree)
        _next_second()
        with _running(root, tree, installation, SETTINGS[settings]) as lab:
            bench, lines = Bench(lab, tree, root / "restored"), _Lines()
            with lines.laid(lab):
                for scenario in group:
                    print(scenario.name)
                    with Capture(directory, scenario, installation) as lines.capture:
                        scenario.run(bench, lines.capture)
                        lines.capture.settle()
                    lines.capture = None
                    _next_second()
        shutil.rmtree(root)


@contextmanager
def _running(root: Path, tree: Path, installation: Installation, settings: Settings) -> Iterator[Lab]:
    """A lab, and its File daemon with a configuration of its own."""
    home = root / "lab"
    with (
        running_lab(home, installation, filesets=filesets(tree), fds={CLIENT: None}, options=settings.lab) as lab,
        file_daemon(installation.file_daemon, root / "fd", lab.fd_endpoints[CLIENT], settings.fd),
    ):
        yield lab


def _next_second() -> None:
    """Wait until what was changed on disk lies in the past: Bacula compares times in whole seconds (DIR-SEL-50)."""
    now = int(time.time())
    while int(time.time()) <= now + 1:
        time.sleep(0.05)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m fdsim.oracles.capture", description="Record conversations of real daemons. Needs root."
    )
    parser.add_argument(
        "directory", nargs="?", type=Path, default=Path("fixtures/captures"), help="where to (default: %(default)s)"
    )
    directory = parser.parse_args(arguments).directory
    try:
        installation = find_bacula96()
        record(installation, directory / f"bacula-{installation.version}")
    except (OracleError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
