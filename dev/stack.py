"""
The local stack, `make run`: Valkey, an AWS emulator, the table, samples, the API, the stream, and
the live page.

Knows the order of things, and what to do when one of them dies: the emulator takes the data with
it, so the stack ends; the others are started again. It leaves nothing behind, however it ends.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NoReturn

from chalicelib.config import Settings, SettingsError
from dev import environment
from dev.prepare import prepare
from dev.programs import Server, StartFailed, free_port
from dev.server import listeners
from dev.servers import Api, Emulator, Stream, Valkey
from dev.stack_file import StackFile
from dev.watch.live_page import LivePage, port_of
from dev.watch.log import Log
from dev.watch.state import State

LOCAL: Final = Path(".local")
"""In the current directory, so that tests can run stacks of their own."""
_WATCH_SECONDS: Final = 0.2
_REVIVE_SECONDS: Final = 0.5
"""One that dies at once is not started in a frenzy."""
_NEAR: Final = 20
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ended = threading.Event()


class Stack:
    """
    All servers of the stack. One that `env` names is used as it is, and not started.

    `ready` is called with the live page's URL once all of it runs.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        ready: Callable[[str], object] = lambda _: None,
        local: Path = LOCAL,
    ) -> None:
        self._ready = ready
        Settings.from_env({"REDIS_HOST": "127.0.0.1", **environment.of(None, None, env)})
        keep = env.get("PERSIST") == "1"
        self._redis = None if env.get("REDIS_HOST") else _valkey(env, local)
        self._aws = None if env.get("AWS_ENDPOINT_URL") else _emulator(local, keep=keep)
        child_env = environment.of(self._redis, self._aws, env)
        self.settings = Settings.from_env(child_env)
        os.environ.update(child_env)  # boto3 looks for credentials there
        child_env["API_PORT"] = str(self.settings.api_port)
        self._state = State()
        self._log = Log(self.settings, self._state)
        server_env = self._log.settings_of_a_server(child_env)
        self._api = Api(server_env, log=self._log.api)
        self._stream = Stream(server_env, log=self._log.stream)
        port = port_of(env)
        self._page = LivePage(self.settings, self._state, self._api.url, self._redis, port)
        self._file = StackFile(local, self.settings, self._api, self._redis, self._aws, self._page)

    def run(self) -> NoReturn:
        """Start everything, then keep it running. Raise `StartFailed` or `KeyboardInterrupt`."""
        with ExitStack() as running:
            running.enter_context(self._file)
            refuse_busy_port(self.settings.api_host, self.settings.api_port)
            running.enter_context(self._log)
            for server in filter(None, (self._redis, self._aws)):
                running.enter_context(server)
            prepare(self.settings)
            running.enter_context(self._api)
            running.enter_context(self._stream)
            running.enter_context(self._page)
            self._file.write()
            self._announce()
            self._ready(self._page.url)
            self._watch()

    def _announce(self) -> None:
        url = f"http://localhost:{self.settings.api_port}"
        settings = self.settings
        print(
            f"Product catalog   {url}",
            f"  Live page       {self._page.url}",
            f"  Redis           redis://{settings.redis_host}:{settings.redis_port}",
            f"  DynamoDB        {settings.aws_endpoint_url}, table {settings.products_table}",
            f"  Try             curl -i '{url}/products?limit=3'",
            "  Ctrl-C          stops it all",
            sep="\n",
            flush=True,
        )

    def _watch(self) -> NoReturn:
        while not _ended.wait(_WATCH_SECONDS):
            if self._aws is not None and not self._aws.is_alive:
                raise StartFailed("The AWS emulator has died, and the table with it")
            for server in filter(None, (self._redis, self._api, self._stream)):
                if not server.is_alive:
                    self._revive(server)
        raise KeyboardInterrupt

    def _revive(self, server: Server) -> None:
        print(f"{server.name} has died; starting it again", flush=True)
        self._state.restarted(server.name)
        try:
            server.start()
        except StartFailed as failure:
            print(failure, flush=True)
        time.sleep(_REVIVE_SECONDS)
        self._file.write()


def _valkey(env: Mapping[str, str], local: Path) -> Valkey:
    port = env.get("REDIS_PORT", "")
    return Valkey(
        int(port) if port else None,
        log=local / "logs" / "valkey.log",
    )


def _emulator(local: Path, *, keep: bool) -> Emulator:
    return Emulator(data_dir=local / "aws" if keep else None, log=local / "logs" / "aws.log")


def refuse_busy_port(host: str, port: int) -> None:
    """Raise `StartFailed` where nobody can listen, with a port where one can."""
    if trouble := _trouble_on(host, port):
        near = range(port + 1, min(port + _NEAR, 65536))
        free = next((each for each in near if not _trouble_on(host, each)), None) or free_port()
        raise StartFailed(
            f"Cannot listen on {host}:{port}: {trouble}. "
            f"Stop what does, or take another port: API_PORT={free} make run"
        )


def _trouble_on(host: str, port: int) -> str | None:
    try:
        listeners.close(listeners.listen(host, port))
    except listeners.ListenFailed as failure:
        return str(failure)
    return None


def _end(_number: int, _frame: object) -> NoReturn:
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    _ended.set()
    raise KeyboardInterrupt


def main(ready: Callable[[str], object] = lambda _: None) -> int:
    """Run the stack until told to end; return the exit status. For `ready` see `Stack`."""
    for number in _ENDING:
        signal.signal(number, _end)
    try:
        Stack(os.environ, ready).run()
    except KeyboardInterrupt:
        return 0
    except (SettingsError, StartFailed) as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
