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
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from dev.server import hosts

HOST: Final = "127.0.0.1"
_PAGE: Final = Path(__file__).with_name("page")
_EVENTS_SECONDS: Final = 0.25
_POLL_SECONDS: Final = 0.1
"""The interval at which the server checks for a stop."""
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; img-src data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}

Action = Callable[[Mapping[str, str]], object]


class CommandRefused(Exception):
    """An action that cannot be carried out. The text contains the reason, for the page."""


class PageServer(ThreadingHTTPServer):
    """
    Binds its port when created (`OSError`), and answers from `start` to `stop`.

    `shown` returns the page's current values. `actions` has the action of each path. It receives
    the query and may raise `CommandRefused`.
    """

    daemon_threads = True

    def __init__(
        self, port: int, shown: Callable[[], Mapping[str, Any]], actions: Mapping[str, Action]
    ) -> None:
        super().__init__((HOST, port), _PageRequest)
        self.shown = shown
        self.actions = actions
        self.ended = threading.Event()
        self.origins = {f"http://{name}:{self.server_port}" for name in (HOST, "localhost")}
        self.url = f"http://localhost:{self.server_port}"

    def start(self) -> None:
        """Start to answer."""
        threading.Thread(target=self.serve_forever, args=[_POLL_SECONDS], daemon=True).start()

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


class _PageRequest(SimpleHTTPRequestHandler):
    """Handles one request. Files of the page are sent by the base class."""

    server: PageServer

    def __init__(self, *args: Any) -> None:
        super().__init__(*args, directory=str(_PAGE))

    def parse_request(self) -> bool:
        """Refuse a foreign host name, whatever the method."""
        is_valid = super().parse_request()
        if is_valid and not hosts.is_local(self.headers["Host"] or ""):
            self.send_error(403, "This page accepts only host names of this machine")
            return False
        return is_valid

    def do_GET(self) -> None:
        """Send a file of the page, or the event stream."""
        if urlsplit(self.path).path == "/events":
            self._send_events()
        else:
            super().do_GET()

    def do_POST(self) -> None:
        """Run the action of a button."""
        address = urlsplit(self.path)
        action = self.server.actions.get(address.path)
        if self.headers["Origin"] not in self.server.origins:
            self.send_error(403, "Only this page's own buttons are accepted")
        elif action is None:
            self.send_error(404, "There is no such button")
        else:
            try:
                action(dict(parse_qsl(address.query)))
            except CommandRefused as refusal:
                self._send(HTTPStatus.CONFLICT, str(refusal))
            else:
                self._send(HTTPStatus.NO_CONTENT)

    def end_headers(self) -> None:
        """Add the headers of every response."""
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the base's name
        """Write no log: the terminal shows the API's."""

    def _send_events(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        with suppress(OSError):  # the page was closed
            while True:
                self.wfile.write(f"data: {json.dumps(self.server.shown())}\n\n".encode())
                if self.server.ended.wait(_EVENTS_SECONDS):
                    return

    def _send(self, status: HTTPStatus, text: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())
