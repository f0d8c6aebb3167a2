"""Ports from variables."""

import pytest

from chalicelib.settings import SettingsError
from dev.stack import ports


def test_a_port_is_read_from_its_variable() -> None:
    """An invalid port is a settings error."""
    assert (None, None, 9000) == tuple(
        ports.named(env, "WATCH_PORT") for env in ({}, {"WATCH_PORT": ""}, {"WATCH_PORT": "9000"})
    )
    for value in ("0", "65536", "soon", "-1"):
        with pytest.raises(SettingsError, match="WATCH_PORT must be"):
            ports.named({"WATCH_PORT": value}, "WATCH_PORT")
