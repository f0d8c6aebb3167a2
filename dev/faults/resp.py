"""Parses commands in Redis's protocol (RESP 2): arrays of strings."""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """A command and its bytes on the wire."""

    args: list[bytes]
    raw: bytes

    @property
    def name(self) -> bytes:
        """The command's name in upper case."""
        return self.args[0].upper()


def split(data: bytes) -> tuple[list[Command], bytes]:
    """Return the complete commands at the start of `data`, and the rest."""
    commands = []
    while (command := _first(data)) is not None:
        commands.append(command)
        data = data[len(command.raw) :]
    return commands, data


def _first(data: bytes) -> Command | None:
    """Return the first command, or `None` if it is incomplete."""
    head, found, _ = data.partition(b"\r\n")
    if not found:
        return None
    at = len(head) + 2
    args = []
    for _ in range(_count(head, b"*")):
        length_line, found, _ = data[at:].partition(b"\r\n")
        start = at + len(length_line) + 2
        end = start + (_count(length_line, b"$") if found else 0)
        if not found or len(data) < end + 2:
            return None
        args.append(data[start:end])
        at = end + 2
    return Command(args, data[:at])


def _count(line: bytes, sign: bytes) -> int:
    if line[:1] != sign:
        raise ValueError(f"invalid line in a command: {line[:20]!r}")
    return int(line[1:])
