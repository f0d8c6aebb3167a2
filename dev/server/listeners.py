"""The sockets that a server listens on, one for each address of its host. Knows no HTTP."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable
from typing import Any, Final

_LOOPBACK: Final = ("127.0.0.1", "::1")
"""Browsers resolve `localhost` to these, whatever the machine's hosts file says."""
_BACKLOG: Final = 256
_ABSENT: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class ListenFailed(Exception):
    """The text contains the reason."""


def listen(host: str, port: int) -> list[socket.socket]:
    """
    Return a listening socket for each address of `host`. Raise `ListenFailed`.

    An address that this machine does not have is left out if there is another one.
    """
    sockets: list[socket.socket] = []
    reason = ""
    try:
        for family, address in _addresses(host, port):
            try:
                sockets.append(_listening(family, address))
            except OSError as error:
                reason = os.strerror(error.errno or 0)
                if error.errno not in _ABSENT:
                    raise
    except OSError as error:
        close(sockets)
        raise ListenFailed(reason or error.strerror) from error
    if not sockets:
        raise ListenFailed(reason)
    return sockets


def close(sockets: Iterable[socket.socket]) -> None:
    """Close all sockets."""
    for each in sockets:
        each.close()


def _addresses(host: str, port: int) -> list[tuple[int, Any]]:
    """Return each family and address once. Raise `socket.gaierror`."""
    names = _LOOPBACK if host.lower() == "localhost" else (host,)
    found = [
        (family, address)
        for name in names
        for family, _, _, _, address in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    ]
    return list(dict.fromkeys(found))


def _listening(family: int, address: Any) -> socket.socket:
    is_dual = address[0] == "::" and socket.has_dualstack_ipv6()
    return socket.create_server(address, family=family, backlog=_BACKLOG, dualstack_ipv6=is_dual)
