"""Reports of jobs as a table and as JSON."""

from __future__ import annotations

from typing import Any, Final

from tabulate import tabulate

from fdsim.cli.mocks import Report
from fdsim.wire.jobs import JobStatus

HEADERS: Final = ("step", "files", "bytes", "seconds", "MB/s", "errors", "result")
Row = tuple[str, int, int, float, float, int, str]


def row(step: str, files: int, size: int, seconds: float, errors: int, result: str) -> Row:
    """One line of the table; ``size`` in bytes."""
    return step, files, size, seconds, size / 1e6 / seconds if seconds else 0.0, errors, result


def report_row(report: Report) -> Row:
    """The line for a job."""
    result = report.result
    return row(report.step.lower(), result.files, result.job_bytes, result.seconds, result.errors, _verdict(report))


def table(rows: list[Row]) -> str:
    """The table."""
    return tabulate(rows, headers=HEADERS, floatfmt=("", "", "", ".2f", ".1f"), intfmt=",")


def storage_trouble(report: Report) -> str | None:
    """What went wrong at the Storage daemon, if anything."""
    outcome = report.outcome
    return None if outcome.status.good else f"Storage daemon: {outcome.status.words}: {outcome.error}"


def record(report: Report) -> dict[str, Any]:
    """A job for programs."""
    result, outcome = report.result, report.outcome
    return {
        "step": report.step.lower(),
        "job": report.job.name,
        "good": report.good,
        "status": result.status.words,
        "files": result.files,
        "read_bytes": result.read_bytes,
        "job_bytes": result.job_bytes,
        "errors": result.errors,
        "seconds": round(result.seconds, 3),
        "storage": {
            "status": outcome.status.words,
            "files": outcome.files,
            "bytes": outcome.bytes,
            "error": outcome.error,
        },
        "messages": [{"type": message.type, "time": message.time, "text": message.text} for message in result.messages],
    }


def _verdict(report: Report) -> str:
    result, outcome = report.result, report.outcome
    if not result.status.good or outcome.status.good:
        status = result.status
        return JobStatus.WARNINGS.words if status is JobStatus.TERMINATED and result.errors else status.words
    return f"{outcome.status.words} at the Storage daemon"
