"""``status``: how things are, as text for people (DIR-STA-1, DIR-STA-2, DIR-STS-1 to DIR-STS-5)."""

from __future__ import annotations

import resource
import struct
import time
from collections.abc import Iterator
from typing import Final

from fdsim.filed.job import Job
from fdsim.filed.registry import EndedJob, Registry
from fdsim.filed.session import Session
from fdsim.filed.setup import PLATFORM
from fdsim.wire.frames import Signal
from fdsim.wire.jobs import JobStatus
from fdsim.wire.messages.shape import bytes_of, text_of

_LEVEL_WORDS: Final = {"F": "Full", "B": "Base", "D": "Diff", "I": "Incr"}
_KIND_WORDS: Final = {"B": "Backup", "R": "Restore", "V": "Verify", "I": "System"}
_STATUS_WORDS: Final = {
    JobStatus.TERMINATED: "OK",
    JobStatus.WARNINGS: "OK",
    JobStatus.ERROR: "Error",
    JobStatus.FATAL: "Error",
    JobStatus.CANCELED: "Cancel",
    JobStatus.DIFFERENCES: "Diffs",
    JobStatus.INCOMPLETE: "Incomp",
    JobStatus.CREATED: "Created",
}
_UNITS: Final = ("", "K", "M", "G", "T", "P", "E")


def status(session: Session, registry: Registry) -> None:
    """Answer ``status``: a newline by itself, then lines that end with a NUL, then an EOD."""
    director = session.director
    director.send(b"\n")
    for line in (*_header(session, registry), *_running(registry), *_terminated(registry)):
        director.send(bytes_of(line) + b"\0")
    director.send_signal(Signal.EOD)


def _header(session: Session, registry: Registry) -> Iterator[str]:
    running = sum(job.job_id != 0 for job in registry.running())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    date = time.strftime("%d %B %Y", time.strptime(session.settings.dialect.version_text.split("(")[1][:-1], "%d%b%y"))
    version = session.settings.dialect.version_text.split()[0]
    yield f"{session.name} Version: {version} ({date})  {PLATFORM.replace(',', ' ')}\n"
    yield f"Daemon started {_when(registry.started)}. Jobs: run={registry.run} running={running}.\n"
    yield f" Heap: heap={peak:,} smbytes=0 max_bytes={peak:,} bufs=0 max_bufs=0\n"
    sizes = f"boffset_t=8 size_t={struct.calcsize('n')}"
    yield f" Sizes: {sizes} debug=0 trace=0 mode=0,0 bwlimit=0kB/s\n"


def _running(registry: Registry) -> Iterator[str]:
    yield "\nRunning Jobs:\n"
    busy = False
    for job in registry.running():
        if job.job_id:
            busy = True
            yield from _running_job(job)
        else:
            yield f"Director connected at: {_when(job.started)}\n"
    if not busy:
        yield "No Jobs running.\n"
    yield "====\n"


def _running_job(job: Job) -> Iterator[str]:
    seconds = max(1, int(time.time() - job.started))
    yield f"JobId {job.job_id} Job {job.name} is running.\n"
    yield f"    {_LEVEL_WORDS.get(job.level, '')} {_KIND_WORDS[job.kind]} Job started: {_when(job.started)}\n"
    rate = job.job_bytes // seconds
    yield (
        f"    Files={job.files:,} Bytes={job.job_bytes:,} AveBytes/sec={rate:,} LastBytes/sec={rate:,} "
        f"Errors={job.errors}\n    Bwlimit=0 ReadBytes={job.read_bytes:,}\n"
    )
    if job.kind == "R":
        yield f"    Files: Restored={job.files:,}\n"
    else:
        yield f"    Files: Examined={job.examined:,} Backed up={job.files:,}\n"
    if job.current:
        yield f"    Processing file: {text_of(job.current)}\n"
    yield "    SDSocket closed.\n" if job.storage is None else "    SDReadSeqNo=0 fd=0 SDtls=0\n"


def _terminated(registry: Registry) -> Iterator[str]:
    yield "\nTerminated Jobs:\n"
    ended = registry.ended()
    if ended:
        yield " JobId  Level    Files      Bytes   Status   Finished        Name \n"
        yield "===================================================================\n"
    for job in ended:
        yield _terminated_line(job)
    yield "====\n"


def _terminated_line(job: EndedJob) -> str:
    level = "Rest" if job.kind == "R" else _LEVEL_WORDS.get(job.level, "")
    # The unique job name is the configured one, a date, a time and a number, joined by dots and underscores.
    name = job.name.rsplit(".", 3)[0]
    words = _STATUS_WORDS.get(job.status, job.status.value)
    return (
        f"{job.job_id:6d}  {level:<6} {job.files:>8,} {with_suffix(job.job_bytes):>10}  {words:<7}  "
        f"{_when(job.ended):<8} {name}\n"
    )


def with_suffix(count: int) -> str:
    """A number of bytes with four digits and a decimal unit, e.g. ``113.6 M``."""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value /= 1000
        unit += 1
    if not unit:
        return f"{count} "
    decimals = 3 if value < 10 else 2 if value < 100 else 1
    return f"{value:.{decimals}f} {_UNITS[unit]}"


def _when(moment: float) -> str:
    return time.strftime("%d-%b-%y %H:%M", time.localtime(moment))
