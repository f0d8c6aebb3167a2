"""The addresses that a server listens on."""

import os
import socket
from errno import EADDRINUSE

import pytest

from dev.server import listeners
from dev.server.listeners import ListenFailed


def _addresses(host: str) -> list[str]:
    sockets = listeners.listen(host, 0)
    addresses = [each.getsockname()[0] for each in sockets]
    listeners.close(sockets)
    return addresses


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_localhost_is_both_loopback_addresses() -> None:
    """Browsers try either. A machine without IPv6 has one."""
    expected = ["127.0.0.1", "::1"] if _has_ipv6() else ["127.0.0.1"]

    assert expected == _addresses("localhost")


def test_an_address_is_used_unchanged() -> None:
    """0.0.0.0 is every IPv4 address."""
    assert ["127.0.0.1"] == _addresses("127.0.0.1")
    assert ["0.0.0.0"] == _addresses("0.0.0.0")


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")
def test_ipv6_addresses_are_served() -> None:
    """`::` accepts IPv4 connections too."""
    assert ["::1"] == _addresses("::1")
    (every,) = listeners.listen("::", 0)
    with every:
        port = every.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()
        socket.create_connection(("::1", port)).close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_busy_port_is_refused(host: str) -> None:
    """One busy address is enough."""
    with (
        socket.create_server(("127.0.0.1", 0)) as busy,
        pytest.raises(ListenFailed, match=os.strerror(EADDRINUSE)),
    ):
        listeners.listen(host, busy.getsockname()[1])


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_a_host_that_is_not_this_machine_is_refused(host: str) -> None:
    """The reason is text, not a number."""
    with pytest.raises(ListenFailed, match=r"^[A-Z][a-z ,]+"):
        listeners.listen(host, 0)
