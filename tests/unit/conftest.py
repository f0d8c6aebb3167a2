"""Unit tests use no network: a socket raises."""

from collections.abc import Iterator

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def no_network() -> Iterator[None]:
    """Refuse every socket."""
    pytest_socket.disable_socket()
    yield
    pytest_socket.enable_socket()
