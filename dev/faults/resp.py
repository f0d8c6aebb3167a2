"""Commands in Redis's protocol (RESP 2), as far as a proxy has to read them: arrays of strings."""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """A command and the bytes that it was sent as."""

    args: list[bytes]
    raw: bytes

    @property
    def name(self) -> bytes:
        """Its first word, in capitals."""
        return self.args[0].upper()


def split(data: bytes) -> tuple[list[Command], bytes]:
    """Return the whole commands that `data` starts with, and what is left."""
    commands = []
    while (command := _first(data)) is not None:
        commands.append(command)
        data = data[len(command.raw) :]
    return commands, data


def _first(data: bytes) -> Command | None:
    """Return the first command, or `None` where it has not come in full."""
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
        raise ValueError(f"not a command's line: {line[:20]!r}")
    return int(line[1:])
