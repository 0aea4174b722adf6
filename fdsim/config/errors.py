"""What the reader of a configuration says when it cannot go on, and where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a configuration file; line 0 means the file as a whole."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class ConfigError(Exception):
    """A configuration that cannot be used; its text says where, what is wrong and what to do.

    Args:
        place: the line that has to be changed.
        message: what is wrong with it and what would be right.
    """

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(place, message)
        self.place = place
        self.message = message

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"

    @property
    def file(self) -> str:
        """The file that has to be changed (an included one, when the fault is there)."""
        return self.place.file

    @property
    def line(self) -> int:
        """The line that has to be changed, from 1; 0 when something is missing from the file as a whole."""
        return self.place.line
