"""
The product endpoints. Knows neither DynamoDB nor Redis.

To add an endpoint: write its view here, its use case in `catalog.py`, its test in
`tests/integration/api/`.
"""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import unquote, urlencode

from chalice.app import Response

from chalicelib import wiring
from chalicelib.api import inputs, preconditions, queries
from chalicelib.api.problems import to_response
from chalicelib.api.routes import Routes, TextResponse
from chalicelib.cache_entry import Outcome
from chalicelib.catalog import Check
from chalicelib.errors import FieldError, InvalidQuery, PreconditionFailed, ProductNotFound
from chalicelib.product import (
    Representation,
    is_product_id,
    represent,
    represent_page,
    represent_selection,
)

routes = Routes(__name__)

MAX_ANSWER_BYTES: Final = 5_500_000
"""
Of products. Lambda delivers 6 MB, of JSON in which the body is a string: what it escapes grows.

Source: "Lambda quotas", AWS Lambda guide. A hundred products of 10,000 control characters are 7 MB.
"""
_JSON: Final = "application/json"


@routes.route("/products", methods=["POST"])
def create_product() -> Response:
    """Store a new product."""
    request = routes.request
    draft = wiring.parse_draft(inputs.json_body(request))
    key = inputs.idempotency_key(request)
    product = wiring.container().catalog.create(draft.model_dump(), key)
    response = _answer(represent(product), status=201)
    response.headers["Location"] = f"{_base_path()}/products/{product.id}"
    return response


@routes.route("/products", methods=["GET", "HEAD"])
def list_products() -> Response:
    """Return a page of products, or those asked for by their ids."""
    wanted = queries.parse(routes.request)
    catalog = wiring.container().catalog
    if isinstance(wanted, queries.Selection):
        found = catalog.get_many(wanted.ids, _fits(narrowed_by="ids"))
        return Response(represent_selection(found), {"Content-Type": _JSON})
    fits = _fits(narrowed_by="limit")
    if wanted.category is None:
        page = catalog.list(wanted.limit, wanted.cursor, fits)
    else:
        page = catalog.list_category(wanted.category, wanted.limit, wanted.cursor, fits)
    response = Response(represent_page(page), {"Content-Type": _JSON})
    if page.next_cursor is not None:
        query = dict(routes.request.query_params or {}) | {"cursor": page.next_cursor}
        response.headers["Link"] = f'<{_base_path()}/products?{urlencode(query)}>; rel="next"'
    return response


@routes.route("/products/{product_id}", methods=["GET", "HEAD"])
def get_product(product_id: str) -> Response:
    """Answer from the cache, or from the catalog where it does not know."""
    product_id = unquote(product_id)
    if not is_product_id(product_id):
        return _not_found(product_id, Outcome.BYPASS)
    fetched = wiring.container().catalog.get(product_id)
    if fetched.item is None:
        return _not_found(product_id, fetched.outcome)
    status = preconditions.read_status(routes.request, fetched.item)
    if status == 412:
        raise PreconditionFailed(product_id)
    response = _answer(fetched.item, status)
    response.headers["X-Cache"] = fetched.outcome.value
    return response


@routes.route("/products/{product_id}", methods=["PUT", "PATCH"])
def update_product(product_id: str) -> Response:
    """Change the fields that the body names."""
    request = routes.request
    changes = wiring.parse_changes(inputs.json_body(request)).named()
    product = wiring.container().catalog.update(
        _id(product_id), changes, preconditions.of_write(request)
    )
    return _answer(represent(product))


@routes.route("/products/{product_id}", methods=["DELETE"])
def delete_product(product_id: str) -> Response:
    """Remove the product."""
    wiring.container().catalog.delete(_id(product_id), preconditions.of_write(routes.request))
    return Response("", {}, 204)


def _answer(product: Representation, status: int = 200) -> Response:
    headers = {"ETag": preconditions.etag(product.version), "Last-Modified": product.last_modified}
    if status == 304:
        return TextResponse("", {**headers}, status)
    return TextResponse(product.body, {"Content-Type": _JSON, **headers}, status)


def _fits(narrowed_by: str) -> Check:
    """Return a check for more than Lambda delivers: `InvalidQuery`, with what to ask less of."""
    length = 0

    def check(product: Representation) -> None:
        nonlocal length
        length += len(json.dumps(product.body))
        if length > MAX_ANSWER_BYTES:
            rule = "The products asked for are too long for one answer: ask for fewer at once"
            raise InvalidQuery([FieldError((narrowed_by,), rule, "too_long")])

    return check


def _not_found(product_id: str, outcome: Outcome) -> Response:
    response = to_response(ProductNotFound(product_id))
    response.headers["X-Cache"] = outcome.value
    return response


def _id(product_id: str) -> str:
    """Raise `ProductNotFound` for what no product's id can be."""
    product_id = unquote(product_id)
    if not is_product_id(product_id):
        raise ProductNotFound(product_id)
    return product_id


def _base_path() -> str:
    """Return what stands before the path outside: API Gateway's stage, `/api` say, or nothing."""
    context = routes.request.context
    path: str = context.get("path", "").removesuffix("/")
    resource: str = context["resourcePath"]
    return path.removesuffix(resource) if path.endswith(resource) else ""
