"""Checks the blocks of a file against tables of resources and directives, and reads their values.

A table row (``Definition``) says what a directive holds, whether it is required, what a second one of it means and
which field of our own configuration it fills; a ``Resource`` is a name with its rows. The rules that follow from the
rows are here, and nowhere is a directive named (DIR-CFG-6).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from fdsim.config.errors import ConfigError, Place
from fdsim.config.parser import Block, Directive
from fdsim.config.values import Words

NAME = "Name"
"""The directive that every resource has."""


class Repeat(Enum):
    """What a second directive of the same name in a resource means."""

    REPLACES = auto()
    ADDS = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Type:
    """A type of values."""

    read: Callable[[Words], Any]
    repeat: Repeat


@dataclass(frozen=True, slots=True)
class Definition:
    """What is known of a directive.

    Attributes:
        name: its usual spelling.
        type: how to read its value.
        field: the field of our configuration that it fills, if it is as simple as that.
        required: whether its resource is refused without it.
        effective: whether it does anything here; if not, its use is reported.
        refers_to: the kind of resource whose name the value is.
        refused: why it cannot be switched on; being ignored in silence would be dangerous.
    """

    name: str
    type: Type
    field: str = ""
    required: bool = False
    effective: bool = True
    refers_to: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """What is known of a kind of resource; ``effective`` is False if nothing here uses it."""

    name: str
    definitions: Mapping[str, Definition]
    effective: bool = True


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something that a configuration says and that changes nothing."""

    place: Place
    directive: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.directive} {self.reason}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A directive that has been read."""

    definition: Definition
    value: Any
    place: Place


@dataclass(frozen=True, slots=True)
class Record:
    """A resource that has been read."""

    kind: str
    place: Place
    entries: tuple[Entry, ...]

    def named(self, *names: str) -> tuple[Entry, ...]:
        """All entries of these directives, in the order of the file."""
        return tuple(entry for entry in self.entries if entry.definition.name in names)

    def values(self, name: str) -> tuple[Any, ...]:
        """All values of a directive."""
        return tuple(entry.value for entry in self.named(name))

    def fields(self) -> dict[str, Any]:
        """The fields of our configuration that the resource sets; what it leaves out keeps its default there."""
        return {entry.definition.field: entry.value for entry in self.entries if entry.definition.field}


def key(name: str) -> str:
    """What a name is looked up by: case and blanks do not count (DIR-CFG-2)."""
    return name.replace(" ", "").lower()


def table(name: str, *definitions: Definition, effective: bool = True) -> Resource:
    """A resource from its rows."""
    return Resource(name, {key(row.name): row for row in definitions}, effective)


def read(blocks: Iterable[Block], resources: Mapping[str, Resource]) -> tuple[tuple[Record, ...], tuple[Ignored, ...]]:
    """Read all resources of a file.

    Args:
        blocks: the resources as they stand.
        resources: what is known of each kind, by ``key`` of its name.

    Returns:
        The resources, in the order of the file, and what they say in vain.

    Raises:
        ConfigError: something is unknown, missing, double or no value of its type.
    """
    reader = _Reader(resources)
    for block in blocks:
        reader.read(block)
    reader.check_references()
    return tuple(reader.records.values()), tuple(reader.ignored)


class _Reader:
    def __init__(self, resources: Mapping[str, Resource]) -> None:
        self._resources = resources
        self.records: dict[tuple[str, str], Record] = {}
        self.ignored: list[Ignored] = []

    def read(self, block: Block) -> None:
        resource = self._resources.get(key(block.name))
        if resource is None:
            known = [one.name for one in self._resources.values()]
            raise ConfigError(block.place, f"there is no resource {block.name}; {_nearest(block.name, known)}")
        if not resource.effective:
            self.ignored.append(Ignored(block.place, resource.name, "has no effect here"))
        entries = [self._entry(directive, resource, block) for directive in block.directives]
        record = Record(resource.name, block.place, tuple(entries))
        _check_repeated(record)
        for row in resource.definitions.values():
            if row.required and not record.named(row.name):
                raise ConfigError(block.place, f"this {resource.name} has no {row.name}; add '{row.name} = ...'")
        name = record.values(NAME)[0]
        # Names of resources count with their case, as a Director's does when it calls.
        first = self.records.setdefault((resource.name, name), record)
        if first is not record:
            message = f"a second {resource.name} named {name!r}, the first is at {first.place}; rename one of them"
            raise ConfigError(block.place, message)

    def _entry(self, directive: Directive, resource: Resource, block: Block) -> Entry:
        row = resource.definitions.get(key(directive.name))
        if row is None:
            raise self._unknown(directive, resource, block)
        words = Words(directive, row.name)
        value = row.type.read(words)
        if directive.block is None and words.unread:
            words.notices.append((words.unread[0].place, "is followed by more words, which are ignored"))
        if row.refused and value:
            raise words.error(f"= yes cannot be honoured: {row.refused}; set it to no or remove it")
        if resource.effective and not row.effective:
            self.ignored.append(Ignored(directive.place, row.name, "has no effect here"))
        self.ignored.extend(Ignored(place, row.name, reason) for place, reason in words.notices)
        return Entry(row, value, directive.place)

    def _unknown(self, directive: Directive, resource: Resource, block: Block) -> ConfigError:
        if directive.block is not None and key(directive.name) in self._resources:
            message = f"a {directive.name} within the {resource.name} of {block.place}; is its '}}' missing?"
        else:
            known = [row.name for row in resource.definitions.values()]
            message = f"{resource.name} has no directive {directive.name}; {_nearest(directive.name, known)}"
        return ConfigError(directive.place, message)

    def check_references(self) -> None:
        """Names that stand for another resource must be those of one, which may stand later in the file."""
        for record in self.records.values():
            for entry in record.entries:
                wanted = entry.definition.refers_to
                if wanted and (wanted, entry.value) not in self.records:
                    message = f"{entry.definition.name} = there is no {wanted} named {entry.value!r}; define it"
                    raise ConfigError(entry.place, message)


def _check_repeated(record: Record) -> None:
    first: dict[str, Entry] = {}
    for entry in record.entries:
        name = entry.definition.name
        earlier = first.setdefault(name, entry)
        if earlier is not entry and entry.definition.type.repeat is Repeat.REFUSED:
            message = f"a second {name} in one {record.kind}, the first is at {earlier.place}; keep one of them"
            raise ConfigError(entry.place, message)


def _nearest(name: str, known: Iterable[str]) -> str:
    names = {key(one): one for one in known}
    near = difflib.get_close_matches(key(name), names, 1)
    return f"did you mean {names[near[0]]}?" if near else f"known are {', '.join(sorted(names.values()))}"
