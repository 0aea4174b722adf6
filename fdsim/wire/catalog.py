r"""What Director and File daemon tell each other about single files.

The Director lists what earlier backups hold, ``<path>\0<lstat>\0<digest>\0<delta sequence>`` (DIR-ACC-2). In a verify
the File daemon describes each file, ``<number> 1 <options> <path>\0<lstat>\0<link>\0`` (DIR-VER-5), and where there is
a digest a further packet follows, ``<number> <stream> <digest> *<name>-<number>*`` (DIR-VER-8).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from fdsim.wire.errors import RemoteProtocolError
from fdsim.wire.lstat import LStat
from fdsim.wire.messages.base import shorten
from fdsim.wire.streams import Stream

_ATTRIBUTES: Final = re.compile(rb"(\d{1,19}) (\d{1,10}) (\S*) ([^\0]*)\0([^\0]*)\0([^\0]*)\0?", re.DOTALL)
_DIGEST: Final = re.compile(rb"(\d{1,19}) (\d{1,10}) (\S+) \*([^*]*)-(\d{1,19})\*")


@dataclass(frozen=True, slots=True)
class AccurateEntry:
    """A file that an earlier backup holds."""

    name: bytes
    """Full path; that of a directory ends with a slash (DIR-ACC-3)."""
    lstat: str
    digest: str = ""
    """RFC 4648 base64 without padding, empty if the catalog has none."""
    delta_sequence: int = 0

    @property
    def status(self) -> LStat:
        """The decoded LStat (RemoteProtocolError if it is damaged)."""
        return LStat.parse(self.lstat)

    def encode(self) -> bytes:
        """The packet's payload; no NUL at its end."""
        fields = (self.name, self.lstat.encode("latin-1"), self.digest.encode("latin-1"), b"%d" % self.delta_sequence)
        return b"\0".join(fields)

    @classmethod
    def parse(cls, payload: bytes) -> AccurateEntry:
        """Read an entry; digest and delta sequence may be missing (DIR-ACC-4).

        Raises:
            RemoteProtocolError: it is a path alone, which File daemons ignore (DIR-ACC-4).
        """
        name, *rest = payload.split(b"\0")
        if not rest:
            raise RemoteProtocolError(f"an accurate entry without LStat: {shorten(payload)}")
        lstat, digest, delta = (*rest, b"", b"")[:3]
        return cls(
            name,
            lstat.decode("latin-1"),
            digest.decode("latin-1"),
            int(delta) if re.fullmatch(rb"\d{1,19}", delta) else 0,
        )


@dataclass(frozen=True, slots=True)
class VerifyAttributes:
    """A file as a verify finds it."""

    number: int
    """Counts the files from 1; 0 for one that the Director is to skip (DIR-VER-18)."""
    options: str
    """What to compare, e.g. ``VVpins5`` (DIR-VER-7)."""
    name: bytes
    lstat: str
    link: bytes = b""

    @property
    def status(self) -> LStat:
        """The decoded LStat (RemoteProtocolError if it is damaged)."""
        return LStat.parse(self.lstat)

    def encode(self) -> bytes:
        """The packet's payload."""
        lstat = self.lstat.encode("latin-1")
        return b"%d %d %b %b\0%b\0%b\0" % (
            self.number,
            Stream.UNIX_ATTRIBUTES,
            self.options.encode("latin-1"),
            self.name,
            lstat,
            self.link,
        )

    @classmethod
    def parse(cls, payload: bytes) -> VerifyAttributes:
        """Read a packet.

        Raises:
            RemoteProtocolError: it has another shape.
        """
        match = _ATTRIBUTES.fullmatch(payload)
        if match is None or int(match[2]) != Stream.UNIX_ATTRIBUTES:
            raise RemoteProtocolError(f"no attributes of a verify: {shorten(payload)}")
        number, _, options, name, lstat, link = match.groups()
        return cls(int(number), options.decode("latin-1"), name, lstat.decode("latin-1"), link)


@dataclass(frozen=True, slots=True)
class VerifyDigest:
    """The digest of the file that was described last."""

    number: int
    stream: int
    """Which digest it is, e.g. ``Stream.MD5_DIGEST``."""
    digest: str
    """RFC 4648 base64 without padding."""
    label: str
    """The digest's name, e.g. ``MD5``."""

    def encode(self) -> bytes:
        """The packet's payload; no newline."""
        return b"%d %d %b *%b-%d*" % (
            self.number,
            self.stream,
            self.digest.encode("latin-1"),
            self.label.encode("latin-1"),
            self.number,
        )

    @classmethod
    def parse(cls, payload: bytes) -> VerifyDigest:
        """Read a packet.

        Raises:
            RemoteProtocolError: it has another shape.
        """
        match = _DIGEST.fullmatch(payload)
        if match is None:
            raise RemoteProtocolError(f"no digest of a verify: {shorten(payload)}")
        number, stream, digest, label, _ = match.groups()
        return cls(int(number), int(stream), digest.decode("latin-1"), label.decode("latin-1"))
