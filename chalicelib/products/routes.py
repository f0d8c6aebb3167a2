"""
The product endpoints. Knows neither DynamoDB nor Redis.

To add an endpoint: write its view here, its use case in `catalog.py`, its test in `tests/api/`.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from chalice.app import Response

from chalicelib.api import answers, inputs, preconditions
from chalicelib.api.queries import Selection
from chalicelib.api.routes import Routes
from chalicelib.caching.entries import Outcome
from chalicelib.errors import NotFound, PreconditionFailed
from chalicelib.products import queries
from chalicelib.products.catalog import Catalog
from chalicelib.products.model import represent
from chalicelib.resources import PRODUCTS
from chalicelib.resources.representation import is_id, render_page, render_selection

COLLECTION: Final = f"/{PRODUCTS.name}"
ITEM: Final = f"{COLLECTION}/{{product_id}}"


class ProductRoutes(Routes):
    """The endpoints, each a method that returns the answer or raises an error."""

    def __init__(self, catalog: Catalog) -> None:
        super().__init__(__name__)
        self._catalog = catalog
        self.route(COLLECTION, methods=["POST"])(self.create_product)
        self.route(COLLECTION, methods=["GET", "HEAD"])(self.list_products)
        self.route(ITEM, methods=["GET", "HEAD"])(self.get_product)
        self.route(ITEM, methods=["PUT", "PATCH"])(self.update_product)
        self.route(ITEM, methods=["DELETE"])(self.delete_product)

    def create_product(self) -> Response:
        """Store a new product."""
        from chalicelib.products.schemas import ProductDraft, parse

        draft = parse(ProductDraft, inputs.json_body(self.request))
        key = inputs.idempotency_key(self.request)
        product = self._catalog.create(draft.model_dump(), key)
        response = answers.item(represent(product), status=201)
        base_path = answers.base_path(self.request)
        response.headers["Location"] = f"{base_path}{COLLECTION}/{product.id}"
        return response

    def list_products(self) -> Response:
        """Return a page of products, or those requested by their ids."""
        wanted = queries.parse(self.request)
        if isinstance(wanted, Selection):
            found = self._catalog.get_many(wanted.ids, answers.size_check(narrowed_by="ids"))
            return answers.json(render_selection(found))
        fits = answers.size_check(narrowed_by="limit")
        if wanted.category is None:
            page = self._catalog.list(wanted.limit, wanted.cursor, fits)
        else:
            page = self._catalog.list_category(wanted.category, wanted.limit, wanted.cursor, fits)
        response = answers.json(render_page(page))
        if page.next_cursor is not None:
            query = dict(self.request.query_params or {}) | {"cursor": page.next_cursor}
            url = f"{answers.base_path(self.request)}{COLLECTION}?{urlencode(query)}"
            response.headers["Link"] = f'<{url}>; rel="next"'
        return response

    def get_product(self, product_id: str) -> Response:
        """Return the product from the cache, or else from the table."""
        product_id = inputs.path_parameter(product_id)
        if not is_id(product_id):
            return answers.not_found(PRODUCTS.noun, product_id, Outcome.BYPASS.value)
        fetched = self._catalog.get(product_id)
        if fetched.item is None:
            return answers.not_found(PRODUCTS.noun, product_id, fetched.outcome.value)
        status = preconditions.read_status(self.request, fetched.item)
        if status == 412:
            raise PreconditionFailed(PRODUCTS.noun, product_id)
        response = answers.item(fetched.item, status)
        response.headers["X-Cache"] = fetched.outcome.value
        return response

    def update_product(self, product_id: str) -> Response:
        """Change the fields that the body names."""
        from chalicelib.products.schemas import ProductChanges, parse

        changes = parse(ProductChanges, inputs.json_body(self.request)).named()
        precondition = preconditions.of_write(self.request)
        product = self._catalog.update(_known_id(product_id), changes, precondition)
        return answers.item(represent(product))

    def delete_product(self, product_id: str) -> Response:
        """Remove the product."""
        self._catalog.delete(_known_id(product_id), preconditions.of_write(self.request))
        return Response("", {}, 204)


def _known_id(product_id: str) -> str:
    """Raise `NotFound` for text that is the id of no product."""
    product_id = inputs.path_parameter(product_id)
    if not is_id(product_id):
        raise NotFound(PRODUCTS.noun, product_id)
    return product_id
