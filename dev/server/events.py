"""
Turns a WSGI request into the event of API Gateway's REST proxy integration.

The HTTP server has parsed the request: a header sent twice is joined by a comma, and one with an
underscore in its name is dropped.
"""

from __future__ import annotations

import base64
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from wsgiref.types import WSGIEnvironment

from chalicelib.api.problems import Problem

MAX_BODY_BYTES: Final = 10 * 1024 * 1024
"""API Gateway's limit."""
_DRAINED_PARTS: Final = 100


def event(
    environ: WSGIEnvironment,
    resource: str,
    parameters: dict[str, str],
    body: bytes,
    request_id: str,
) -> dict[str, Any]:
    """Return the event of a request to `resource`, such as `/products/{product_id}`."""
    path, query = target(environ)
    method = environ["REQUEST_METHOD"]
    text, is_base64 = _text(body)
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": headers(environ),
        "multiValueQueryStringParameters": parse_qs(query, keep_blank_values=True) or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "requestId": request_id,
            "resourcePath": resource,
            "httpMethod": method,
            "path": path,
            "identity": {"sourceIp": environ["REMOTE_ADDR"]},
        },
        "body": text,
        "isBase64Encoded": is_base64,
    }


def target(environ: WSGIEnvironment) -> tuple[str, str]:
    """
    Return path and query as they were sent: API Gateway does not decode the path.

    The request target may be a full URL (RFC 9112, section 3.2.2).
    """
    uri = environ["RAW_URI"]
    if uri.startswith("/"):
        path, _, query = uri.partition("?")
        return path, query
    parts = urlsplit(uri)
    return parts.path, parts.query


def headers(environ: WSGIEnvironment) -> dict[str, str]:
    """Return the headers, their names in lower case."""
    named = {key[5:]: value for key, value in environ.items() if key.startswith("HTTP_")}
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if key in environ:
            named[key] = environ[key]
    return {name.replace("_", "-").lower(): value for name, value in named.items()}


def body(environ: WSGIEnvironment) -> bytes:
    """Read the body. Raise `Problem` if it is too long, or ends before its `Content-Length`."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > MAX_BODY_BYTES:
        raise _too_long()
    read: bytes = environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
    if len(read) > MAX_BODY_BYTES:
        raise _too_long()
    if len(read) < length:
        raise Problem(400, "The body is shorter than its Content-Length")
    return read


def drain(environ: WSGIEnvironment) -> None:
    """Read the rest of a refused body, up to 1 GiB: many clients read the response only then."""
    for _ in range(_DRAINED_PARTS):
        if not environ["wsgi.input"].read(MAX_BODY_BYTES):
            return


def _too_long() -> Problem:
    return Problem(413, f"The body is over {MAX_BODY_BYTES // 1024} KiB")


def _text(body: bytes) -> tuple[str | None, bool]:
    """Return a body in an event's form: text, or base64 if it is not UTF-8."""
    try:
        return body.decode() or None, False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True
