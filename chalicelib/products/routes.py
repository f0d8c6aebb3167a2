"""
The product endpoints. Knows neither DynamoDB nor Redis.

To add an endpoint: write its view here, its use case in `catalog.py`, its test in `tests/api/`.
"""

from __future__ import annotations

from typing import Final

from chalice.app import Response

from chalicelib.api import answers, inputs, preconditions
from chalicelib.api.queries import Selection
from chalicelib.api.routes import Routes
from chalicelib.caching.entries import Fetched, Outcome
from chalicelib.products import queries
from chalicelib.products.catalog import Catalog
from chalicelib.products.model import represent
from chalicelib.resources import PRODUCTS
from chalicelib.resources.representation import is_id, render_selection

COLLECTION: Final = f"/{PRODUCTS.name}"
ITEM: Final = f"{COLLECTION}/{{{PRODUCTS.id_name}}}"


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
        return answers.created(self.request, product.id, represent(product))

    def list_products(self) -> Response:
        """Return a page of products, or those requested by their ids."""
        wanted = queries.parse(self.request)
        if isinstance(wanted, Selection):
            found = self._catalog.get_many(wanted.ids, answers.size_check(narrowed_by="ids"))
            return answers.json(render_selection(found))
        fits = answers.size_check(narrowed_by="limit")
        if wanted.query is None:
            page = self._catalog.list(wanted.limit, wanted.cursor, fits)
        else:
            page = self._catalog.list_index(wanted.query, wanted.limit, wanted.cursor, fits)
        return answers.page(self.request, page)

    def get_product(self, product_id: str) -> Response:
        """Return the product from the cache, or else from the table."""
        product_id = inputs.path_parameter(product_id)
        product, outcome = (
            self._catalog.get(product_id) if is_id(product_id) else Fetched(None, Outcome.BYPASS)
        )
        return answers.read(self.request, PRODUCTS, product_id, product, outcome.value)

    def update_product(self, product_id: str) -> Response:
        """Change the fields that the body names."""
        from chalicelib.products.schemas import ProductChanges, parse

        changes = parse(ProductChanges, inputs.json_body(self.request)).named()
        when = preconditions.of_write(self.request)
        product = self._catalog.update(inputs.item_id(PRODUCTS, product_id), changes, when)
        return answers.item(represent(product))

    def delete_product(self, product_id: str) -> Response:
        """Remove the product."""
        when = preconditions.of_write(self.request)
        self._catalog.delete(inputs.item_id(PRODUCTS, product_id), when)
        return Response("", {}, 204)
