from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fdsim.oracles.errors import DaemonError
from fdsim.oracles.ports import Endpoint, is_listening, reserved_endpoints
from fdsim.oracles.process import Daemon

LISTEN = "import signal, socket; listener = socket.create_server(('127.0.0.1', PORT)); print('up', flush=True)\n"
SERVE = LISTEN + "signal.pause()\n"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + LISTEN + "while True: signal.pause()\n"
PARENT = "import os\nif os.fork() == 0:\n    os.execlp('sleep', 'sleep', '300')\n" + SERVE
DIES = "raise SystemExit('no such password')"
DEAF = "import signal; signal.pause()"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with reserved_endpoints(1) as (endpoint,):
        yield endpoint


def daemon_of(program: str, endpoint: Endpoint, tmp_path: Path) -> Daemon:
    argv = [sys.executable, "-S", "-c", program.replace("PORT", str(endpoint.port))]
    return Daemon("Sleeper", argv, endpoint=endpoint, log=tmp_path / "log")


def pid_of(daemon: Daemon) -> int:
    assert daemon.pid is not None
    return daemon.pid


def group_members(group: int) -> list[int]:
    """The processes of a group that are not merely waiting to be reaped."""
    members = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            status = (entry / "stat").read_text("ascii", "replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, _, process_group = status.rpartition(")")[2].split()[:3]
        if int(process_group) == group and state not in "ZX":
            members.append(int(entry.name))
    return members


def wait_until_gone(group: int, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while group_members(group):
        assert time.monotonic() < deadline, f"process group {group} is still there after {seconds} s"
        time.sleep(0.01)


def test_daemon_listens_inside_the_block_and_is_gone_behind_it(endpoint: Endpoint, tmp_path: Path) -> None:
    with daemon_of(SERVE, endpoint, tmp_path) as daemon:
        group = pid_of(daemon)
        assert group_members(group) == [group]
        assert is_listening(endpoint.port)
        daemon.terminate()
        daemon.terminate()

    assert daemon.pid is None
    assert not group_members(group)
    assert not is_listening(endpoint.port)
    assert daemon.output() == "up"


def test_daemon_can_start_again_after_a_kill(endpoint: Endpoint, tmp_path: Path) -> None:
    with daemon_of(SERVE, endpoint, tmp_path) as daemon:
        daemon.kill()
        assert not is_listening(endpoint.port)
        daemon.start()
        assert is_listening(endpoint.port)
        with pytest.raises(DaemonError, match=r"^Sleeper is running already$"):
            daemon.start()
        daemon.kill()


def test_end_before_listening_is_shown_with_its_output(endpoint: Endpoint, tmp_path: Path) -> None:
    with pytest.raises(
        DaemonError, match=r"(?s)^Sleeper ended before it listened; the end of .*log:\nno such password$"
    ):
        daemon_of(DIES, endpoint, tmp_path).start()


def test_program_that_does_not_exist(endpoint: Endpoint, tmp_path: Path) -> None:
    daemon = Daemon("Sleeper", ["/nowhere/sleeper"], endpoint=endpoint, log=tmp_path / "log")

    with pytest.raises(
        DaemonError, match=r"^Sleeper cannot be started as /nowhere/sleeper: No such file or directory$"
    ):
        daemon.start()

    daemon.stop()


def test_daemon_that_never_listens_is_not_waited_for_longer_than_asked(endpoint: Endpoint, tmp_path: Path) -> None:
    daemon = daemon_of(DEAF, endpoint, tmp_path)

    with pytest.raises(DaemonError, match=rf"^Sleeper did not listen on 127\.0\.0\.1:{endpoint.port} within 0\.3 s;"):
        daemon.start(timeout=0.3)

    assert daemon.pid is None


def test_daemon_that_ignores_sigterm_is_killed_and_reported(endpoint: Endpoint, tmp_path: Path) -> None:
    daemon = daemon_of(STUBBORN, endpoint, tmp_path)
    daemon.start()

    with pytest.raises(DaemonError, match=r"^Sleeper was killed, having ignored SIGTERM for 0\.2 s \(status -9\);"):
        daemon.stop(timeout=0.2)

    assert not is_listening(endpoint.port)


def crash(daemon: Daemon, error: Exception | None = None) -> None:
    with daemon:
        os.kill(pid_of(daemon), signal.SIGABRT)
        os.waitid(os.P_PID, pid_of(daemon), os.WEXITED | os.WNOWAIT)
        if error:
            raise error


def test_daemon_that_ended_by_itself_is_reported(endpoint: Endpoint, tmp_path: Path) -> None:
    with pytest.raises(DaemonError, match=r"^Sleeper ended by itself \(status -6\); the end of .*log:\nup$"):
        crash(daemon_of(SERVE, endpoint, tmp_path))


def test_exception_on_its_way_keeps_its_place(endpoint: Endpoint, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError) as failure:
        crash(daemon_of(SERVE, endpoint, tmp_path), ZeroDivisionError())

    assert failure.value.__notes__[0].startswith("Sleeper ended by itself (status -6)")


def test_what_a_daemon_started_goes_with_it(endpoint: Endpoint, tmp_path: Path) -> None:
    with daemon_of(PARENT, endpoint, tmp_path) as daemon:
        group = pid_of(daemon)
        assert len(group_members(group)) == 2

    wait_until_gone(group)


def test_daemon_does_not_outlive_us_when_we_are_killed(endpoint: Endpoint, tmp_path: Path) -> None:
    harness = f"""
import signal, sys
from pathlib import Path
from fdsim.oracles.ports import Endpoint
from fdsim.oracles.process import Daemon
daemon = Daemon("Sleeper", [sys.executable, "-S", "-c", {SERVE.replace("PORT", str(endpoint.port))!r}],
                endpoint=Endpoint(*{tuple(endpoint)!r}), log=Path({str(tmp_path / "log")!r}))
daemon.start()
print(daemon.pid, flush=True)
signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", harness], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            group = int(process.stdout.readline())
            assert group_members(group) == [group]
        finally:
            process.kill()

    wait_until_gone(group)


def test_messages_are_english(endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("LANGUAGE", "de")
    program = (
        "import os; print(os.environ['LC_ALL'], os.environ['LANGUAGE'], os.environ['EXTRA'], flush=True)\n" + SERVE
    )
    argv = [sys.executable, "-S", "-c", program.replace("PORT", str(endpoint.port))]

    with Daemon("Sleeper", argv, endpoint=endpoint, log=tmp_path / "log", environment={"EXTRA": "one"}) as daemon:
        assert daemon.output().splitlines()[0] == "C.UTF-8  one"
