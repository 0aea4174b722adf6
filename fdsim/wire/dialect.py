"""What differs between the versions of Bacula, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version's numbers."""

    name: str
    director_version: int
    """In the Director's Hello (DIR-HELLO-1)."""
    fd_version: int
    """In the File daemon's Hello, to Director and Storage daemon (DIR-HELLO-12, SD-HELLO-5)."""
    sd_version: int
    """In the Storage daemon's Hello (SD-HELLO-5)."""
    version_text: str
    """Version and date, as in the reply to the job line (DIR-JOB-3)."""


BACULA_9_6 = Dialect(
    name="Bacula 9.6", director_version=103, fd_version=214, sd_version=306, version_text="9.6.7 (10Dec20)"
)
