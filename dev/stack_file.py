"""`.local/stack.json`: where the running stack is, for tools and fault tests. One stack a place."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from chalicelib.config import Settings
from dev.programs import Server, StartFailed
from dev.servers import Api, Emulator, Valkey
from dev.watch.live_page import LivePage


class StackFile:
    """The file, and the lock on its directory while the stack is there. `None`: not ours."""

    def __init__(
        self,
        local: Path,
        settings: Settings,
        api: Api,
        redis: Valkey | None,
        aws: Emulator | None,
        page: LivePage,
    ) -> None:
        self._path = local / "stack.json"
        self._settings = settings
        self._api = api
        self._redis = redis
        self._aws = aws
        self._page = page
        self._lock = -1

    def __enter__(self) -> Self:
        """Take the place. Raise `StartFailed` where another stack has it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise StartFailed(f"A stack runs here already, see {self._path}; stop it") from None
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the file, and the directory if nothing else is there; give the place free."""
        self._path.unlink(missing_ok=True)
        with suppress(OSError):
            self._path.parent.rmdir()
        os.close(self._lock)

    def write(self) -> None:
        """Tell what is so now. A reader sees the old text or the new one, never half of it."""
        draft = self._path.with_suffix(".tmp")
        draft.write_text(json.dumps(self._facts(), indent=2) + "\n")
        draft.replace(self._path)

    def _facts(self) -> dict[str, Any]:
        settings = self._settings
        redis = {"host": settings.redis_host, "port": settings.redis_port}
        return {
            "api": {"url": self._api.url, "pid": self._api.pid},
            "redis": {**redis, "pid": _pid(self._redis)},
            "aws": {"url": settings.aws_endpoint_url, "pid": _pid(self._aws)},
            "table": settings.products_table,
            "watch": {"url": self._page.url},
        }


def _pid(server: Server | None) -> int | None:
    return None if server is None else server.pid
