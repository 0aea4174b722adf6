"""One daemon as a child process: started, awaited, stopped, and never left behind.

Readiness is read from the kernel's table of listening sockets. A trial connection would be simpler, but a real File
daemon answers it with a security alert that it delivers into the log of the next job.

Each daemon leads a process group of its own, beside a guard: a shell that blocks on a pipe from us and kills that group
when the pipe breaks. So nothing outlives a test run, not even one that was killed or left by ``os._exit``.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from fdsim.oracles.errors import DaemonError
from fdsim.oracles.ports import Endpoint, is_listening

START_SECONDS = 15.0
STOP_SECONDS = 10.0

# A Director does not end while a job runs, and whoever looks for a failure has better things to wait for.
_HURRIED_STOP_SECONDS = 3.0
_POLL_SECONDS = 0.01
_REAP_SECONDS = 5.0
_TAIL_LINES = 30
_GUARD = 'read -r _ || kill -s KILL -- "-$0"'
# The daemons translate their messages, and messages are what tests look at.
_LOCALE = {"LC_ALL": "C.UTF-8", "LANGUAGE": ""}


def program_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment in which the real programs speak English, with ``extra`` on top."""
    return {**os.environ, **_LOCALE, **(extra or {})}


class Daemon:
    """A daemon that stays in the foreground and listens on a port; also a context manager.

    Leaving the ``with`` block raises DaemonError when the daemon had ended by itself or had to be killed; where another
    exception is on its way, that finding becomes a note of it.

    Args:
        name: what error messages call it.
        argv: the command line.
        endpoint: where it will listen.
        log: the file that its standard output and error are appended to.
        environment: variables on top of our own.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        endpoint: Endpoint,
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self.log = log
        self._argv = list(argv)
        self._environment = program_environment(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._told_to_end = False

    @property
    def pid(self) -> int | None:
        """The process id, from ``start`` to ``stop``."""
        return self._process.pid if self._process else None

    def start(self, timeout: float = START_SECONDS) -> None:
        """Start the daemon and wait until its port accepts connections.

        Raises:
            DaemonError: it ended, or did not listen within ``timeout`` seconds; nothing of it is left then.
        """
        if self._process:
            raise DaemonError(f"{self.name} is running already")
        self._process = self._spawn()
        self._told_to_end = False
        try:
            self._guard = _spawn_guard(self._process.pid)
            self._await_port(self._process, timeout)
        except BaseException:
            self._reap(self._process)
            raise

    def terminate(self) -> None:
        """Ask the daemon to end, without waiting: several that end at a time take no longer than the slowest.

        It is asked once only, because a real daemon breaks its orderly end off at a second SIGTERM.
        """
        if self._process and not self._told_to_end and not _ends(self._process, 0):
            self._told_to_end = True
            os.kill(self._process.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End the daemon at once and on purpose, as a power failure does."""
        if self._process:
            self._reap(self._process)

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """End the daemon and all that it started; nothing is done where it does not run.

        Raises:
            DaemonError: it had ended by itself, or had to be killed ``timeout`` seconds after SIGTERM. Nothing of it is
                left all the same.
        """
        if complaint := self._stop(timeout):
            raise DaemonError(complaint)

    def output(self, lines: int = _TAIL_LINES) -> str:
        """The last ``lines`` lines of what the daemon wrote to its standard output and error."""
        return "\n".join(self.log.read_text("utf-8", "surrogateescape").splitlines()[-lines:])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        complaint = self._stop(_HURRIED_STOP_SECONDS if error else STOP_SECONDS)
        if complaint and error:
            error.add_note(complaint)
        elif complaint:
            raise DaemonError(complaint)

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            try:
                return subprocess.Popen(
                    self._argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=self._environment,
                    start_new_session=True,
                )
            except OSError as error:
                raise DaemonError(f"{self.name} cannot be started as {self._argv[0]}: {error.strerror}") from error

    def _await_port(self, process: subprocess.Popen[bytes], timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not is_listening(self.endpoint.port):
            if _ends(process, _POLL_SECONDS):
                raise DaemonError(self._described("ended before it listened"))
            if time.monotonic() > deadline:
                where = f"{self.endpoint.host}:{self.endpoint.port}"
                raise DaemonError(self._described(f"did not listen on {where} within {timeout:g} s"))

    def _stop(self, timeout: float) -> str | None:
        """Stop and reap; what was wrong with the daemon, or None."""
        if not self._process:
            return None
        self.terminate()
        complaint = None
        if not self._told_to_end:
            complaint = "ended by itself"
        elif not _ends(self._process, timeout):
            complaint = f"was killed, having ignored SIGTERM for {timeout:g} s"
        status = self._reap(self._process)
        return self._described(f"{complaint} (status {status})") if complaint else None

    def _reap(self, process: subprocess.Popen[bytes]) -> int:
        # The process is reaped last: until then nobody else can be given the number of its group.
        os.killpg(process.pid, signal.SIGKILL)
        if self._guard:
            self._guard.communicate(b"\n", timeout=_REAP_SECONDS)
        self._process = self._guard = None
        return process.wait(timeout=_REAP_SECONDS)

    def _described(self, complaint: str) -> str:
        return f"{self.name} {complaint}; the end of {self.log}:\n{self.output()}"


def _spawn_guard(group: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, str(group)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _ends(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether the process has ended or ends within ``seconds``; it is not reaped."""
    pidfd = os.pidfd_open(process.pid)
    try:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(pidfd)
