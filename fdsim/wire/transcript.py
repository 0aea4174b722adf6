r"""Events as text, one line each, for people and for comparing two conversations.

::

       1 D>F  hello                 35  Hello Director lab-dir calling 103\n  -- Director lab-dir, version 103
      24 D>F  end of list          EOD
     105 F>S  attributes          118z 3 3 /tree/a.txt\0P0A Bj...
     106 S>F  session reply         9  3000 odd\n  !! stands where a reply to append data was due

The columns are: number, direction, kind, length of the payload in bytes (``z``: it was an LZ4 block on the wire) or the
name of a signal, the payload, a note after ``--`` and deviations after ``!!``. There is no time in it, so that equal
conversations give equal text; whoever records may put one in front.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from fdsim.wire.events import Event
from fdsim.wire.frames import Packet
from fdsim.wire.roles import Role

PAYLOAD_LIMIT: Final = 160
"""How many bytes of a payload are shown."""

_NAMED: Final = {0: "\\0", 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\"}
_ESCAPES: Final = tuple(_NAMED.get(byte, chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in range(256))


def direction(sender: Role, receiver: Role) -> str:
    """Who speaks to whom, e.g. ``D>F``."""
    return f"{sender.value}>{receiver.value}"


def escape(data: bytes, limit: int = PAYLOAD_LIMIT) -> str:
    r"""Bytes as printable ASCII: ``\n``, ``\0``, ``\xNN``, and ``...`` where it is cut at ``limit`` bytes."""
    text = "".join([_ESCAPES[byte] for byte in data[:limit]])
    return text if len(data) <= limit else text + "..."


def line(event: Event, limit: int = PAYLOAD_LIMIT) -> str:
    """One event as one line without its newline.

    Args:
        event: what to show.
        limit: how many bytes of the payload to show.
    """
    frame = event.frame
    if isinstance(frame, Packet):
        size = f"{len(frame.payload)}{'z' if frame.compressed else ' '}"
        content = escape(frame.payload, limit)
    else:
        size, content = "" if frame is None else f"{frame.name} ", ""
    text = f"{event.number:6} {direction(event.sender, event.receiver)}  {event.kind.value:18} {size:>10} {content}"
    if event.note:
        text += f"  -- {_plain(event.note)}"
    if event.deviations:
        text += f"  !! {_plain('; '.join(event.deviations))}"
    return text.rstrip()


def lines(events: Iterable[Event], limit: int = PAYLOAD_LIMIT) -> Iterator[str]:
    """Events as lines."""
    return (line(event, limit) for event in events)


def _plain(text: str) -> str:
    """Names of files in notes may hold anything."""
    return escape(text.encode("utf-8", "surrogateescape"), limit=2 * PAYLOAD_LIMIT)
