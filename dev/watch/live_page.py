"""
The live page: its contents, and the actions of its buttons.

A pause is SIGSTOP: connections stay open and get no replies. Only the stack's own Redis is changed.
One that the environment names may belong to other users.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Final, Self

from chalicelib.settings import Settings
from dev.faults.load import LoadFailed
from dev.faults.timeline import Timeline
from dev.stack.programs import StartFailed
from dev.stack.servers import Valkey
from dev.watch.load import RATES, LiveLoad
from dev.watch.redis_reach import RedisReach
from dev.watch.server import HOST, Action, CommandRefused, PageServer
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
        self._valkey = valkey
        self._redis = RedisReach(settings, timeline)
        self._load = LiveLoad(api_url, timeline)
        self._port = port
        self._running = ExitStack()
        self.url = ""

    def __enter__(self) -> Self:
        """Start to listen. Raise `StartFailed` if the port is in use."""
        server = self._listening()
        self.url = server.url
        ended = threading.Event()
        self._running.callback(ended.set)
        self._running.callback(server.stop)
        self._running.callback(self._load.stop)
        if self._valkey is not None:  # else it would stay paused
            self._running.callback(self._valkey.signal, signal.SIGCONT)
        threading.Thread(target=self._redis.run, args=[ended], daemon=True).start()
        server.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Resume Redis, and stop the load and the server."""
        self._running.close()

    def shown(self) -> dict[str, Any]:
        """Return the current values for the page."""
        redis = {"answers": self._redis.answers, "owned": self._valkey is not None}
        return {**self._state.shown(), "redis": redis, "load": self._load.shown()}

    def _listening(self) -> PageServer:
        actions: dict[str, Action] = {
            "/load": self._start_load,
            "/stop": self._stop_load,
            "/flush": self._flush,
            "/pause": lambda _: self._signal(signal.SIGSTOP, "Redis paused"),
            "/resume": lambda _: self._signal(signal.SIGCONT, "Redis resumed"),
        }
        for port in (self._port,) if self._port else (PORT, 0):
            try:
                return PageServer(port, self.shown, actions)
            except OSError as error:
                reason = os.strerror(error.errno or 0)
        raise StartFailed(
            f"Cannot listen on {HOST}:{self._port}: {reason}. "
            "Use another port for the live page: WATCH_PORT=… make run"
        )

    def _start_load(self, query: Mapping[str, str]) -> None:
        rate = query.get("rate", "")
        if rate not in map(str, RATES):
            raise CommandRefused(f"The rate must be one of {', '.join(map(str, RATES))}")
        try:
            self._load.start(int(rate))
        except LoadFailed as failure:
            raise CommandRefused(str(failure)) from None
        self._state.add_event(f"Load started, {rate} requests a second")

    def _stop_load(self, _: Mapping[str, str]) -> None:
        self._load.stop()
        self._state.add_event("Load stopped")

    def _flush(self, _: Mapping[str, str]) -> None:
        if not self._own_redis().flush():
            raise CommandRefused("The stack's own Redis does not answer, so it was not flushed")
        self._state.add_event("Redis flushed")

    def _signal(self, number: signal.Signals, event: str) -> None:
        self._own_redis().signal(number)
        self._state.add_event(event)
        self._redis.check()

    def _own_redis(self) -> Valkey:
        if self._valkey is None:
            raise CommandRefused("This Redis is not the stack's own: REDIS_HOST names it")
        return self._valkey
