"""A Director at one end of a socket pair, and at the other a File daemon that a test scripts."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar

import pytest

from fdsim.dird.conversation import Conversation
from fdsim.net.connection import Connection
from fdsim.tests.scripted import Scripted
from fdsim.wire import cram
from fdsim.wire.messages.replies import JobMessage
from fdsim.wire.roles import Role

T = TypeVar("T")
SECRET = cram.secret_of("fdpw")


class Line:
    """The connection between the two."""

    def __init__(self, stack: ExitStack) -> None:
        ours, theirs = socket.socketpair()
        self.seen: list[JobMessage] = []
        connection = Connection(ours, me=Role.DIRECTOR, peer=Role.FILE_DAEMON, timeout=10.0)
        self.director = stack.enter_context(Conversation(connection, "lab-dir", "fdpw", on_message=self.seen.append))
        self.fd = stack.enter_context(Scripted(theirs))
        self._threads = stack.enter_context(ThreadPoolExecutor(1))

    def start(self, step: Callable[[], T]) -> Future[T]:
        """Let the Director do something while the test is the File daemon."""
        return self._threads.submit(step)

    def greet(self, version: int = 214) -> None:
        """Be greeted, and answer with this version."""
        self.fd.hear(b"Hello Director lab-dir calling 103\n")
        self.fd.challenge(SECRET)
        self.fd.answer_challenge(SECRET)
        self.fd.hear(b"1000 OK auth\n")
        self.fd.say(b"2000 OK Hello %d\n" % version)


@pytest.fixture
def line() -> Iterator[Line]:
    with ExitStack() as stack:
        yield Line(stack)
