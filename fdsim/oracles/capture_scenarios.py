"""What ``capture`` records: scenarios in the order in which they run, several in one lab after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from fdsim.oracles.lab import Lab
from fdsim.oracles.settings import Extra, FileSet, Options, Passwords
from fdsim.wire.events import Kind

CLIENT: Final = "real"
PASSWORDS: Final = Passwords(console="console-password", fd="fd-password", sd="sd-password")
"""Known to whoever reads a capture, so that responses to challenges can be checked."""

_TREE, _SLOW, _SCRIPTS, _ACCURATE = "Tree", "Slow", "Scripts", "Accurate"
_SAVED: Final = {
    "Signature": "MD5",
    "ACL Support": "yes",
    "XATTR Support": "yes",
    "Verify": "pins5",
}
_BYTES_PER_SECOND: Final = 1_000
"""Slow enough that what is saved takes longer than the first heartbeat."""


_JOB_SECONDS: Final = 60.0


class Watched(Protocol):
    """What a scenario may ask about the traffic that is recorded."""

    def wait_for(self, kind: Kind) -> None:
        """Wait until a frame of this kind has passed."""


@dataclass
class Bench:
    """What the scenarios of one lab work with."""

    lab: Lab
    tree: Path
    restored: Path
    last_full: int = 0
    """The job of the last full backup in this lab."""


@dataclass(frozen=True)
class Scenario:
    """One capture."""

    name: str
    description: str
    run: Callable[[Bench, Watched], None]
    settings: str = "plain"
    """Which of ``SETTINGS`` its lab has."""


@dataclass(frozen=True)
class Settings:
    """How the daemons of a lab are configured."""

    lab: Options
    """Director and Storage daemon."""
    fd: Options
    """The File daemon."""


def filesets(tree: Path) -> tuple[FileSet, ...]:
    """The FileSets of all labs, each with a Job."""
    missing = tree / "missing"
    return (
        FileSet(_TREE, (tree, missing), (tree / "names/umlaut-\u00e4",), options=_SAVED),
        FileSet(
            _SLOW, (tree,), (tree / "plain/large",), options=_SAVED, job=f"Maximum Bandwidth = {_BYTES_PER_SECOND}"
        ),
        FileSet(
            _ACCURATE, (tree,), (tree / "plain/large",), options={**_SAVED, "Accurate": "mcs5"}, job="Accurate = yes"
        ),
        FileSet(
            _SCRIPTS,
            (tree / "plain",),
            more='Options { WildFile = "*/small"; RegexDir = "x y$"; Exclude = yes }',
            options={**_SAVED, "Compression": "GZIP6", "Sparse": "yes"},
            job=(
                'Client Run Before Job = "echo before %j"\n'
                'Client Run After Job = "/bin/echo after"\n'
                'Run Script { Runs When = Before; Runs On Client = yes; Fail Job On Error = no; Command = "false" }'
            ),
        ),
    )


def _full_backup(bench: Bench, _: Watched) -> None:
    bench.last_full = bench.lab.run_backup(_TREE).jobid


def _restore(bench: Bench, _: Watched) -> None:
    bench.lab.restore(bench.last_full, bench.restored)


def _scripts(bench: Bench, _: Watched) -> None:
    bench.lab.run_backup(_SCRIPTS)


def _status_alone(bench: Bench, _: Watched) -> None:
    bench.lab.status_client()


def _status(bench: Bench, _: Watched) -> None:
    bench.lab.status_client()
    for what in ("header", "running", "terminated"):
        bench.lab.console(f".status client={CLIENT} {what}")


def _estimate(bench: Bench, _: Watched) -> None:
    bench.lab.console(f"estimate job={_TREE}-{CLIENT} listing")


def _settings(bench: Bench, _: Watched) -> None:
    bench.lab.console(f"setdebug level=1 trace=0 client={CLIENT}\nsetdebug level=0 trace=0 client={CLIENT}")
    bench.lab.console(f"setbandwidth limit=100000000 client={CLIENT}")


def _incremental(bench: Bench, _: Watched) -> None:
    (bench.tree / "plain/small").write_bytes(b"hello changed world\n")
    bench.lab.run_backup(_TREE, level="Incremental")


def _accurate(bench: Bench, _: Watched) -> None:
    bench.lab.run_backup(_ACCURATE)
    (bench.tree / "plain/small").write_bytes(b"hello world, changed again\n")
    (bench.tree / "links/dangling").unlink()
    bench.lab.run_backup(_ACCURATE, level="Incremental")


def _verify_catalog(bench: Bench, _: Watched) -> None:
    for level in ("InitCatalog", "Catalog"):
        bench.lab.console(f"run job=VerifyCatalog level={level} yes\nwait", _JOB_SECONDS)


def _verify_volume(bench: Bench, _: Watched) -> None:
    bench.lab.console(f"run job=VerifyVolume jobid={bench.last_full} yes\nwait", _JOB_SECONDS)


def _cancel(bench: Bench, traffic: Watched) -> None:
    jobid = bench.lab.start_backup(_SLOW)
    traffic.wait_for(Kind.DATA)
    bench.lab.console(f"cancel jobid={jobid} yes")
    bench.lab.wait(jobid)


def _slow(bench: Bench, _: Watched) -> None:
    bench.lab.run_backup(_SLOW)


SCENARIOS: Final = (
    Scenario("full-backup", "a full backup of the sample tree and of a file that is missing", _full_backup),
    Scenario("restore", "the restore of everything that full-backup saved", _restore),
    Scenario("incremental", "an incremental backup after one file was changed", _incremental),
    Scenario("accurate", "an accurate full backup, then an incremental one: one file changed, one deleted", _accurate),
    Scenario("verify-catalog", "a verify job of level InitCatalog, then one of level Catalog", _verify_catalog),
    Scenario("verify-volume", "a verify job of level VolumeToCatalog of full-backup", _verify_volume),
    Scenario("scripts", "a backup with patterns, compression and sparse blocks; scripts before and after it", _scripts),
    Scenario("status", "a client's status for people, and its three parts for programs", _status),
    Scenario("estimate", "an estimate with a listing", _estimate),
    Scenario("settings", "a change of the debug level and back, and of the bandwidth", _settings),
    Scenario("cancel", "a backup that is canceled while it sends data", _cancel),
    Scenario("full-backup-compressed", "as full-backup, with line compression", _full_backup, "compressed"),
    Scenario("restore-compressed", "as restore, with line compression", _restore, "compressed"),
    Scenario("accurate-compressed", "as accurate, with line compression", _accurate, "compressed"),
    Scenario("heartbeat", "a slow backup; the File daemon has a heartbeat interval of one second", _slow, "heartbeat"),
    Scenario(
        "wrong-password", "a client's status; the Director has the wrong password", _status_alone, "wrong-password"
    ),
)
"""All scenarios; those with the same settings share a lab and follow each other."""

_VERIFY_JOB: Final = """
Job {{
  Name = {name}
  Type = Verify
  Level = {level}
  Client = {client}
  FileSet = {fileset}
  Storage = File
  Pool = Default
  Messages = Standard
}}
"""
_VERIFY_JOBS: Final = "".join(
    _VERIFY_JOB.format(name=f"Verify{short}", level=level, client=CLIENT, fileset=_TREE)
    for short, level in (("Catalog", "InitCatalog"), ("Volume", "VolumeToCatalog"))
)
_PLAIN: Final = Options(
    director_compression=False,
    sd_compression=False,
    fd_compression=False,
    passwords=PASSWORDS,
    extra=Extra(director_resources=_VERIFY_JOBS),
)

_COMPRESSED: Final = Options(passwords=PASSWORDS)

SETTINGS: Final[Mapping[str, Settings]] = {
    "plain": Settings(_PLAIN, _PLAIN),
    "compressed": Settings(_COMPRESSED, _COMPRESSED),
    "heartbeat": Settings(_PLAIN, replace(_PLAIN, heartbeat=1)),
    "wrong-password": Settings(_PLAIN, replace(_PLAIN, passwords=replace(PASSWORDS, fd="another-password"))),
}
"""What the labs of scenarios vary."""
