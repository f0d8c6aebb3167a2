"""
Chalice's local server, mended: what stands before the Lambda, as API Gateway does when deployed.

Chalice's own sends an answer in two segments (44 ms a request, Nagle), queues only 5 connections,
writes a body on HEAD, reads no chunked one, and has other shapes for errors of its own. Knows
HTTP and problems, and no product.
"""

from __future__ import annotations

import json
import socket
import sys
import time
import uuid
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import Any, Final

from chalice.app import Chalice, CORSConfig
from chalice.config import Config
from chalice.local import (
    ChaliceRequestHandler,
    LocalGateway,
    LocalGatewayException,
    ThreadedHTTPServer,
)

from chalicelib.api.problems import TITLES
from chalicelib.api.routes import EVERY_ANSWER
from dev.bodies import BadBody, body_length, read_body

_BODILESS: Final = (204, 304)
_LINGER_SECONDS: Final = 1.0


class Listener(ThreadedHTTPServer):
    """A thread a connection."""

    request_queue_size = 256

    def server_bind(self) -> None:
        """Bind without asking DNS for our own name, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what went wrong, unless a client went away: that is its right."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class NoRoute(LocalGatewayException):
    """A path that the API does not have."""

    CODE = 404


class Everybody:
    """Who may call here: API Gateway, which asks callers who they are, is not there."""

    def authorize(self, _path: str, event: Any, context: Any) -> tuple[Any, Any]:
        """Pass the call on as it is."""
        return event, context


class Gateway(LocalGateway):
    """Answers 404 to an unknown path, where Chalice's own misses an authentication token."""

    def __init__(self, app_object: Chalice, config: Config) -> None:
        super().__init__(app_object, config)
        self._authorizer = Everybody()

    def _generate_lambda_event(
        self, method: str, path: str, headers: dict[str, Any], body: bytes | None
    ) -> dict[str, Any]:
        try:
            return super()._generate_lambda_event(method, path, headers, body)
        except ValueError:
            raise NoRoute({}) from None

    def _has_user_defined_options_method(self, lambda_event: dict[str, Any]) -> bool:
        """Leave OPTIONS to the app, which has no such method, where no other origin may ask."""
        return not self._app_object.api.cors or super()._has_user_defined_options_method(
            lambda_event
        )


class Connection(ChaliceRequestHandler):
    """A client's connection, kept alive from one request to the next."""

    wbufsize = -1
    disable_nagle_algorithm = True
    default_request_version = "HTTP/1.0"
    """Of a request that names none; under 0.9, the base's choice, no answer has a status."""

    def __init__(
        self, request: Any, client_address: Any, server: Any, app_object: Chalice, config: Config
    ) -> None:
        self.local_gateway = Gateway(app_object, config)
        self._cors = _cors_headers(app_object)
        BaseHTTPRequestHandler.__init__(self, request, client_address, server)

    def _answer(self) -> None:
        try:
            self._generic_handle()
        except BadBody as refusal:
            self.send_error(refusal.status, str(refusal))

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _answer  # noqa: N815
    do_TRACE = do_QUERY = _answer  # noqa: N815

    def handle_expect_100(self) -> bool:
        """Invite the body, unless it would be refused for its length."""
        try:
            body_length(self.headers)
        except BadBody as refusal:
            self.send_error(refusal.status, str(refusal))
            return False
        return super().handle_expect_100()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what could not be read to its end, so the connection cannot be used again."""
        problem = _problem(code, message or explain or HTTPStatus(code).description)
        self._send_http_response(code, {"Connection": "close", **_PROBLEM}, problem)
        self._linger()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the base's name
        """Say nothing: `chalicelib` logs each request."""

    def _parse_payload(self) -> tuple[dict[str, Any], bytes | None]:
        return dict(self.headers), read_body(self.headers, self.rfile)

    def _send_error_response(self, error: LocalGatewayException) -> None:
        status = HTTPStatus(error.CODE)
        problem = _problem(status, f"{status.phrase}: {self.path.split('?')[0]}")
        self._send_http_response(status, {**_PROBLEM}, problem)

    def _send_http_response(
        self, code: int, headers: dict[str, Any], body: str | bytes | None
    ) -> None:
        content = body.encode() if isinstance(body, str) else body or b""
        headers = {"X-Request-Id": str(uuid.uuid4()), **self._cors, **headers}
        if code in _BODILESS:
            headers.pop("Content-Type", None)
        elif content or self.command != "HEAD":
            headers["Content-Length"] = str(len(content))
        self.send_response(code)
        self._send_headers(headers)
        if self.command != "HEAD" and code not in _BODILESS:
            self.wfile.write(content)

    def _linger(self) -> None:
        """Take in what the client still sends: a reset would cost it our answer."""
        self.wfile.flush()
        deadline = time.monotonic() + _LINGER_SECONDS
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_LINGER_SECONDS)
            while time.monotonic() < deadline and self.connection.recv(65536):
                pass


def _cors_headers(app: Chalice) -> dict[str, str]:
    cors = app.api.cors
    return cors.get_access_control_headers() if isinstance(cors, CORSConfig) else {}


_PROBLEM: Final = {**EVERY_ANSWER, "Content-Type": "application/problem+json"}


def _problem(status: int, detail: str) -> str:
    title = TITLES.get(status) or HTTPStatus(status).phrase
    return json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail})
