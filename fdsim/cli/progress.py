"""What a user sees while a job runs: its messages, and a line of progress where standard error is a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from tqdm import tqdm

from fdsim.files.tree_text import printable
from fdsim.stored.expected import ExpectedJob
from fdsim.wire.messages.replies import JobMessage
from fdsim.wire.messages.shape import bytes_of

_EVERY: Final = 0.2

# Without it tqdm would keep a thread of its own that nobody ends.
tqdm.monitor_interval = 0


class Progress:
    """Shows messages on one stream and the line of progress on standard error."""

    def __init__(self, messages: TextIO) -> None:
        """Show messages on ``messages``."""
        self._messages = messages

    def message(self, message: JobMessage) -> None:
        """Show a job message, however many lines it has."""
        for line in message.text.splitlines():
            # Above the line of progress, if there is one.
            tqdm.write(printable(bytes_of(line)), file=self._messages)

    @contextmanager
    def following(self, what: str, job: ExpectedJob) -> Iterator[None]:
        """Show how far a job is, by what the Storage daemon has seen."""
        with tqdm(desc=what, unit="B", unit_scale=True, leave=False, disable=None, file=sys.stderr) as bar:
            if bar.disable:
                yield
                return
            ended = threading.Event()
            thread = threading.Thread(target=_refresh, args=(bar, job, ended), name="progress")
            thread.start()
            try:
                yield
            finally:
                ended.set()
                thread.join()


def _refresh(bar: tqdm[None], job: ExpectedJob, ended: threading.Event) -> None:
    while not ended.wait(_EVERY):
        bar.set_postfix_str(f"{job.files} files", refresh=False)
        bar.update(job.bytes - bar.n)
