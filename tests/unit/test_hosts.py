"""Which `Host` fields name this machine, and which cannot be one."""

import pytest

from dev import hosts


@pytest.mark.parametrize(
    "field",
    ["localhost", "LOCALHOST:8080", "shop.localhost:1", "127.0.0.1:80", "127.9.9.9", "[::1]:8080"],
)
def test_names_that_only_this_machine_has_are_local(field: str) -> None:
    """Whatever the port: it may be forwarded."""
    assert hosts.is_local(field)


@pytest.mark.parametrize(
    "field",
    ["", "evil.example:8080", "localhost.evil.example", "notlocalhost", "10.0.0.1", "[::2]", "a b"],
)
def test_any_other_name_is_not(field: str) -> None:
    """A stranger's DNS can point it here."""
    assert not hosts.is_local(field)


@pytest.mark.parametrize("field", ["", "a", "a:80", "a:", "[::1]:80", "a%20b"])
def test_a_name_and_a_port_are_well_formed(field: str) -> None:
    """The name may be empty, and so may the port."""
    assert hosts.is_well_formed(field)


@pytest.mark.parametrize("field", ["a b/@", "a/b", "u@a", "a:80:80", "::1", "a:x", "ä"])
def test_what_no_url_could_hold_is_not(field: str) -> None:
    """A path, a user, two names."""
    assert not hosts.is_well_formed(field)
