"""The three daemons."""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    """Who speaks; the value is the letter that stands for it in transcripts."""

    DIRECTOR = "D"
    FILE_DAEMON = "F"
    STORAGE_DAEMON = "S"

    @property
    def title(self) -> str:
        """The name for people."""
        return _TITLES[self]


_TITLES = {
    Role.DIRECTOR: "Director",
    Role.FILE_DAEMON: "File daemon",
    Role.STORAGE_DAEMON: "Storage daemon",
}
