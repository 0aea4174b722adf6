"""One session of a Director with a File daemon, step by step.

Each method is one step: it gives an order and reads what is due for it, so that a caller can leave the usual sequence
wherever it likes. The usual sequences are in ``director``.

A packet that starts with a digit is a reply; any other is a message and may come at any time (DIR-SCAN-10, DIR-MSG-10).
Replies are compared to the letter (DIR-SCAN-9).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Self, TypeVar

from fdsim.dird.errors import OrderRefused
from fdsim.dird.job import JobIdentity, StorageSession
from fdsim.net import authentication
from fdsim.net.connection import Connection
from fdsim.net.errors import PeerClosed, PeerTimeout
from fdsim.wire import cram
from fdsim.wire.dialect import BACULA_9_6, Dialect
from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.fileset import FileSet
from fdsim.wire.frames import Packet, Signal
from fdsim.wire.jobs import MessageType, Replace
from fdsim.wire.messages import orders, replies
from fdsim.wire.messages.base import Message, Parsed, shorten
from fdsim.wire.messages.greeting import DirectorHello, FdHello
from fdsim.wire.messages.observed import StatusAnswer
from fdsim.wire.messages.shape import bytes_of, text_of
from fdsim.wire.orders import find_order

# After each of these the wait goes on; EOD_POLL is an end of data as well, and data have no end where a packet is due.
_HANDLED: Final = frozenset({Signal.POLL, Signal.BTIME, Signal.STATUS, Signal.HEARTBEAT, Signal.HB_RESPONSE})

M = TypeVar("M", bound=Message)
OnMessage = Callable[[replies.JobMessage], object]

_COMPRESSED_FD: Final = 214
"""The lowest version of a File daemon to which a 9.6 Director compresses (DIR-HELLO-14)."""
_EXPECTED_FILES_FD: Final = 7
"""The lowest version that is told how many files to expect (DIR-RST-1)."""


class Conversation:
    """A connection to a File daemon and what was said on it."""

    def __init__(
        self,
        connection: Connection,
        name: str,
        password: str,
        *,
        local_address: str = "",
        dialect: Dialect = BACULA_9_6,
        compress: bool = True,
        on_message: OnMessage | None = None,
    ) -> None:
        """Take over a fresh connection.

        Args:
            connection: closed by ``close``; its time-out bounds every wait.
            name: the Director's name.
            password: what the File daemon knows us by.
            local_address: our own address on this connection.
            dialect: whose version number we state.
            compress: whether packets are compressed if the File daemon can read them (DIR-HELLO-14).
            on_message: called with each job message as it comes.
        """
        self.connection: Final = connection
        self.local_address: Final = local_address
        self.messages: list[replies.JobMessage] = []
        """All job messages so far."""
        self.progress: replies.Progress | None = None
        """What the File daemon last said of how far it is."""
        self.fd_version = 0
        """What it said in its Hello."""
        self.activity: Callable[[], object] = lambda: None
        """A silent File daemon is not given up while the value of this changes, e.g. the bytes that the Storage daemon
        has received."""
        self._name = name
        self._secret = cram.secret_of(password)
        self._dialect = dialect
        self._compress = compress
        self._on_message = on_message
        self._end: replies.EndJob | None = None

    # Steps

    def hello(self) -> int:
        """Introduce ourselves and authenticate; the File daemon's version comes back.

        Raises:
            AuthenticationError: it does not know us, or one side's password is wrong.
            NetworkError, RemoteProtocolError: as for every step.
        """
        self.connection.send(DirectorHello(self._name, self._dialect.director_version))
        authentication.as_client(self.connection, self._secret, self._name)
        hello = self._reply("Hello", FdHello)
        self.fd_version = hello.version
        self.connection.compress = self._compress and hello.version >= _COMPRESSED_FD
        return hello.version

    def job(self, identity: JobIdentity, session_id: int = 0, session_time: int = 0, key: str = "dummy") -> str:
        """Say which job this is; version and platform come back (DIR-JOB-3)."""
        order = orders.JobOrder(identity.job_id, identity.name, session_id, session_time, key)
        return self.give(order, replies.JobOk).version

    def level(self, level: str = "full") -> None:
        """Say how much to save; only levels that are not followed by a time (DIR-LEVEL-4)."""
        self.give(orders.LevelOrder(level), replies.LevelOk)

    def fileset(self, fileset: FileSet) -> None:
        """Say what to save."""
        self.connection.queue(orders.FilesetOrder().encode())
        for line in fileset.lines():
            self.connection.queue(line)
        self.connection.queue_signal(Signal.EOD)
        self.connection.flush()
        self._reply("fileset", replies.IncludeOk)

    def storage(self, session: StorageSession, *, with_key: bool = False) -> None:
        """Say where the Storage daemon is; a restore names the key once more (DIR-STO-1)."""
        key = session.key if with_key else None
        self.give(orders.StorageOrder(session.address, session.port, key=key), replies.StorageOk)

    def backup(self) -> None:
        """Start the backup."""
        self.give(orders.BackupOrder(), replies.BackupOk)

    def restore(self, where: bytes, replace: Replace = Replace.ALWAYS, files: int = 0) -> None:
        """Start to restore from the Storage daemon that was named last."""
        expected = files if self.fd_version >= _EXPECTED_FILES_FD else None
        self.give(orders.RestoreOrder(replace.value, where=where, files=expected), replies.RestoreOk)

    def storage_end(self) -> None:
        """Wait until all that this Storage daemon had to send is restored (DIR-RST-10)."""
        self._reply(orders.RestoreOrder.shape.prefix.decode("ascii"), replies.StorageEndOk)

    def end_restore(self) -> None:
        """Say that no other storage follows; the end of the job is the answer (DIR-RST-11)."""
        self.connection.send(orders.EndRestoreOrder())

    def end_job(self) -> replies.EndJob:
        """Wait for the end of the job, which comes without being asked for (DIR-END-1)."""
        while self._end is None:
            self._take(self._packet("2800 End Job"))
        return self._end

    def farewell(self) -> None:
        """Read what follows the end of the job until the File daemon goes, and say goodbye (DIR-END-8)."""
        # It need not wait for our goodbye.
        with suppress(PeerClosed):
            while isinstance(frame := self.connection.receive(), Packet):
                if frame.payload[:1].isdigit():
                    raise RemoteProtocolError(
                        f"{self.connection} sent {shorten(frame.payload)} after the end of the job"
                    )
                self._message(frame.payload)
            self.connection.send_signal(Signal.TERMINATE)

    def status(self) -> list[str]:
        """What the File daemon tells of itself, line by line (DIR-STA-1, DIR-STA-2)."""
        self.connection.send(orders.StatusOrder())
        packets = []
        while isinstance(frame := self.connection.receive(), Packet):
            packets.append(frame.payload.rstrip(b"\0"))
        if frame is not Signal.EOD:
            raise RemoteProtocolError(f"{self.connection} ended its status with the signal {frame.name}, not with EOD")
        return text_of(b"".join(packets)).splitlines()

    def terminate(self) -> None:
        """Break the session off (DIR-BNET-19)."""
        self.connection.send_signal(Signal.TERMINATE)

    def give(self, order: Message, wanted: type[M]) -> M:
        """Give an order and read its reply.

        Raises:
            OrderRefused: it was answered with one of its errors, or the job ended instead.
            RemoteProtocolError: something else came, or the right reply in another form.
            NetworkError: nothing came in time, or the connection is gone.
        """
        payload = order.encode()
        self.connection.send(payload)
        return self._reply(text_of(payload).rstrip(), wanted)

    def close(self) -> None:
        """Close the connection; harmless if it is closed."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Reading

    def _reply(self, order: str, wanted: type[M]) -> M:
        due = wanted.shape.text.rstrip("\n")
        while True:
            payload = self._packet(due)
            if not payload[:1].isdigit():
                self._message(payload)
            elif (parsed := wanted.match(payload)) is not None:
                return self._exact(parsed)
            else:
                break
        errors = _refusals(order)
        order, came = order.strip(), text_of(payload).rstrip("\n")
        if (end := replies.EndJob.match(payload)) is not None:
            self._end = self._exact(end)
            raise OrderRefused(f"Bad response to {order}: wanted {due}, but the job ended")
        if payload in errors:
            raise OrderRefused(f"Bad response to {order}: wanted {due}, got {came}")
        raise RemoteProtocolError(f"{self.connection} answered {order!r} with {shorten(payload)}, not with {due!r}")

    def _take(self, payload: bytes) -> None:
        """A packet that comes while the job runs."""
        if not payload[:1].isdigit():
            self._message(payload)
        elif (end := replies.EndJob.match(payload)) is not None:
            self._end = self._exact(end)
        else:
            raise RemoteProtocolError(f"{self.connection} sent {shorten(payload)} where the end of the job was due")

    def _exact(self, parsed: Parsed[M]) -> M:
        if parsed.deviations:
            raise RemoteProtocolError(f"{self.connection} deviated in a reply: {'; '.join(parsed.deviations)}")
        return parsed.message

    def _packet(self, due: str) -> bytes:
        """The next packet; signals that ask for something get it (DIR-BNET-26)."""
        while True:
            frame = self._frame()
            if isinstance(frame, Packet):
                return frame.payload
            if frame in {Signal.POLL, Signal.EOD_POLL}:
                self.connection.send(orders.PollAnswer())
            elif frame is Signal.BTIME:
                self.connection.send(orders.ClockAnswer(time.time_ns() // 1000))
            elif frame is Signal.STATUS:
                self.connection.send(StatusAnswer())
                self.connection.send_signal(Signal.EOD)
            if frame not in _HANDLED:
                raise RemoteProtocolError(f"{self.connection} sent the signal {frame.name} where {due!r} was due")

    def _frame(self) -> Packet | Signal:
        while True:
            before = self.activity()
            try:
                return self.connection.receive()
            except PeerTimeout:
                if self.activity() == before:
                    raise

    def _message(self, payload: bytes) -> None:
        if (progress := replies.Progress.match(payload)) is not None:
            self.progress = progress.message
            return
        parsed = replies.JobMessage.match(payload)
        # Sessions without a job get the bare text (DIR-MSG-4).
        message = parsed.message if parsed else replies.JobMessage(0, MessageType.INFO, 0, text_of(payload))
        self.note(message)

    def note(self, message: replies.JobMessage) -> None:
        """Add a message to the job's log."""
        self.messages.append(message)
        if self._on_message is not None:
            self._on_message(message)


def _refusals(order: str) -> tuple[bytes, ...]:
    """The errors with which an order may be answered, from the table of orders."""
    found = find_order(bytes_of(order))
    known: tuple[type[Message], ...] = (
        *(found.replies if found else ()),
        replies.InvalidCommand,
        replies.MonitorRefusal,
    )
    # Errors have numbers from 2900; those with fields answer orders about other sessions.
    return tuple(
        kind.shape.prefix for kind in known if kind.shape.prefix.startswith(b"29") and not kind.shape.field_names
    )
