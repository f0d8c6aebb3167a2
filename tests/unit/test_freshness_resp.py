"""Redis's protocol as the proxy reads it: whole commands, and what is left over."""

import pytest

from dev.faults import resp

GET = b"*2\r\n$3\r\nget\r\n$1\r\nk\r\n"
SET = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n"


def test_commands_are_told_apart() -> None:
    """Two commands sent at once are two; a value may hold line ends."""
    commands, rest = resp.split(GET + SET)

    assert [[b"get", b"k"], [b"SET", b"k", b"a\r\nb"]] == [each.args for each in commands]
    assert [GET, SET] == [each.raw for each in commands]
    assert b"" == rest


def test_a_name_is_in_capitals() -> None:
    """However the client wrote it."""
    [command], _ = resp.split(GET)

    assert b"GET" == command.name


@pytest.mark.parametrize("length", range(len(SET)))
def test_a_command_cut_anywhere_waits_for_its_rest(length: int) -> None:
    """What has not come in full is left over, unchanged."""
    commands, rest = resp.split(GET + SET[:length])

    assert [GET] == [each.raw for each in commands]
    assert SET[:length] == rest


def test_what_is_no_command_is_refused() -> None:
    """An inline command is nothing that our client sends."""
    with pytest.raises(ValueError, match="not a command's line"):
        resp.split(b"PING\r\n")
