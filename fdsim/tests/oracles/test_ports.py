from __future__ import annotations

import socket

import pytest

from fdsim.oracles import ports
from fdsim.oracles.ports import Endpoint, is_listening, reserved_endpoints


def test_endpoints_are_different_and_can_be_listened_on() -> None:
    with reserved_endpoints(20) as endpoints:
        assert len(set(endpoints)) == 20
        for endpoint in endpoints:
            assert endpoint.host == "127.0.0.1"
            with socket.create_server(endpoint):
                assert is_listening(endpoint.port)
            assert not is_listening(endpoint.port)


def test_reserved_port_is_given_to_nobody_else_until_it_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    with reserved_endpoints(1) as (taken,):
        monkeypatch.setattr(ports, "_PORTS", range(taken.port, taken.port + 1))
        with (
            pytest.raises(OSError, match=f"^no free port in {taken.port}..{taken.port} of 127.0.0.1$"),
            reserved_endpoints(1),
        ):
            pytest.fail("the port was given away twice")
    with reserved_endpoints(1) as again:
        assert again == (taken,)


def test_port_that_somebody_listens_on_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(ports, "_PORTS", range(port, port + 1))
        with pytest.raises(OSError, match=r"^no free port"), reserved_endpoints(1):
            pytest.fail("a port in use was given away")


def test_port_that_is_bound_or_connected_is_not_listened_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert is_listening(server.getsockname()[1])
        assert not is_listening(client.getsockname()[1])


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
def test_listening_on_all_addresses_of_both_families_counts() -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        assert is_listening(server.getsockname()[1])


def test_endpoint_is_an_address_for_the_socket_module() -> None:
    assert Endpoint("127.0.0.1", 9102) == ("127.0.0.1", 9102)
