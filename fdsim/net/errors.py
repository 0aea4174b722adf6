"""What can go wrong between two daemons apart from what they say (that is ``wire.errors``)."""


class NetworkError(Exception):
    """The connection failed; the text names the peer, what happened and, where it helps, what to do."""


class ConnectFailed(NetworkError):
    """There is nobody at that address."""


class PeerClosed(NetworkError):
    """The peer closed the connection, or it broke."""


class PeerTimeout(NetworkError):
    """The peer has been silent, or has not read, for longer than the time-out."""


class AuthenticationError(NetworkError):
    """One of the two sides does not know the key, or wants TLS."""
