"""
The names by which a request may call this machine; knows no request, and no server.

A name that a stranger's DNS points here reaches us too (DNS rebinding): to the browser, the
stranger's page and our server are then one site, and the page may read and write.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

_FIELD: Final = re.compile(
    r"(\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?"
)
"""RFC 9110, 7.2 and RFC 3986, 3.2.2."""
_KEPT: Final = 16
"""Answers remembered: all requests of a client bear the same name."""


@lru_cache(maxsize=_KEPT)
def is_well_formed(field: str) -> bool:
    """Tell whether a `Host` field can be one. An empty one can."""
    return _FIELD.fullmatch(field) is not None


@lru_cache(maxsize=_KEPT)
def is_local(field: str) -> bool:
    """Tell whether a `Host` field, whatever its port, is this machine to nobody but itself."""
    match = _FIELD.fullmatch(field)
    name = match[1].lower() if match else ""
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name.strip("[]"))


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
