"""Our own File daemon as a process, for one command."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from fdsim.cli.mocks import Target
from fdsim.cli.serve import READY
from fdsim.dird.director import Director
from fdsim.net.errors import ConnectFailed

_START: Final = 20.0
"""Seconds until it must be ready."""
_STOP: Final = 15.0
"""Seconds in which it must end when told to."""
_SHOWN: Final = 20
"""How many of its last lines are shown if it does not start."""
_HOST: Final = "127.0.0.1"
_DIRECTOR: Final = "fdsim-dir"
_CONFIGURATION: Final = """\
Director {{
  Name = {director}
  Password = "{password}"
}}
FileDaemon {{
  Name = fdsim-fd
  FDAddress = {host}
  WorkingDirectory = "{directory}"
  Pid Directory = "{directory}"
}}
Messages {{
  Name = Standard
  director = {director} = all, !skipped, !restored, !saved
}}
"""


@contextmanager
def own_file_daemon(directory: Path, timeout: float) -> Iterator[Target]:
    """Run our File daemon, with a configuration that is written into ``directory`` for it.

    Args:
        directory: an existing directory for its files.
        timeout: as in ``Target``.

    Raises:
        ConnectFailed: it did not start; what it said goes to standard error.
    """
    password = secrets.token_urlsafe()
    file = directory / "bacula-fd.conf"
    # Nobody else may read the password.
    file.touch(mode=0o600)
    quoted = str(directory).replace("\\", "\\\\").replace('"', '\\"')
    text = _CONFIGURATION.format(director=_DIRECTOR, password=password, host=_HOST, directory=quoted)
    file.write_bytes(os.fsencode(text))
    command = [sys.executable, "-m", "fdsim", "serve", "fd", "-c", str(file), "--port", "0"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None  # noqa: S101 - it is a pipe, as was asked for
        output = _Output(process.stderr)
        try:
            yield Target(Director(_DIRECTOR, password), _HOST, output.port(), timeout)
        finally:
            ended_early = process.poll() is not None
            process.terminate()
            try:
                process.wait(_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
            output.join()
            if ended_early or not output.ready:
                print(f"our File daemon ended with the status {process.returncode} and said:", file=sys.stderr)
                print(output.text(), file=sys.stderr)


class _Output:
    """Reads what the daemon writes to standard error, so that it never waits for us."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream: Final = stream
        self._lines: deque[str] = deque(maxlen=_SHOWN)
        self._port: int | None = None
        self._known = threading.Event()
        self._thread = threading.Thread(target=self._read, name="File daemon's output")
        self._thread.start()

    def port(self) -> int:
        """The port on which it listens (ConnectFailed if it never says so)."""
        in_time = self._known.wait(_START)
        if self._port is None:
            what = "ended before it was ready" if in_time else f"was not ready within {_START:g} s"
            raise ConnectFailed(f"our File daemon {what}")
        return self._port

    @property
    def ready(self) -> bool:
        """Whether it has said where it listens."""
        return self._port is not None

    def text(self) -> str:
        """Its last lines."""
        return "\n".join(self._lines)

    def join(self) -> None:
        """Wait until there is no more."""
        self._thread.join()

    def _read(self) -> None:
        for line in self._stream:
            self._lines.append(line.rstrip("\n"))
            if line.startswith(READY):
                self._port = int(line.rpartition(":")[2])
                self._known.set()
        self._known.set()
