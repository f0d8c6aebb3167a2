"""The `Host` fields that a local server accepts."""

import pytest

from dev.server import hosts
from dev.server.hosts import AllowedHosts

FOREIGN = ["", "evil.example:8080", "localhost.evil.example", "notlocalhost", "10.0.0.1", "[::2]"]
MALFORMED = ["a b", "localhost/", "u@localhost", "localhost:80:80", "::1", "localhost:x", "ä"]


@pytest.mark.parametrize(
    "field",
    ["localhost", "LOCALHOST:8080", "shop.localhost:1", "127.0.0.1:80", "127.9.9.9", "[::1]:8080"],
)
def test_local_names_are_allowed(field: str) -> None:
    """With any port, because it may be forwarded."""
    assert hosts.is_local(field)
    assert field in AllowedHosts("shop.example")


@pytest.mark.parametrize("field", FOREIGN + MALFORMED)
def test_other_names_are_refused(field: str) -> None:
    """A foreign DNS server can make them resolve to this machine."""
    assert not hosts.is_local(field)
    assert field not in AllowedHosts("shop.example")


@pytest.mark.parametrize("field", ["shop.example", "SHOP.example:80", "[2001:db8::1]:80"])
def test_names_can_be_allowed(field: str) -> None:
    """In any case, with any port."""
    assert field in AllowedHosts("Shop.example", "[2001:DB8::1]")


@pytest.mark.parametrize("field", FOREIGN)
def test_an_asterisk_allows_all(field: str) -> None:
    """The check is then off."""
    assert field in AllowedHosts("*")
