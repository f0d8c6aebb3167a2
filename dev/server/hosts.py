"""
The host names that a local server accepts. Knows no request, and no server.

Any DNS name can point to this machine (DNS rebinding). A browser then takes a page of that name and
this server for one site, so the page may read and write.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

ANY: Final = "*"
_FIELD: Final = re.compile(
    r"(\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?"
)
"""RFC 9110, 7.2 and RFC 3986, 3.2.2."""


class AllowedHosts:
    """Local names (`localhost`, loopback addresses) and `names`, where `*` allows all."""

    def __init__(self, *names: str) -> None:
        self._names = {each.lower().strip("[]") for each in names}

    def __contains__(self, field: str) -> bool:
        """Return whether a `Host` field, whatever its port, has an allowed name."""
        return ANY in self._names or is_local(field) or _name(field) in self._names


@lru_cache(maxsize=16)
def is_local(field: str) -> bool:
    """Return whether a `Host` field, whatever its port, names this machine and never another."""
    name = _name(field)
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name)


def _name(field: str) -> str:
    """Return the name in lower case, an IPv6 address without brackets; empty if malformed."""
    match = _FIELD.fullmatch(field)
    return match[1].lower().strip("[]") if match else ""


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
