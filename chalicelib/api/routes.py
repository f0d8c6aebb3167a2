"""
What every route shares: the request's id, its timing, its log line, errors as problems.

Errors are translated around the view, since Chalice's middleware never sees what a view raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, cast

from chalice.app import APIGateway, Blueprint, CORSConfig, Request, Response

from chalicelib import telemetry
from chalicelib.api import problems
from chalicelib.resources.representation import is_id

View = Callable[..., Response]

EVERY_ANSWER: Final = {
    # Without it a cache on the way may keep an answer that has a Last-Modified, or a 404, for a
    # while that it guesses (RFC 9111, 4.2.2), and an acknowledged write would go unseen.
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_TRACE_ID: Final = re.compile(r"\bRoot=(1-[0-9a-f]{8}-[0-9a-f]{24})\b")


class TextResponse(Response):
    """Text, each header once. Chalice's own looks for binary types, of which there are none."""

    def to_dict(self, binary_types: list[str] | None = None) -> dict[str, Any]:  # noqa: ARG002
        """Return what API Gateway takes."""
        headers = {"headers": self.headers, "multiValueHeaders": {}}
        return {**headers, "statusCode": self.status_code, "body": self.body}


class Routes(Blueprint):
    """A blueprint whose views may raise any `ServiceError` or `Problem`."""

    def route(self, path: str, **options: Any) -> Callable[[View], View]:
        """As Chalice's, without its check of content types: `api/inputs.py` has ours."""
        register = super().route(path, content_types=[], **options)
        return lambda view: cast("View", register(self._answering(view)))

    @property
    def request(self) -> Request:
        """The request being answered."""
        return self.current_request

    def _answering(self, view: View) -> View:
        @wraps(view)
        def answer(**path: str) -> Response:
            try:
                return view(**path)
            except Exception as error:  # noqa: BLE001 — whatever it is, the client gets a problem
                return problems.to_response(error)

        return answer


def answer(
    api: APIGateway, request: Request, get_response: Callable[[Request], Response]
) -> Response:
    """Middleware around every request: its id, its times, its line; Chalice's errors as ours."""
    parameters = request.uri_params or {}
    client_request_id = _client_request_id(request)
    trace = telemetry.begin(
        request_id=_request_id(request),
        client_request_id=client_request_id,
        **{name: value for name, value in parameters.items() if is_id(value)},
        xray_trace_id=_xray_trace_id(request),
    )
    response = _reshaped(get_response(request))
    if request.method == "HEAD":
        response.body = ""
    response.headers = {**EVERY_ANSWER, **response.headers}
    if isinstance(api.cors, CORSConfig) and "Access-Control-Allow-Origin" not in response.headers:
        response.headers |= api.cors.get_access_control_headers()  # an error, a page
    response.headers["X-Request-Id"] = client_request_id or trace.ids["request_id"]
    response.headers["Server-Timing"] = trace.server_timing()
    route = request.context.get("resourcePath")
    telemetry.answered(request.method, route, response.status_code)
    return response


def _request_id(request: Request) -> str:
    """Return the gateway's request id, under which its access log has the caller."""
    context: Any = request.lambda_context
    return str(request.context.get("requestId") or context.aws_request_id)


def _client_request_id(request: Request) -> str:
    """Return the id that the client chose, where it is a fit one."""
    given: str = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else ""


def _xray_trace_id(request: Request) -> str:
    """Return the trace that the gateway or its caller began."""
    given = request.headers.get("x-amzn-trace-id")
    found = _TRACE_ID.search(given) if given else None
    return found[1] if found else ""


def _reshaped(response: Response) -> Response:
    """Give Chalice's own errors (a method that a path does not have) our shape."""
    body = response.body
    if not isinstance(body, dict) or "Code" not in body:
        return response
    problem = problems.render(response.status_code, body["Message"])
    problem.headers |= response.headers | {"Content-Type": "application/problem+json"}
    return problem
