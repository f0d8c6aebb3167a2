"""
What stands before the Lambda, as API Gateway does when deployed: from a request to its event.

Answers by itself where the Lambda is not asked: unknown paths, preflights, what cannot be read.
Asks nobody who they are: here, everybody may call. Knows problems; no socket, and no product.
"""

from __future__ import annotations

import base64
import re
import sys
import time
import traceback
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

from chalice.app import Chalice, CORSConfig

from chalicelib.api import problems
from chalicelib.api.routes import EVERY_ANSWER
from dev import hosts
from dev.requests import Refused, Request

_TIMEOUT_SECONDS: Final = 15
_NOT_ASKED: Final = {"Server-Timing": "cache;dur=0.00, db;dur=0.00, app;dur=0.00"}
_CLIENT: Final = {"sourceIp": "127.0.0.1"}


class Answer(NamedTuple):
    """What goes back to the client. A header may have several values."""

    status: int
    headers: Mapping[str, str | list[str]]
    body: bytes


class Context:
    """What the Lambda is told of its call, as far as that makes sense here."""

    function_name = "product-catalog"
    memory_limit_in_mb = 256

    def __init__(self, request_id: str) -> None:
        self.aws_request_id = request_id
        self._ends = time.monotonic() + _TIMEOUT_SECONDS

    def get_remaining_time_in_millis(self) -> int:
        """Return how long Lambda would let it run on."""
        return max(0, int(1000 * (self._ends - time.monotonic())))


class Gateway:
    """
    Calls `app`, the Lambda's own entry. `app` has to be safe to call from several threads.

    `only_local`: a request that calls this machine by another machine's name is refused.
    """

    def __init__(self, app: Chalice, *, only_local: bool) -> None:
        self._app = app
        self._only_local = only_local
        self._resources = _Resources(app.routes)
        cors = app.api.cors
        self._cors = cors.get_access_control_headers() if isinstance(cors, CORSConfig) else {}

    def answer(self, request: Request) -> Answer:
        """Return the Lambda's answer, or the gateway's own."""
        if self._only_local and not hosts.is_local(request.headers.get("host", "localhost")):
            return self.refuse(Refused(403, "This API answers to names of this machine only"))
        path, query = _split(request.target)
        found = self._resources.find(path)
        if found is None:
            return self.refuse(Refused(404, f"Not Found: {path}"))
        resource, parameters = found
        if request.method == "OPTIONS" and self._cors:
            return self._preflight(resource)
        event = _event(request, path, query)
        event["pathParameters"] = parameters or None
        event["requestContext"]["resourcePath"] = event["resource"] = resource
        return self._invoke(event)

    def refuse(self, refusal: Refused) -> Answer:
        """Return a problem of the gateway's."""
        problem = problems.render(refusal.status, str(refusal))
        headers = {**self._own_headers(), **EVERY_ANSWER, **problem.headers}
        return Answer(refusal.status, headers, str(problem.body).encode())

    def _invoke(self, event: dict[str, Any]) -> Answer:
        try:
            response = self._app(event, Context(event["requestContext"]["requestId"]))
        except Exception:  # noqa: BLE001 — of the app's a fault, of which the client gets no detail
            traceback.print_exc(file=sys.stderr)
            return self.refuse(Refused(500, "The Lambda has failed"))
        headers = {**response["headers"], **response["multiValueHeaders"]}
        body = response["body"] or ""
        if response.get("isBase64Encoded"):
            return Answer(response["statusCode"], headers, base64.b64decode(body))
        return Answer(response["statusCode"], headers, body.encode())

    def _preflight(self, resource: str) -> Answer:
        methods = ",".join([*self._app.routes[resource], "OPTIONS"])
        headers = {**self._own_headers(), "Access-Control-Allow-Methods": methods}
        return Answer(200, headers, b"")

    def _own_headers(self) -> dict[str, str]:
        return {"X-Request-Id": str(uuid.uuid4()), **_NOT_ASKED, **self._cors}


class _Resources:
    """The API's paths, such as `/products/{product_id}`. One without parameters goes first."""

    def __init__(self, templates: Iterable[str]) -> None:
        self._fixed = {each for each in templates if "{" not in each}
        self._patterns = {each: _pattern(each) for each in templates if "{" in each}

    def find(self, path: str) -> tuple[str, dict[str, str]] | None:
        """Return the resource and what stands in its braces. A slash at the end makes no odds."""
        path = path.removesuffix("/") or "/"
        if path in self._fixed:
            return path, {}
        for template, pattern in self._patterns.items():
            if match := pattern.fullmatch(path):
                return template, match.groupdict()
        return None


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template)))


def _split(target: str) -> tuple[str, str]:
    """Return path and query; proxies send a target with scheme and host before them."""
    if target.startswith("/"):
        path, _, query = target.partition("?")
        return path, query
    try:
        parts = urlsplit(target)
    except ValueError:
        return target, ""  # it names no host, and so no path of ours
    return parts.path, parts.query


def _event(request: Request, path: str, query: str) -> dict[str, Any]:
    """Return the request in API Gateway's form, so far as it is the same for every resource."""
    body, is_base64 = _text(request.body)
    return {
        "httpMethod": request.method,
        "path": path,
        "headers": request.headers,
        "multiValueQueryStringParameters": _parameters(query),
        "stageVariables": None,
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "httpMethod": request.method,
            "path": path,
            "identity": _CLIENT,
        },
        "body": body,
        "isBase64Encoded": is_base64,
    }


def _parameters(query: str) -> dict[str, list[str]] | None:
    return parse_qs(query, keep_blank_values=True) or None if query else None


def _text(body: bytes) -> tuple[str | None, bool]:
    """Return a body as an event has it: as text, or in base 64 where it is none."""
    try:
        return body.decode() or None, False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True
