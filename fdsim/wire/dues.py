"""What one side still owes the other, and how its packets settle that.

Orders may be sent before earlier ones are answered (DIR-BNET-31), so what is due is a queue. Each order adds the parts
of its answer, e.g. a reply, then lines up to an EOD.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from fdsim.wire.events import Kind, Meaning
from fdsim.wire.frames import Signal
from fdsim.wire.messages.base import Message
from fdsim.wire.messages.observed import StatusAnswer
from fdsim.wire.roles import Role

_LIMIT: Final = 256
"""How many orders may be unanswered at once; the answers to further ones are not followed."""


class Part(Enum):
    """One part of an answer; the value says what it is."""

    REPLY = "a reply"
    LINES = "lines up to an EOD"
    RECORDS = "records up to an EOD"
    CLOCK = "BTIME signals up to an EOD"
    EOD = "an EOD"


@dataclass(frozen=True, slots=True)
class Due:
    """One part of the answer to one order."""

    order: str
    part: Part
    replies: tuple[type[Message], ...] = ()
    """What may stand here; for a reply without any, every packet that starts as a reply does."""
    preliminary: tuple[type[Message], ...] = ()
    """Those of ``replies`` after which the part is still due."""

    def __str__(self) -> str:
        return f"{self.part.value} to {self.order}"


NOTHING_DUE: Final = "stands where no answer was due"

_NUMBERED: Final = re.compile(rb"([0-9]{4})[ :]")
_REFUSED_FROM: Final = 900
"""A reply says in its first digit who speaks; the rest is 900 or more where an order is refused."""


def reply_code(payload: bytes) -> int | None:
    """The number at the start of a reply, None if this is none (DIR-SCAN-10)."""
    match = _NUMBERED.match(payload)
    return int(match[1]) if match else None


class Dues:
    """What one side owes: a queue of answers, each of which has parts."""

    def __init__(self, kind: Kind, note: Callable[[Message], str]) -> None:
        """Start with nothing due.

        Args:
            kind: of a reply on this link.
            note: words for people about a reply.
        """
        self._kind = kind
        self._note = note
        self._answers: deque[deque[Due]] = deque()
        self._refused = False

    @property
    def first(self) -> Due | None:
        """What is due next."""
        return self._answers[0][0] if self._answers else None

    def add(self, parts: Iterable[Due]) -> bool:
        """An order was given; False if so many are unanswered that this one is not kept."""
        if answer := deque(parts):
            if len(self._answers) >= _LIMIT:
                return False
            self._answers.append(answer)
        return True

    def clear(self) -> None:
        """Nothing is due any more."""
        self._answers.clear()

    def next(self) -> None:
        """The first part is complete."""
        self._answers[0].popleft()
        if not self._answers[0]:
            self._answers.popleft()

    def reply(self, payload: bytes) -> Meaning | None:
        """What a packet means as a reply, None if it is none; settles what it answers."""
        first = self.first
        if first is not None and (meaning := self._expected(first, payload)):
            self._refused = False
            return meaning
        code = reply_code(payload)
        if code is None:
            return None
        refusal = code % 1000 >= _REFUSED_FROM
        if first is not None and first.part is Part.LINES and not refusal:
            return None
        deviations = self._refusal(first) if refusal else self._other(first, payload)
        self._refused = refusal
        return Meaning(self._kind, "refused" if refusal else "", None, deviations)

    def end(self) -> Meaning | None:
        """What an EOD means here, None if it ends nothing."""
        first = self.first
        if first is not None and first.part is not Part.REPLY:
            self.next()
            return Meaning(Kind.END_OF_LIST, f"of the answer to {first.order}")
        if self._refused:
            # Some refusals are closed by an EOD, others are not (DIR-LOOP-5, DIR-LOOP-6, DIR-STA-7).
            self._refused = False
            return Meaning(Kind.END_OF_LIST, "after the refusal")
        return None

    def _expected(self, first: Due, payload: bytes) -> Meaning | None:
        for message in first.replies:
            if parsed := message.match(payload):
                if first.part is Part.REPLY and message not in first.preliminary:
                    self.next()
                return Meaning(self._kind, self._note(parsed.message), parsed.message, parsed.deviations)
        return None

    def _refusal(self, first: Due | None) -> tuple[str, ...]:
        """Whatever else is due to a refused order is not due any more."""
        if first is not None:
            self._answers.popleft()
            return ()
        # One refusal may be two packets (SD-APP-13).
        return () if self._refused else (NOTHING_DUE,)

    def _other(self, first: Due | None, payload: bytes) -> tuple[str, ...]:
        """A reply that is none of those expected: it leaves unanswered what comes before the order that it fits."""
        if first is None:
            return (NOTHING_DUE,)
        if first.part is not Part.REPLY:
            return (f"stands where {first} was due",)
        fitting = next((n for n, answer in enumerate(self._answers) if _fits(answer, payload)), 0)
        for _ in range(fitting):
            self._answers.popleft()
        self.next()
        return (f"stands where {first} was due",) if first.replies else ()


def _fits(answer: Iterable[Due], payload: bytes) -> bool:
    return any(message.match(payload) for due in answer for message in due.replies)


class SignalAnswers:
    """Keeps in mind which signals want an answer (DIR-BNET-26, SD-HB-3, SD-HB-4)."""

    def __init__(self, answers: Mapping[Signal, type[Message]]) -> None:
        """Start with none.

        Args:
            answers: what answers POLL, and BTIME where that exists.
        """
        poll = answers[Signal.POLL]
        self._answers: dict[Signal, type[Message]] = {**answers, Signal.EOD_POLL: poll, Signal.STATUS: StatusAnswer}
        self._asked: dict[tuple[Role, Signal], int] = {}
        self._ends: dict[Role, int] = {}

    def ask(self, asker: Role, signal: Signal) -> bool:
        """A signal was sent; whether it wants an answer."""
        if signal not in self._answers:
            return False
        self._asked[asker, signal] = self._asked.get((asker, signal), 0) + 1
        return True

    def match(self, asker: Role, payload: bytes) -> Meaning | None:
        """What a packet means as the answer to a signal of ``asker``, None if it is none."""
        for signal, message in self._answers.items():
            if self._asked.get((asker, signal)) and (parsed := message.match(payload)):
                self._asked[asker, signal] -= 1
                if signal is Signal.STATUS:
                    self._ends[asker] = self._ends.get(asker, 0) + 1
                kind = Kind.CLOCK if signal is Signal.BTIME else Kind.POLL
                return Meaning(kind, f"answers {signal.name}", parsed.message, parsed.deviations)
        return None

    def end(self, asker: Role) -> bool:
        """Whether an EOD belongs to the answer to a signal of ``asker``."""
        if not self._ends.get(asker):
            return False
        self._ends[asker] -= 1
        return True
