"""Where a daemon listens: ``FDPort`` and ``FDAddress``, or an ``FDAddresses`` block (DIR-CFG-13, DIR-CFG-14)."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass

from fdsim.config.errors import ConfigError, Place
from fdsim.config.lexer import Kind
from fdsim.config.parser import Directive
from fdsim.config.values import Words, block

DEFAULT_PORT = 9102
DEFAULT_HOST = "0.0.0.0"
DEFAULT_HOST_IN_BLOCK = "::"
"""Where an entry of an FDAddresses block without ``addr`` listens: on every address of both families."""
MAXIMUM_PORT = 65534
"""The real daemon refuses 65535."""

_UNQUOTED = frozenset({Kind.WORD, Kind.NUMBER, Kind.STRING})
_FAMILIES = ("ip", "ipv4", "ipv6")
_DECIMAL = re.compile(r"[0-9]{1,10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """A host, as name or number, and a TCP port."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT


def host(words: Words) -> str:
    """A host name or an IP address, without quotes and alone on its line; nothing is looked up here.

    The real daemon goes on with the next directive right after it, without a ``;``. That is so easy to misread that it
    is refused here.
    """
    token = words.take(_UNQUOTED, "a host name or an IP address without quotes")
    _nothing_more(words)
    return token.text


def port(words: Words) -> int:
    """A port or the name of a service, without quotes and alone on its line."""
    token = words.take(_UNQUOTED, "a port or the name of a service, without quotes,")
    _nothing_more(words)
    if _DECIMAL.fullmatch(token.text):
        number = int(token.text)
    else:
        try:
            number = socket.getservbyname(token.text, "tcp")
        except (OSError, UnicodeError) as error:
            raise words.error(f"= there is no service {token.text!r}; give the port as a number", token) from error
    if not 0 < number <= MAXIMUM_PORT:
        raise words.error(f"= {number} is no port; use 1 to {MAXIMUM_PORT}", token)
    return number


def addresses(words: Words) -> tuple[Address, ...]:
    """The entries of an FDAddresses block."""
    entries = block(words).directives
    if not entries:
        raise words.error("holds no address; write '{ ip = { addr = HOST; port = PORT } }'")
    return tuple(_address(entry) for entry in entries)


def listening(
    ports: tuple[int, ...], hosts: tuple[str, ...], blocks: tuple[tuple[Address, ...], ...], place: Place
) -> tuple[Address, ...]:
    """Where to listen, from everything that the directives say.

    Args:
        ports: every FDPort; the last one counts.
        hosts: every FDAddress; the last one counts.
        blocks: every FDAddresses; all of them count.
        place: the last of these directives, for a message.

    Raises:
        ConfigError: an FDAddresses block stands beside one of the others.
    """
    if not blocks:
        return (Address(hosts[-1] if hosts else DEFAULT_HOST, ports[-1] if ports else DEFAULT_PORT),)
    if ports or hosts:
        message = "FDAddresses cannot stand beside FDPort or FDAddress; put the port and the host into its block"
        raise ConfigError(place, message)
    return tuple(dict.fromkeys(address for addresses in blocks for address in addresses))


def _address(entry: Directive) -> Address:
    if entry.name.lower() not in _FAMILIES:
        message = f"'{entry.name}' is no family of addresses; use {', '.join(_FAMILIES)}"
        raise ConfigError(entry.place, message)
    fields = block(Words(entry, entry.name))
    found_host = found_port = None
    for field in fields.directives:
        words = Words(field, field.name)
        match field.name.lower():
            case "addr" if found_host is None:
                found_host = host(words)
            case "port" if found_port is None:
                found_port = port(words)
            case "addr" | "port":
                raise words.error("is given twice in one block; keep one of them")
            case _:
                raise words.error("is not known here; use addr and port")
    if found_host is None and found_port is None:
        raise ConfigError(entry.place, f"'{entry.name}' holds neither addr nor port; write one of them")
    return Address(
        DEFAULT_HOST_IN_BLOCK if found_host is None else found_host,
        DEFAULT_PORT if found_port is None else found_port,
    )


def _nothing_more(words: Words) -> None:
    if words.unread:
        raise words.error("is followed by more words; put a ';' after its value", words.unread[0])
