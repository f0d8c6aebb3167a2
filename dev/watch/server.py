"""
Serves the live page to browsers on this machine. Knows neither Redis nor counts.

    GET  /, /watch.css, /watch.js    the page
    GET  /events                     the current values, as server-sent events, 4 a second
    POST /load?rate=100, /stop, /flush, /pause, /resume

Another web page must not be able to pause Redis. So every request must have a `Host` of this
machine (see `dev/server/hosts.py`), and a POST must have this page's `Origin`, which browsers set
and scripts cannot forge.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, urlsplit

from dev.server import hosts
from dev.watch.refused import CommandRefused

HOST: Final = "127.0.0.1"
_PAGE: Final = Path(__file__).with_name("page")
_FILES: Final = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/watch.css": ("watch.css", "text/css; charset=utf-8"),
    "/watch.js": ("watch.js", "text/javascript; charset=utf-8"),
}
_EVENTS_SECONDS: Final = 0.25
_POLL_SECONDS: Final = 0.1
"""The interval at which the server checks for a stop."""
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; img-src data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}

Action = Callable[[Mapping[str, str]], object]


class Watch(Protocol):
    """The values and the actions of the page."""

    actions: Mapping[str, Action]
    """The action of each path. It receives the query and may raise `CommandRefused`."""

    def shown(self) -> dict[str, Any]:
        """Return the current values for the page."""


class PageServer(ThreadingHTTPServer):
    """Binds its port when created (`OSError`), and answers from `start` to `stop`."""

    daemon_threads = True

    def __init__(self, port: int, watch: Watch) -> None:
        super().__init__((HOST, port), PageRequest)
        self.watch = watch
        self.ended = threading.Event()
        self.origins = {f"http://{name}:{self.server_port}" for name in (HOST, "localhost")}
        self._thread = threading.Thread(
            target=self.serve_forever, args=[_POLL_SECONDS], name="page", daemon=True
        )

    @property
    def url(self) -> str:
        """The page's URL."""
        return f"http://localhost:{self.server_port}"

    def start(self) -> None:
        """Start to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop to answer, and close the event streams."""
        self.ended.set()
        self.shutdown()
        self.server_close()

    def server_bind(self) -> None:
        """Bind without a DNS query for the host's name, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report an error, unless a browser has disconnected."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class PageRequest(BaseHTTPRequestHandler):
    """Handles one request."""

    server: PageServer

    def do_GET(self) -> None:
        """Send a file of the page, or the event stream."""
        path = urlsplit(self.path).path
        if not self._has_local_host():
            self._refuse(HTTPStatus.FORBIDDEN, "This page accepts only host names of this machine")
        elif path == "/events":
            self._send_events()
        elif path in _FILES:
            name, kind = _FILES[path]
            self._send(HTTPStatus.OK, kind, (_PAGE / name).read_bytes())
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such page")

    def do_POST(self) -> None:
        """Run the action of a button."""
        address = urlsplit(self.path)
        if not self._is_from_this_page():
            self._refuse(HTTPStatus.FORBIDDEN, "Only this page's own buttons are accepted")
        elif address.path not in self.server.watch.actions:
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such button")
        else:
            self._act(self.server.watch.actions[address.path], address.query)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the base's name
        """Write no log: the terminal shows the API's."""

    def _is_from_this_page(self) -> bool:
        return self._has_local_host() and self.headers["Origin"] in self.server.origins

    def _has_local_host(self) -> bool:
        return hosts.is_local(self.headers["Host"] or "")

    def _act(self, action: Action, query: str) -> None:
        try:
            action(dict(parse_qsl(query)))
        except CommandRefused as refusal:
            self._refuse(HTTPStatus.CONFLICT, str(refusal))
        else:
            self._send(HTTPStatus.NO_CONTENT, None, b"")

    def _send_events(self) -> None:
        self._begin(HTTPStatus.OK, {"Content-Type": "text/event-stream"})
        with suppress(OSError):  # the page was closed
            while True:
                self.wfile.write(f"data: {json.dumps(self.server.watch.shown())}\n\n".encode())
                if self.server.ended.wait(_EVENTS_SECONDS):
                    return

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self._send(status, "text/plain; charset=utf-8", reason.encode())

    def _send(self, status: HTTPStatus, kind: str | None, content: bytes) -> None:
        headers = {"Content-Length": str(len(content))}
        self._begin(status, headers if kind is None else {"Content-Type": kind, **headers})
        self.wfile.write(content)

    def _begin(self, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
