"""The proxy's parser of Redis's protocol: complete commands, and the rest."""

import pytest

from dev.faults import resp

GET = b"*2\r\n$3\r\nget\r\n$1\r\nk\r\n"
SET = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n"


def test_two_commands_are_separated() -> None:
    """A value may contain line ends."""
    commands, rest = resp.split(GET + SET)

    assert [[b"get", b"k"], [b"SET", b"k", b"a\r\nb"]] == [each.args for each in commands]
    assert [GET, SET] == [each.raw for each in commands]
    assert b"" == rest


def test_a_name_is_upper_case() -> None:
    """Whatever the client's notation."""
    [command], _ = resp.split(GET)

    assert b"GET" == command.name


@pytest.mark.parametrize("length", range(len(SET)))
def test_an_incomplete_command_is_kept(length: int) -> None:
    """Its bytes are returned unchanged."""
    commands, rest = resp.split(GET + SET[:length])

    assert [GET] == [each.raw for each in commands]
    assert SET[:length] == rest


def test_an_inline_command_is_refused() -> None:
    """Clients of this project send none."""
    with pytest.raises(ValueError, match="invalid line in a command"):
        resp.split(b"PING\r\n")
