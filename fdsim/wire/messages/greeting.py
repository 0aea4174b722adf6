"""Hello and CRAM-MD5: what every connection starts with (DIR-HELLO, DIR-AUTH, SD-HELLO, SD-AUTH)."""

from __future__ import annotations

from dataclasses import dataclass

from fdsim.wire.messages.base import Message


@dataclass(frozen=True, slots=True)
class DirectorHello(Message, shape="Hello Director {name:bashed} calling {version:int}[ tlspsk={tlspsk:int}]\n"):
    """The Director's first packet to a File daemon (DIR-HELLO-1, DIR-HELLO-2)."""

    name: str
    version: int
    tlspsk: int | None = None


@dataclass(frozen=True, slots=True)
class BareDirectorHello(Message, shape="Hello {name:bashed} calling {version:int}\n"):
    """A Director's Hello without the word Director, which File daemons accept as well (DIR-HELLO-4)."""

    name: str
    version: int


@dataclass(frozen=True, slots=True)
class FdHello(Message, shape="2000 OK Hello {version:int}\n"):
    """The File daemon accepts the Director (DIR-HELLO-10)."""

    version: int


@dataclass(frozen=True, slots=True)
class SdClientHello(Message, shape="Hello Bacula SD: Start Job {job:bashed} {version:int}[ tlspsk={tlspsk:int}]\n"):
    """The File daemon's first packet to a Storage daemon (SD-HELLO-1, SD-HELLO-2)."""

    job: str
    version: int
    tlspsk: int | None = None


@dataclass(frozen=True, slots=True)
class SdHello(Message, shape="3000 OK Hello {version:int}\n"):
    """The Storage daemon accepts the File daemon (SD-HELLO-10)."""

    version: int


@dataclass(frozen=True, slots=True)
class SdCallsFd(Message, shape="Hello FD: Bacula Storage calling Start Job {job:bashed} {version:int}\n"):
    """A Storage daemon's first packet to a File daemon, where it is the one that calls (DIR-CONN-12, SD-CONN-5)."""

    job: str
    version: int


@dataclass(frozen=True, slots=True)
class Challenge(Message, shape="auth cram-md5 {text:token}[ ssl={tls:int}]\n"):
    """Asks for proof that the peer knows the key (DIR-AUTH-2).

    ``tls``: 0 none, 1 possible, 2 required (DIR-TLS-1); without it there is none (DIR-AUTH-12).
    """

    text: str
    tls: int | None


@dataclass(frozen=True, slots=True)
class CompatibleChallenge(Message, shape="auth cram-md5c {text:token}[ ssl={tls:int}]\n"):
    """A challenge that wants its answer in RFC 4648 base64; read, never sent (DIR-AUTH-8)."""

    text: str
    tls: int | None


@dataclass(frozen=True, slots=True)
class ChallengeResponse(Message, shape="{answer:token}\0"):
    """The keyed hash of the challenge; the NUL at the end is part of the packet (DIR-AUTH-6)."""

    answer: str


@dataclass(frozen=True, slots=True)
class AuthOk(Message, shape="1000 OK auth\n"):
    """The response was right (DIR-AUTH-10)."""


@dataclass(frozen=True, slots=True)
class AuthFailed(Message, shape="1999 Authorization failed.\n"):
    """The response was wrong (DIR-AUTH-10)."""


@dataclass(frozen=True, slots=True)
class AuthenticationFailed(Message, shape="2999 Authentication failed.\n"):
    """The File daemon's last word to a Director that it does not trust (DIR-AUTH-13)."""


@dataclass(frozen=True, slots=True)
class Ping(Message, shape="Ping"):
    """Asks whether a File daemon is there (DIR-CONN-3)."""


@dataclass(frozen=True, slots=True)
class PingOk(Message, shape="2000 Ping OK\n"):
    """It is."""
