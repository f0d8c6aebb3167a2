"""Answers that every resource gives: an item, a page, a 404. Knows no fields."""

from __future__ import annotations

import json as json_module
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from chalice.app import Request, Response

from chalicelib.api import preconditions
from chalicelib.api.problems import to_response
from chalicelib.api.routes import TextResponse
from chalicelib.errors import FieldError, InvalidQuery, NotFound, PreconditionFailed
from chalicelib.resources import Resource
from chalicelib.resources.representation import Page, Representation, render_page

MAX_BYTES: Final = 5_500_000
"""
Of the items of a listing. Lambda delivers 6 MB, of JSON in which the body is a string: escapes
make it longer.

Source: "Lambda quotas", AWS Lambda guide. A hundred products of 10,000 control characters are 7 MB.
"""
_JSON: Final = "application/json"


def item(found: Representation, status: int = 200) -> Response:
    """Return an item with its validators; without its body where `status` is 304."""
    headers = {"ETag": preconditions.etag(found.version), "Last-Modified": found.last_modified}
    if status == 304:
        return TextResponse("", {**headers}, status)
    return TextResponse(found.body, {"Content-Type": _JSON, **headers}, status)


def created(request: Request, item_id: str, made: Representation) -> Response:
    """Return a new item, and its place: its id under the path of the request."""
    response = item(made, status=201)
    path = f"{base_path(request)}{request.context['resourcePath']}"
    response.headers["Location"] = f"{path}/{item_id}"
    return response


def read(
    request: Request, resource: Resource, item_id: str, found: Representation | None, cache: str
) -> Response:
    """
    Return an item, or 404, with `X-Cache`; 304 if the client has it.

    Raise `PreconditionFailed` if a precondition is false.
    """
    if found is None:
        response = to_response(NotFound(resource.noun, item_id))
    else:
        status = preconditions.read_status(request, found)
        if status == 412:
            raise PreconditionFailed(resource.noun, item_id)
        response = item(found, status)
    response.headers["X-Cache"] = cache
    return response


def page(request: Request, found: Page) -> Response:
    """Return a page, with a link to the next one."""
    response = json(render_page(found))
    if found.next_cursor is not None:
        query = urlencode(dict(request.query_params or {}) | {"cursor": found.next_cursor})
        url = f"{base_path(request)}{request.context['resourcePath']}?{query}"
        response.headers["Link"] = f'<{url}>; rel="next"'
    return response


def json(body: str) -> Response:
    """Return text that is JSON."""
    return Response(body, {"Content-Type": _JSON})


def size_check(narrowed_by: str) -> Callable[[Representation], None]:
    """
    Return a check that raises `InvalidQuery` once its items are too long for one answer.

    `narrowed_by` is the parameter that asks for less.
    """
    length = 0

    def check(found: Representation) -> None:
        nonlocal length
        length += len(json_module.dumps(found.body))
        if length > MAX_BYTES:
            rule = "The items are too long for one answer: request fewer at once"
            raise InvalidQuery([FieldError((narrowed_by,), rule, "too_long")])

    return check


def base_path(request: Request) -> str:
    """Return what precedes the resource's path outside: API Gateway's stage, `/api`, or nothing."""
    path: str = request.context.get("path", "").removesuffix("/")
    resource: str = request.context["resourcePath"]
    return path.removesuffix(resource) if path.endswith(resource) else ""
