"""The local server outlives what passes: more clients than it may have descriptors."""

import errno
from typing import Any

import pytest

from dev.server import accepted


class Listener:
    """Fails as it is told, one error after the other, and then has a client."""

    def __init__(self, *errors: int) -> None:
        self._errors = list(errors)

    def accept(self) -> tuple[str, None]:
        if self._errors:
            raise OSError(self._errors.pop(0), "told so")
        return "client", None


def test_who_comes_when_all_descriptors_are_taken_waits() -> None:
    """Clients that are there go on; a server that ended would reset them all."""
    listener: Any = Listener(errno.EMFILE, errno.ENFILE, errno.ECONNABORTED)

    assert "client" == accepted(listener)


def test_a_listener_that_is_gone_ends_the_server() -> None:
    """It would never have another client."""
    listener: Any = Listener(errno.EBADF)

    with pytest.raises(OSError, match="told so"):
        accepted(listener)
