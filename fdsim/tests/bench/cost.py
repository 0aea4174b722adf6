"""What a backup and a restore cost our File daemon and the real one, side by side through the real Director and SD.

Run it as root, with nothing else going on::

    python fdsim/tests/bench/cost.py [--directory DIR] [--files 50000] [--gigabytes 2] [--rounds 3]

It makes a tree of many small files (0 to 8 KB, half text and half noise) and one big file, backs each up and restores
it with both daemons in turn, and writes processor time, peak memory and wall time to ``reports/benchmarks/DATE.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from tabulate import tabulate

from fdsim.oracles.catalog import JobRecord
from fdsim.oracles.installation import Command, find_bacula96
from fdsim.oracles.lab import Lab, running_lab
from fdsim.oracles.settings import FileSet

OURS = Command((sys.executable, "-m", "fdsim", "serve", "fd"))
REPORTS = Path(__file__).parents[3] / "reports" / "benchmarks"
SECONDS = 1200.0
MIB = 1 << 20


@dataclass(frozen=True)
class Cost:
    """What one job cost one daemon."""

    cpu: float
    """Seconds of processor time, user and system."""
    peak: float
    """MiB of resident memory, at most."""
    wall: float
    files: int


def make_small_files(root: Path, count: int) -> None:
    """Files of 0 to 8 KB in directories of 500: noise and text in turn, the same in every run."""
    source = random.Random(1)  # noqa: S311 - a tree that is the same in every run, no secret
    noise = source.randbytes(MIB)
    text = "".join(f"{number} bottles of beer on the wall\n" for number in range(40_000)).encode()
    for number in range(count):
        directory = root / f"{number // 500:04}"
        if number % 500 == 0:
            directory.mkdir(parents=True)
        size, start = source.randrange(8193), source.randrange(500_000)
        (directory / f"file-{number:06}").write_bytes((noise if number % 2 else text)[start : start + size])


def make_big_file(path: Path, gigabytes: float) -> None:
    """Noise, a megabyte at a time."""
    path.parent.mkdir(parents=True)
    source = random.Random(2)  # noqa: S311 - likewise
    with path.open("wb") as file:
        for _ in range(int(gigabytes * 1024)):
            file.write(source.randbytes(MIB))


@contextmanager
def measured(pid: int, result: list[Cost], files: Callable[[], int]) -> Iterator[None]:
    """Measure what the process ``pid`` spends while the block runs."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # forget the peak so far
    before, started = _cpu(pid), time.monotonic()
    yield
    wall = time.monotonic() - started
    status = Path(f"/proc/{pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    result.append(Cost(_cpu(pid) - before, peak / 1024, wall, files()))


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(lab: Lab, place: Path, fileset: str, rounds: int) -> dict[tuple[str, str], list[Cost]]:
    """Back up and restore one FileSet with each daemon in turn."""
    costs: dict[tuple[str, str], list[Cost]] = {}
    for _ in range(rounds):
        for client in ("real", "ours"):
            pid = lab.fds[client].pid
            if pid is None:
                raise SystemExit(f"the File daemon {client} is not running")
            jobs: list[JobRecord] = []
            with measured(pid, costs.setdefault((client, "backup"), []), lambda jobs=jobs: jobs[0].files):  # type: ignore[misc] # bound to this round
                jobs.append(lab.run_backup(fileset, client, timeout=SECONDS))
            target = place / "restored"
            with measured(pid, costs.setdefault((client, "restore"), []), lambda jobs=jobs: jobs[1].files):  # type: ignore[misc] # likewise
                jobs.append(lab.restore(jobs[0].jobid, target, client, timeout=SECONDS))
            for job in jobs:
                if job.status != "T" or job.errors:
                    raise SystemExit(f"job {job.jobid} ended with status {job.status}:\n{job.log}")
            rmtree(target)
            print(f"{fileset}: {client} done", file=sys.stderr)
    return costs


def rows(what: str, costs: dict[tuple[str, str], list[Cost]], *, per_file: bool) -> Iterator[list[str]]:
    """A line for each daemon and direction: medians, with least and most of the processor time."""
    for (client, direction), measured_costs in sorted(costs.items(), key=lambda item: (item[0][1], item[0][0])):
        unit = [cost.cpu / cost.files * 1e6 if per_file else cost.cpu for cost in measured_costs]
        digits = 1 if per_file else 2
        yield [
            what,
            direction,
            client,
            f"{statistics.median(unit):.{digits}f} ({min(unit):.{digits}f}-{max(unit):.{digits}f})"
            + (" µs/file" if per_file else " s"),
            f"{max(cost.peak for cost in measured_costs):.1f} MiB",
            f"{statistics.median(cost.wall for cost in measured_costs):.1f} s",
        ]


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--directory", type=Path, help="where to work (default: the system's place for temporary files)"
    )
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    bacula = find_bacula96()
    with TemporaryDirectory(dir=arguments.directory) as directory:
        place = Path(directory)
        make_small_files(place / "small", arguments.files)
        make_big_file(place / "big" / "file", arguments.gigabytes)
        filesets = [FileSet("Small", (place / "small",)), FileSet("Big", (place / "big",))]
        fds = {"real": bacula.file_daemon, "ours": OURS}
        with running_lab(place / "lab", bacula, fds=fds, filesets=filesets) as lab:
            small = run(lab, place, "Small", arguments.rounds)
            big = run(lab, place, "Big", arguments.rounds)
    table = tabulate(
        [
            *rows(f"{arguments.files:,} files of 0 to 8 KB", small, per_file=True),
            *rows(f"one file of {arguments.gigabytes:g} GiB", big, per_file=False),
        ],
        headers=["what", "job", "File daemon", "processor time, median (least-most)", "peak memory", "wall time"],
        tablefmt="github",
    )
    now = datetime.now(UTC)
    text = (
        f"# Cost of backup and restore, {now:%Y-%m-%d}\n\n"
        f"`fdsim/tests/bench/cost.py`, {arguments.rounds} rounds in turn; real: bacula-fd 9.6.7, ours: fdsim on Python "
        f"{platform.python_version()}; {os.cpu_count()} processors; MD5, line compression on (the defaults); "
        f"real Director and Storage daemon 9.6.7.\n\n{table}\n"
    )
    REPORTS.mkdir(parents=True, exist_ok=True)
    (REPORTS / f"{now:%Y-%m-%d}.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
