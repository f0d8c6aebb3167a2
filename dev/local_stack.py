"""
The local stack, `make run`: the servers of `dev/stack/services.py`, the API and the live page.

Starts and stops them in order. All processes stop with it, however it ends. `make watch` opens the
live page in a browser: that of the running stack, or of one that it starts.
"""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

import click

from dev.stack import ports, target, upkeep
from dev.stack.programs import Server
from dev.stack.servers import Api, StreamFeed
from dev.stack.services import STACK_DIRECTORY, Services
from dev.stack.state_file import StackFile
from dev.watch.live_page import LivePage
from dev.watch.log import ServerLog
from dev.watch.state import State


class CatalogStack:
    """
    All servers of the stack. A server that `env` names is used as it is, and not started.

    `ready` is called with the live page's URL when all servers run.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        ready: Callable[[str], object] = lambda _: None,
        local: Path = STACK_DIRECTORY,
    ) -> None:
        self._ready = ready
        self._services = services = Services(env, "make run", local)
        self.settings = services.settings
        self._state = State()
        self._log = ServerLog(self.settings, self._state)
        server_env = self._log.server_environment(services.env)
        server_env["API_PORT"] = str(self.settings.api_port)
        self._api = Api(server_env, log=self._log.api)
        self._stream = StreamFeed(server_env, log=self._log.stream)
        page_port = ports.named(env, "WATCH_PORT")
        self._page = LivePage(self.settings, self._state, self._api.url, services.redis, page_port)
        self._file = StackFile(local, self._facts)

    def run(self) -> NoReturn:
        """Start everything, then keep it running. Raise `StartFailed` or `KeyboardInterrupt`."""
        with ExitStack() as running:
            running.enter_context(self._file)
            ports.refuse_busy(self.settings.api_host, self.settings.api_port, "API_PORT")
            running.enter_context(self._log)
            self._services.start(running)
            running.enter_context(self._api)
            running.enter_context(self._stream)
            running.enter_context(self._page)
            self._file.write()
            self._announce()
            self._ready(self._page.url)
            servers = [self._services.redis, self._api, self._stream]
            upkeep.keep([*filter(None, servers)], self._services.check, self._restart)

    def _announce(self) -> None:
        url = f"http://localhost:{self.settings.api_port}"
        print(
            f"Product catalog   {url}",
            f"  Live page       {self._page.url}",
            *self._services.lines(),
            f"  Try             curl -i '{url}/products?limit=3'",
            "  Ctrl-C          stops all servers",
            sep="\n",
            flush=True,
        )

    def _facts(self) -> dict[str, Any]:
        return {
            "api": {"url": self._api.url, "pid": self._api.pid},
            **self._services.facts(),
            "stream": {"pid": self._stream.pid},
            "watch": {"url": self._page.url},
        }

    def _restart(self, server: Server) -> None:
        self._state.restarted(server.name)
        self._services.restart(server)
        self._file.write()


@click.command()
@click.option("--watch", is_flag=True, help="Open the live page, also that of a running stack.")
def main(*, watch: bool) -> None:
    """Run the stack until a signal."""
    running = target.running() if watch else None
    if running is None:
        ready = _open if watch else lambda _: None
        sys.exit(upkeep.until_stopped(lambda: CatalogStack(os.environ, ready).run()))
    if "watch" not in running:
        sys.exit("`make services` runs here, without a live page: stop it, then `make watch`")
    url = running["watch"]["url"]
    print(f"Live page   {url}")
    _open(url)


def _open(url: str) -> None:
    """Open the page if there is a display. A text browser would use the log's terminal."""
    if sys.platform == "darwin" or os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY"}:
        webbrowser.open(url)


if __name__ == "__main__":
    main(prog_name="python -m dev.local_stack")
