"""Heartbeats to the Director during long work (DIR-BNET-24)."""

from __future__ import annotations

import logging
import threading
from typing import Self

from fdsim.net.connection import Connection
from fdsim.net.errors import NetworkError
from fdsim.wire.frames import Signal

log = logging.getLogger(__name__)


class Heartbeat:
    """Sends a HEARTBEAT every ``interval`` seconds while its block runs; none with an interval of 0."""

    def __init__(self, connection: Connection, interval: float) -> None:
        self._connection = connection
        self._interval = interval
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        if self._interval > 0:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()

    def _beat(self) -> None:
        while not self._done.wait(self._interval):
            try:
                self._connection.send_signal(Signal.HEARTBEAT)
            except NetworkError as error:
                log.warning("no more heartbeats: %s", error)
                return
