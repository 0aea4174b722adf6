"""Hosts for tests: their system calls are counted, fail, or are those of a file system that exists only in memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from pyfakefs.fake_filesystem import FakeFilesystem
from pyfakefs.fake_os import FakeOsModule

from fdsim.files.host import REAL, Host


def counting(calls: list[str]) -> Host:
    """A host that notes the name of each call."""

    def wrap(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **keywords: Any) -> Any:
            calls.append(name)
            return call(*arguments, **keywords)

        return counted

    return REAL.wrapped(wrap)


def failing(name: str, number: int, path: bytes | None = None) -> Host:
    """A host on which one call fails, always or for one path."""

    def fail(call: Callable[..., Any]) -> Callable[..., Any]:
        def call_or_fail(target: Any, *arguments: Any, **keywords: Any) -> Any:
            if path is None or target == path:
                raise OSError(number, os.strerror(number), target)
            return call(target, *arguments, **keywords)

        return call_or_fail

    return REAL.wrapped(lambda called, call: fail(call) if called == name else call)


def replaced(name: str, call: Callable[..., Any]) -> Host:
    """A host with another call in the place of one."""
    return REAL.wrapped(lambda called, real: call if called == name else real)


def in_memory(disk: FakeFilesystem) -> Host:
    """A host whose files are in ``disk``."""
    fake = FakeOsModule(disk)
    return Host(**{field.name: getattr(fake, field.name) for field in fields(Host)})
