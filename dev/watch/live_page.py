"""The live page: its contents, and the actions of its buttons."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Final, Self

from chalicelib.settings import Settings
from dev.faults.timeline import Timeline
from dev.stack.programs import StartFailed
from dev.stack.servers import Valkey
from dev.watch.load import RATES, LiveLoad
from dev.watch.redis_reach import RedisReach
from dev.watch.refused import CommandRefused
from dev.watch.server import HOST, Action, PageServer
from dev.watch.state import State

PORT: Final = 8081
"""The default port. If it is in use and `WATCH_PORT` is not set, a free port is used."""


class LivePage:
    """
    Serves the page during the block. The API must run longer.

    `valkey` is the stack's own Redis, if there is one. If `port` is given, no other port is used.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        api_url: str,
        valkey: Valkey | None,
        port: int | None,
    ) -> None:
        timeline = Timeline(strict=settings.cache_write_policy == "strict")
        self._state = state
        self._redis = RedisReach(settings, valkey, timeline)
        self._load = LiveLoad(api_url, timeline)
        self._port = port
        self._ended = threading.Event()
        self._running = ExitStack()
        self.url = ""
        self.actions: Mapping[str, Action] = {
            "/load": self._start_load,
            "/stop": self._stop_load,
            "/flush": self._flush,
            "/pause": self._pause,
            "/resume": self._resume,
        }

    def __enter__(self) -> Self:
        """Start to listen. Raise `StartFailed` if the port is in use."""
        server = _listening(self._port, self)
        self.url = server.url
        checking = threading.Thread(target=self._redis.run, args=[self._ended], daemon=True)
        self._running.callback(self._ended.set)
        self._running.callback(server.stop)
        self._running.callback(self._load.stop)
        checking.start()
        server.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the load, resume Redis and stop the server."""
        self._redis.resume_if_owned()
        self._running.close()

    def shown(self) -> dict[str, Any]:
        """Return the current values for the page."""
        redis = {"answers": self._redis.answers, "owned": self._redis.is_owned}
        return {**self._state.shown(), "redis": redis, "load": self._load.shown()}

    def _start_load(self, query: Mapping[str, str]) -> None:
        rate = query.get("rate", "")
        if rate not in map(str, RATES):
            raise CommandRefused(f"The rate must be one of {', '.join(map(str, RATES))}")
        self._load.start(int(rate))
        self._state.add_event(f"Load started, {rate} requests a second")

    def _stop_load(self, _: Mapping[str, str]) -> None:
        self._load.stop()
        self._state.add_event("Load stopped")

    def _flush(self, _: Mapping[str, str]) -> None:
        self._redis.flush()
        self._state.add_event("Redis flushed")

    def _pause(self, _: Mapping[str, str]) -> None:
        self._redis.pause()
        self._state.add_event("Redis paused")
        self._redis.check()

    def _resume(self, _: Mapping[str, str]) -> None:
        self._redis.resume()
        self._state.add_event("Redis resumed")
        self._redis.check()


def _listening(port: int | None, page: LivePage) -> PageServer:
    for each in (port,) if port else (PORT, 0):
        try:
            return PageServer(each, page)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
    raise StartFailed(
        f"Cannot listen on {HOST}:{port}: {reason}. "
        "Use another port for the live page: WATCH_PORT=… make run"
    )
