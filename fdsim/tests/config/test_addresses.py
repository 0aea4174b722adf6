from __future__ import annotations

import pytest

from fdsim.config import addresses
from fdsim.config.addresses import Address
from fdsim.config.errors import ConfigError, Place
from fdsim.config.lexer import tokens
from fdsim.config.parser import parse
from fdsim.config.values import Words

PLACE = Place("f", 7)


def words(value: str) -> Words:
    (block,) = parse(tokens(f"R {{ X = {value}\n}}", "f"))
    return Words(block.directives[0], "X")


@pytest.mark.parametrize("written", ["127.0.0.1", "::1", "localhost", "a-b.example", "0"])
def test_a_host_is_kept_as_it_is_written(written: str) -> None:
    assert addresses.host(words(written)) == written


@pytest.mark.parametrize("written", ['"127.0.0.1"', "", "127.0.0.1 x", "127.0.0.1 Messages = m", "a, b"])
def test_a_host_is_unquoted_and_alone_on_its_line(written: str) -> None:
    with pytest.raises(ConfigError, match=r"^f:1: X "):
        addresses.host(words(written))


@pytest.mark.parametrize(
    ("written", "expected"), [("1", 1), ("9102", 9102), ("080", 80), ("65534", 65534), ("http", 80)]
)
def test_a_port_is_a_number_or_a_service(written: str, expected: int) -> None:
    assert addresses.port(words(written)) == expected


@pytest.mark.parametrize(
    "written",
    ["0", "65535", "65536", "99999999999", "-1", "0x50", "9.9", "no-such-service", '"99"', "é", "99 98", "99, 98"],
)
def test_what_is_no_port_is_refused(written: str) -> None:
    with pytest.raises(ConfigError, match=r"^f:1: X "):
        addresses.port(words(written))


def test_a_block_lists_addresses_with_defaults_for_what_is_left_out() -> None:
    value = """{
      ip = { addr = 127.0.0.1; port = 1205; } ; IPv4 = { port = http
      addr = h } ipv6 = { ADDR = ::1 }
      ip = { port = 22 }
    }"""
    assert addresses.addresses(words(value)) == (
        Address("127.0.0.1", 1205),
        Address("h", 80),
        Address("::1", 9102),
        Address("::", 22),
    )


@pytest.mark.parametrize(
    ("written", "line", "says"),
    [
        ("1.2.3.4", 1, "takes a block"),
        ("{ }", 1, "holds no address"),
        ("{\nip = { }\n}", 2, "neither addr nor port"),
        ("{\nfoo = { addr = a } }", 2, "'foo' is no family of addresses; use ip, ipv4, ipv6"),
        ("{\nip { addr = a } }", 2, "ip needs a '='"),
        ("{\nip = a\n}", 2, "ip takes a block"),
        ("{ ip = { addr = a\naddr = b } }", 2, "addr is given twice"),
        ("{ ip = { port = 1\nport = 2 } }", 2, "port is given twice"),
        ("{ ip = { port = 1\nfoo = 2 } }", 2, "foo is not known here; use addr and port"),
        ("{ ip = { addr = a port = 1 } }", 1, "put a ';' after its value"),
        ('{ ip = { addr = "a" } }', 1, "without quotes"),
    ],
)
def test_what_is_no_block_of_addresses_is_refused_at_its_line(written: str, line: int, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        addresses.addresses(words(written))
    assert says in str(error.value)
    assert error.value.line == line


def test_without_any_directive_all_ipv4_addresses_are_listened_on() -> None:
    assert addresses.listening((), (), (), PLACE) == (Address("0.0.0.0", 9102),)


def test_the_last_port_and_the_last_host_count() -> None:
    assert addresses.listening((1, 2), ("a", "b"), (), PLACE) == (Address("b", 2),)
    assert addresses.listening((1,), (), (), PLACE) == (Address("0.0.0.0", 1),)
    assert addresses.listening((), ("a",), (), PLACE) == (Address("a", 9102),)


def test_all_blocks_count_and_an_address_counts_once() -> None:
    blocks = ((Address("a", 1), Address("b", 2)), (Address("a", 1), Address("c", 3)))
    assert addresses.listening((), (), blocks, PLACE) == (Address("a", 1), Address("b", 2), Address("c", 3))


@pytest.mark.parametrize(("ports", "hosts"), [((1,), ()), ((), ("a",)), ((1,), ("a",))])
def test_a_block_cannot_stand_beside_a_port_or_a_host(ports: tuple[int, ...], hosts: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"^f:7: FDAddresses cannot stand beside"):
        addresses.listening(ports, hosts, ((Address("a", 1),),), PLACE)
