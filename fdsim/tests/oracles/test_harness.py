"""The baseline: a real Director, Storage daemon and File daemon back up and restore through the harness.

What these tests state about the real File daemon is what tests of ours compare with.
"""

from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from fdsim.net.relay import Relay
from fdsim.oracles.daemons import file_daemon, storage_daemon
from fdsim.oracles.errors import DaemonError, LabError, LabTimeout
from fdsim.oracles.installation import Command, Installation
from fdsim.oracles.lab import Lab, running_lab
from fdsim.oracles.ports import Endpoint, is_listening, reserved_endpoints
from fdsim.oracles.settings import Extra, FileSet, Options
from fdsim.tests.oracles.trees import YEAR_1960, YEAR_2150, make_special_tree
from fdsim.wire.conversation import Link
from fdsim.wire.roles import Role

pytestmark = [pytest.mark.oracle, pytest.mark.root]

NONE = "0"
DIGESTS = {
    b"": NONE,
    b"dangling": NONE,
    b"deep/": NONE,
    b"deep/er/": NONE,
    b"deep/er/file": "Gzha/9ettaYoP+8pK13w9w",
    b"empty": "1B2M2Y8AsgTpgAmY7PhCfg",
    b"empty-0400": "1B2M2Y8AsgTpgAmY7PhCfg",
    b"empty-directory/": NONE,
    b"fifo": NONE,
    b"latin-1-\xe9": "JqsNuQ1y4orQuh4i7lEFEA",
    b"linked-1": "bs6ckFk2Vfh5rr7ol0nyKA",
    b"linked-2": "bs6ckFk2Vfh5rr7ol0nyKA",
    b"linked-symlink-1": NONE,
    b"linked-symlink-2": NONE,
    b"mode-0": "3QLHwiMnWYdOHCBVhwF77Q",
    b"n" * 255: "bX/On+5HEZSqi1tuRyZ/Aw",
    b"new\nline": "sCYyTGkEsqnLS4jW1hyB0Q",
    b"null": NONE,
    b"regular": "Q6xEUkk4EkPys3PoLwrzSA",
    b"setuid": "PisxxyGBuHFJ/5lecgLA4w",
    b"size-65535": "ImhuumVEHNwXlfJ23N1ORQ",
    b"size-65536": "4re2DdsOIwooDtV2GXQHOg",
    b"size-65537": "VMu4WeCM4XvhPt6yntebFQ",
    b"sticky/": NONE,
    b"symlink": NONE,
    b"year-1960": "SKJLcKCzdlNVQrmWr1FzmA",
    b"year-2150": "HcyiM1UnIFbwT+i/IO384A",
}
"""What a real File daemon records of the special tree; it skips the socket."""
CONTENT_BYTES = 196_653


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("special") / "tree"
    make_special_tree(root)
    return root


@pytest.fixture(scope="module")
def lab(bacula96: Installation, start_lab: Callable[..., Lab], tree: Path) -> Lab:
    real = bacula96.file_daemon
    filesets = [FileSet("Tree", (tree,)), FileSet("Part", (tree / "deep",), (tree / "deep/er/file",))]
    return start_lab(bacula96, fds={"real": real, "second": real, "absent": None}, filesets=filesets)


def test_special_tree_is_recorded_with_every_name_and_digest(lab: Lab, tree: Path) -> None:
    job = lab.run_backup("Tree", "real")

    assert job.status == "T", job.log
    assert (job.name, job.client, job.type, job.level) == ("Tree-real", "real", "B", "F")
    assert (job.files, job.bytes, job.errors) == (len(DIGESTS), CONTENT_BYTES, 0)
    assert "Termination:            Backup OK" in job.log
    assert "Termination:            Backup OK" in lab.job_log()
    records = lab.files(job.jobid)
    prefix = bytes(tree) + b"/"
    assert {record.path.removeprefix(prefix): record.digest for record in records} == DIGESTS
    assert [record.file_index for record in records] == list(range(1, len(DIGESTS) + 1))


def test_another_real_client_records_the_very_same(lab: Lab) -> None:
    jobs = [lab.start_backup("Tree", client) for client in ("real", "second")]

    first, second = (lab.wait(job) for job in jobs)

    assert (first.status, second.status) == ("T", "T"), first.log + second.log
    assert lab.files(first.jobid) == lab.files(second.jobid)


def test_special_tree_is_restored(lab: Lab, tree: Path, tmp_path: Path) -> None:
    backup = lab.run_backup("Tree", "real")

    restored = lab.restore(backup.jobid, tmp_path / "out", "second")

    assert restored.status == "T", restored.log
    assert (restored.type, restored.client, restored.files) == ("R", "second", len(DIGESTS))
    copy = tmp_path / "out" / tree.relative_to("/")
    assert sorted(os.listdir(bytes(copy))) == sorted(name for name in os.listdir(bytes(tree)) if name != b"socket")
    assert (copy / "linked-1").samefile(copy / "linked-2")
    assert (copy / "size-65537").read_bytes() == b"c" * 65537
    assert (copy / "linked-symlink-2").readlink() == Path("regular")
    assert (copy / "null").lstat().st_rdev == os.makedev(1, 3)
    assert stat.S_ISFIFO((copy / "fifo").lstat().st_mode)
    assert stat.S_IMODE((copy / "setuid").lstat().st_mode) == 0o4755
    assert stat.S_IMODE((copy / "mode-0").lstat().st_mode) == 0
    assert (copy / "year-1960").lstat().st_mtime == YEAR_1960
    assert (copy / "year-2150").lstat().st_mtime == YEAR_2150


def test_excluded_file_is_left_out(lab: Lab, tree: Path) -> None:
    job = lab.run_backup("Part", "real")

    assert [record.path for record in lab.files(job.jobid)] == [bytes(tree) + b"/deep/er/", bytes(tree) + b"/deep/"]


def test_incremental_after_a_full_backup_has_nothing_to_do(lab: Lab) -> None:
    lab.run_backup("Part", "second")

    job = lab.run_backup("Part", "second", level="Incremental")

    assert (job.status, job.level, job.files) == ("T", "I", 0), job.log


def test_client_reports_its_status(lab: Lab) -> None:
    status = lab.status_client("second")

    assert "lab-fd Version: 9.6.7 (10 December 2020)" in status
    assert "Running Jobs:" in status


def test_starting_leaves_no_trace_in_the_logs(lab: Lab) -> None:
    # A real File daemon delivers "Security Alert" into the next job's log where someone connects and says nothing.
    assert "Alert" not in lab.job_log()
    assert lab.daemon_log() == ""


def test_waiting_ends_in_time_and_can_be_resumed(lab: Lab) -> None:
    job = lab.start_backup("Part", "real")

    with pytest.raises(LabTimeout, match=rf"^job {job} has status [CR] after 0.2 s:\n"):
        lab.wait(job, timeout=0.2)

    assert lab.wait(job).status == "T"


class Heard:
    """What the caller of a relayed connection said."""

    def __init__(self) -> None:
        self.calls = b""

    def __call__(self, sender: Role, data: bytes) -> None:
        if sender is not Role.STORAGE_DAEMON:
            self.calls += data

    def end(self, sender: Role) -> None:
        pass


def test_relays_stand_between_the_daemons(lab: Lab) -> None:
    to_fd, to_sd, fd_to_sd = Heard(), Heard(), Heard()
    with (
        Relay(Link.DIRECTOR, lab.fd_endpoints["real"], lambda: to_fd) as client,
        Relay(Link.STORAGE, lab.storage.endpoint, lambda: to_sd) as storage,
        Relay(Link.STORAGE, lab.storage.endpoint, lambda: fd_to_sd, listen=("127.0.0.2", storage.port)),
    ):
        lab.route_client("absent", Endpoint("127.0.0.1", client.port))
        lab.route_storage(Endpoint("127.0.0.1", storage.port))
        lab.route_client_storage("absent", "127.0.0.2")

        job = lab.run_backup("Part", "absent")

        lab.route_storage(lab.storage.endpoint)
        lab.route_client("absent", lab.fd_endpoints["absent"])
    assert job.status == "T", job.log
    assert b"Hello Director lab-dir calling" in to_fd.calls
    assert b"Hello SD: Bacula Director lab-dir calling" in to_sd.calls
    assert b"Hello Bacula SD: Start Job Part-absent." in fd_to_sd.calls
    assert b"Start Job" not in to_sd.calls


@pytest.mark.parametrize(
    ("fileset", "client", "message"),
    [
        ("Nothing", "real", "the Director queued no job on 'run job=Nothing-real level=Full yes'"),
        ("Tree", "nobody", "nobody was named, and the clients are real, second, absent"),
        ("Tree", None, "no client was named, and the clients are real, second, absent"),
    ],
)
def test_refused_backup_says_why(lab: Lab, fileset: str, client: str | None, message: str) -> None:
    with pytest.raises(LabError, match=message):
        lab.run_backup(fileset, client)


def test_restore_of_an_unknown_job_is_refused(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="the catalog has no job 4711"):
        lab.restore(4711, tmp_path)


def test_nothing_is_left_when_a_test_fails_in_the_middle(bacula96: Installation, tree: Path, tmp_path: Path) -> None:
    daemons: list[tuple[int | None, int]] = []

    def fail() -> None:
        with running_lab(tmp_path, bacula96, filesets=[FileSet("Tree", (tree,))]) as lab:
            daemons.extend((daemon.pid, daemon.endpoint.port) for daemon in lab.daemons)
            lab.start_backup("Tree")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert len(daemons) == 3
    assert not [pid for pid, _ in daemons if Path(f"/proc/{pid}").exists()]
    assert not [port for _, port in daemons if is_listening(port)]


def test_error_in_a_configuration_is_shown_as_the_daemon_puts_it(
    bacula96: Installation, tree: Path, tmp_path: Path
) -> None:
    options = Options(extra=Extra(sd_device="Sauce = brown"))

    with (
        pytest.raises(
            DaemonError, match=r"(?s)^Storage daemon ended before it listened.*Keyword \"Sauce\" not permitted"
        ),
        running_lab(tmp_path, bacula96, filesets=[FileSet("Tree", (tree,))], options=options),
    ):
        pytest.fail("the lab started")


def test_file_daemon_that_dies_during_a_test_is_reported(bacula96: Installation, tree: Path, tmp_path: Path) -> None:
    def crash() -> None:
        with running_lab(tmp_path, bacula96, filesets=[FileSet("Tree", (tree,))]) as lab:
            pid = lab.fds["real"].pid
            assert pid is not None
            os.kill(pid, signal.SIGSEGV)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    with pytest.raises(DaemonError, match=r"^File daemon real ended by itself \(status -?\d+\)"):
        crash()


@pytest.mark.parametrize("kind", ["file", "storage"])
def test_one_daemon_can_run_alone(bacula96: Installation, tmp_path: Path, kind: str) -> None:
    options = Options(director_compression=False, sd_compression=False, fd_compression=False, heartbeat=5)
    with reserved_endpoints(1) as (endpoint,):
        daemon = (
            file_daemon(bacula96.file_daemon, tmp_path / "fd", endpoint, options)
            if kind == "file"
            else storage_daemon(bacula96, tmp_path / "sd", endpoint, options)
        )
        with daemon, socket.create_connection(endpoint, timeout=5):
            pass


def test_bacula15_works_with_file_daemons_of_both_releases(
    bacula15: Installation, bacula96: Installation, tree: Path, tmp_path: Path
) -> None:
    fds: dict[str, Command | None] = {"new": bacula15.file_daemon, "old": bacula96.file_daemon}
    options = Options(tls_psk=False)
    with running_lab(tmp_path, bacula15, fds=fds, filesets=[FileSet("Tree", (tree,))], options=options) as lab:
        new, old = (lab.run_backup("Tree", client) for client in fds)
        assert (new.status, old.status) == ("T", "T"), new.log + old.log
        records = lab.files(new.jobid)
        assert records == lab.files(old.jobid)
    assert {record.path.removeprefix(bytes(tree) + b"/"): record.digest for record in records} == DIGESTS
    assert "Connected to Storage at 127.0.0.1" in new.log
    assert new.log.count("without encryption") == 3
