"""Answers to signals that hardly anybody sends; the observer knows them."""

from __future__ import annotations

from dataclasses import dataclass

from fdsim.wire.messages.base import Message


@dataclass(frozen=True, slots=True)
class StatusAnswer(Message, shape="Status OK\n"):
    """Answers STATUS; an EOD follows (DIR-BNET-26, SD-HB-4)."""
