"""The beginning of every connection as a table: Hello, a challenge each way, welcome.

The calling side says Hello and is challenged first (DIR-AUTH-1, SD-AUTH-1). A Storage daemon that calls a File daemon
only names the job; after that the File daemon speaks as if it had called (SD-CONN-5, SD-CONN-9).
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from fdsim.wire.events import Kind, Meaning
from fdsim.wire.frames import Signal
from fdsim.wire.messages import greeting as g
from fdsim.wire.messages.base import Message
from fdsim.wire.messages.replies import JobMessage
from fdsim.wire.roles import Role


class State(Enum):
    """How far a handshake is; the value says what is due."""

    HELLO = "a Hello"
    CHALLENGE = "the called side's challenge"
    RESPONSE = "the calling side's response"
    VERDICT = "the called side's verdict"
    COUNTER_CHALLENGE = "the calling side's challenge"
    COUNTER_RESPONSE = "the called side's response"
    COUNTER_VERDICT = "the calling side's verdict"
    WELCOME = "the called side's Hello"
    PING = "the answer to Ping"
    DONE = "nothing of a handshake"
    REFUSED = "the end of the connection"


class Rule(NamedTuple):
    """In this state this side may send this message, and then that state is reached."""

    state: State
    sender: Role
    message: type[Message]
    kind: Kind
    next: State


def _table(caller: Role, called: Role, hellos: tuple[type[Message], ...], welcome: type[Message]) -> tuple[Rule, ...]:
    challenges = (g.CompatibleChallenge, g.Challenge)
    first = [Rule(State.HELLO, caller, hello, Kind.HELLO, State.CHALLENGE) for hello in hellos]
    there = [Rule(State.CHALLENGE, called, message, Kind.CHALLENGE, State.RESPONSE) for message in challenges]
    back = [
        Rule(State.COUNTER_CHALLENGE, caller, message, Kind.CHALLENGE, State.COUNTER_RESPONSE) for message in challenges
    ]
    return (
        *first,
        *there,
        # A side that can't read the challenge answers it with this verdict (DIR-AUTH-12).
        Rule(State.RESPONSE, caller, g.AuthFailed, Kind.VERDICT, State.REFUSED),
        Rule(State.RESPONSE, caller, g.ChallengeResponse, Kind.RESPONSE, State.VERDICT),
        Rule(State.VERDICT, called, g.AuthOk, Kind.VERDICT, State.COUNTER_CHALLENGE),
        Rule(State.VERDICT, called, g.AuthFailed, Kind.VERDICT, State.REFUSED),
        *back,
        Rule(State.COUNTER_RESPONSE, called, g.AuthFailed, Kind.VERDICT, State.REFUSED),
        Rule(State.COUNTER_RESPONSE, called, g.ChallengeResponse, Kind.RESPONSE, State.COUNTER_VERDICT),
        Rule(State.COUNTER_VERDICT, caller, g.AuthOk, Kind.VERDICT, State.WELCOME),
        Rule(State.COUNTER_VERDICT, caller, g.AuthFailed, Kind.VERDICT, State.REFUSED),
        Rule(State.WELCOME, called, welcome, Kind.WELCOME, State.DONE),
    )


_D, _F, _S = Role.DIRECTOR, Role.FILE_DAEMON, Role.STORAGE_DAEMON

DIRECTOR_HANDSHAKE: Final = (
    *_table(_D, _F, (g.DirectorHello, g.BareDirectorHello), g.FdHello),
    Rule(State.HELLO, _D, g.Ping, Kind.PING, State.PING),
    Rule(State.PING, _F, g.PingOk, Kind.PING, State.REFUSED),
)
"""Director calls File daemon."""

STORAGE_HANDSHAKE: Final = (
    *_table(_F, _S, (g.SdClientHello,), g.SdHello),
    Rule(State.HELLO, _S, g.SdCallsFd, Kind.HELLO, State.HELLO),
)
"""File daemon calls Storage daemon, or is called by it."""


class Handshake:
    """Follows one handshake."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._offers: dict[Role, int] = {}
        self.state = State.HELLO

    @property
    def done(self) -> bool:
        """Whether the session has begun."""
        return self.state is State.DONE

    @property
    def tls_agreed(self) -> bool:
        """Whether TLS starts after the last verdict (DIR-TLS-2, SD-TLS-1)."""
        return self.state is State.WELCOME and len(self._offers) == 2 and all(self._offers.values())

    def again(self) -> None:
        """A further Hello came on a connection that has a session already (DIR-HELLO-17)."""
        self._offers.clear()
        self.state = State.CHALLENGE

    def packet(self, sender: Role, payload: bytes) -> Meaning:
        """What a packet means here."""
        if self.state is State.REFUSED:
            return self._farewell(sender, payload)
        for rule in self._rules:
            if rule.state is self.state and rule.sender is sender and (parsed := rule.message.match(payload)):
                self.state = rule.next
                message = parsed.message
                if isinstance(message, g.Challenge | g.CompatibleChallenge):
                    self._offers[sender] = message.tls or 0
                return Meaning(rule.kind, _note(message), message, parsed.deviations)
        return self._unexpected(sender, payload)

    def signal(self, signal: Signal) -> Meaning:
        """What a signal means here."""
        if signal is Signal.TERMINATE:
            return Meaning(Kind.TERMINATE)
        return Meaning(Kind.SIGNAL, deviations=(f"stands where {self.state.value} was due",))

    def _unexpected(self, sender: Role, payload: bytes) -> Meaning:
        """The called side may refuse a Hello in words of its own (DIR-HELLO-7, DIR-HELLO-8); all else is wrong."""
        due, turn = self.state.value, {rule.sender for rule in self._rules if rule.state is self.state}
        if self.state is State.CHALLENGE and sender in turn:
            self.state = State.RESPONSE
            return Meaning(Kind.JOB_MESSAGE, "refuses the Hello")
        if sender in turn:
            self.state = State.REFUSED
        known = _match_refusal(payload) or Meaning(Kind.UNKNOWN)
        return known._replace(deviations=(f"stands where {due} was due", *known.deviations))

    def _farewell(self, sender: Role, payload: bytes) -> Meaning:
        if known := _match_refusal(payload):
            return known
        if sender is not self._rules[0].sender:
            # Without a job, messages travel as bare text (DIR-MSG-4).
            return Meaning(Kind.JOB_MESSAGE, "a message without header")
        return Meaning(Kind.UNKNOWN, deviations=(f"stands where {self.state.value} was due",))


_REFUSALS: Final[tuple[tuple[type[Message], Kind], ...]] = (
    (g.AuthFailed, Kind.VERDICT),
    (g.AuthenticationFailed, Kind.VERDICT),
    # What was queued before is delivered even to a peer that failed (DIR-CONN-7, DIR-MSG-11).
    (JobMessage, Kind.JOB_MESSAGE),
)


def _match_refusal(payload: bytes) -> Meaning | None:
    """What a packet means that ends a handshake, None if it is no such packet."""
    for message, kind in _REFUSALS:
        if parsed := message.match(payload):
            return Meaning(kind, "", parsed.message, parsed.deviations)
    return None


def _note(message: Message) -> str:
    if isinstance(message, g.DirectorHello | g.BareDirectorHello):
        return f"Director {message.name}, version {message.version}"
    if isinstance(message, g.SdClientHello):
        return f"File daemon version {message.version} for job {message.job}"
    if isinstance(message, g.SdCallsFd):
        return f"Storage daemon version {message.version} calls for job {message.job}"
    if isinstance(message, g.FdHello | g.SdHello):
        return f"version {message.version}"
    return ""
