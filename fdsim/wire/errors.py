"""Errors of the protocol, each of which names the guilty side.

A ``RemoteProtocolError`` says that the peer sent what the protocol does not allow, a ``LocalProtocolError`` that our
own side tried to. The suite maps the first to a verdict on the target and the second to a fault of the harness.
"""


class ProtocolError(Exception):
    """The protocol was violated; the text says by what."""


class RemoteProtocolError(ProtocolError):
    """The peer sent what the protocol does not allow."""


class LocalProtocolError(ProtocolError):
    """Our side tried to send what the protocol does not allow."""
