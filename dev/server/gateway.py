"""
Replaces API Gateway locally, as a WSGI application that calls `app(event, context)`.

Like API Gateway it answers unknown paths, preflights and bodies over 10 MiB itself. It refuses
foreign host names, and requires no credentials: access is configured per stage, when deployed.
"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from wsgiref.types import StartResponse, WSGIEnvironment

from chalice.app import Chalice, CORSConfig
from chalice.local import LambdaContext

from chalicelib import telemetry
from chalicelib.api import problems
from chalicelib.api.problems import Problem
from chalicelib.api.routes import EVERY_ANSWER
from dev.server import events
from dev.server.hosts import AllowedHosts

_REASONS: Final = {**{each.value: each.phrase for each in HTTPStatus}, **problems.TITLES}
_MEMORY_MB: Final = 256
_TIMEOUT_MS: Final = 15_000
_BODILESS: Final = (204, 304)
_NO_TIME_SPENT: Final = {"Server-Timing": "cache;dur=0.00, db;dur=0.00, app;dur=0.00"}


class GatewayResponse(NamedTuple):
    """An HTTP response. A header may have several values."""

    status: int
    headers: Mapping[str, str | list[str]]
    body: bytes


class Gateway:
    """A WSGI application in front of `app`, which must be safe to call from several threads."""

    def __init__(self, app: Chalice, hosts: AllowedHosts) -> None:
        self._app = app
        self._hosts = hosts
        self._resources = _Resources(app.routes)
        cors = app.api.cors
        self._cors = cors.get_access_control_headers() if isinstance(cors, CORSConfig) else {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        """Answer a request. gunicorn answers what it raises while the body is read."""
        try:
            answer = self._answer(environ)
        except Problem as problem:
            answer = self._refusal(problem)
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        start_response(
            f"{answer.status} {_REASONS[answer.status]}", _fields(answer, is_head=is_head)
        )
        yield b"" if is_head or answer.status in _BODILESS else answer.body
        events.drain(environ)

    def _answer(self, environ: WSGIEnvironment) -> GatewayResponse:
        body = events.body(environ)
        self._check_host(environ)
        path, _ = events.target(environ)
        found = self._resources.find(path)
        if found is None:
            raise Problem(404, f"Not Found: {path}")
        resource, parameters = found
        if environ["REQUEST_METHOD"] == "OPTIONS" and self._cors:
            return self._preflight(resource)
        context = LambdaContext("product-catalog", _MEMORY_MB, _TIMEOUT_MS)
        event = events.event(environ, resource, parameters, body, context.aws_request_id)
        return self._invoke(event, context)

    def _check_host(self, environ: WSGIEnvironment) -> None:
        """Raise `Problem` if a request has no `Host`, or one that is not allowed."""
        host = environ.get("HTTP_HOST")
        if host is None:
            raise Problem(400, "The Host header is missing")
        if host not in self._hosts:
            raise Problem(403, "This host name is not allowed: see API_ALLOWED_HOSTS")

    def _invoke(self, event: dict[str, Any], context: LambdaContext) -> GatewayResponse:
        try:
            response = self._app(event, context)
        except Exception:  # noqa: BLE001 — a bug: no details for the client
            telemetry.exception("Lambda failed")
            raise Problem(500, "The Lambda has failed") from None
        headers = {**response["headers"], **response["multiValueHeaders"]}
        body = response["body"] or ""
        data = base64.b64decode(body) if response.get("isBase64Encoded") else body.encode()
        return GatewayResponse(response["statusCode"], headers, data)

    def _preflight(self, resource: str) -> GatewayResponse:
        methods = ",".join([*self._app.routes[resource], "OPTIONS"])
        headers = {**self._own_headers(), "Access-Control-Allow-Methods": methods}
        return GatewayResponse(200, headers, b"")

    def _refusal(self, problem: Problem) -> GatewayResponse:
        response = problems.to_response(problem)
        headers = {**self._own_headers(), **EVERY_ANSWER, **response.headers}
        return GatewayResponse(response.status_code, headers, str(response.body).encode())

    def _own_headers(self) -> dict[str, str]:
        return {"X-Request-Id": str(uuid.uuid4()), **_NO_TIME_SPENT, **self._cors}


class _Resources:
    """The API's paths, such as `/products/{product_id}`. Paths without parameters go first."""

    def __init__(self, templates: Iterable[str]) -> None:
        self._fixed = {each for each in templates if "{" not in each}
        self._patterns = {each: _pattern(each) for each in templates if "{" in each}

    def find(self, path: str) -> tuple[str, dict[str, str]] | None:
        """Return the resource and its parameters. A slash at the end makes no difference."""
        path = path.removesuffix("/") or "/"
        if path in self._fixed:
            return path, {}
        for template, pattern in self._patterns.items():
            if match := pattern.fullmatch(path):
                return template, match.groupdict()
        return None


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template)))


def _fields(answer: GatewayResponse, *, is_head: bool) -> list[tuple[str, str]]:
    """Return the header fields of a response, one for each value."""
    fields = [
        (name, value)
        for name, values in answer.headers.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    if answer.status in _BODILESS:
        return [(name, value) for name, value in fields if name != "Content-Type"]
    if is_head and not answer.body:
        return fields
    return [*fields, ("Content-Length", str(len(answer.body)))]
