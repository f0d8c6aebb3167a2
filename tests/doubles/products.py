"""An in-memory repository. It passes the repository's contract tests."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from chalicelib.errors import AlreadyExists, InvalidCursor, NotFound, PreconditionFailed
from chalicelib.products.model import Product
from chalicelib.products.repository import Repository
from chalicelib.resources.precondition import NO_PRECONDITION, Precondition


class InMemoryProducts:
    """Stores products in a dict. `calls` records the calls."""

    def __init__(self) -> None:
        self.stored: dict[str, Product] = {}
        self.calls: list[str] = []

    def get(self, product_id: str) -> Product | None:
        self.calls.append("get")
        return self.stored.get(product_id)

    def new(self, product_id: str, fields: Mapping[str, Any]) -> Product:
        now = datetime.now(UTC)
        history = {"version": int(now.timestamp() * 1000), "created_at": now, "updated_at": now}
        return Product(**{"id": product_id, **history, **fields})

    def add(self, product_id: str, fields: Mapping[str, Any]) -> Product:
        self.calls.append("add")
        if product_id in self.stored:
            raise AlreadyExists("Product", product_id)
        return self.stored.setdefault(product_id, self.new(product_id, fields))

    def put_all(self, products: Sequence[Product]) -> Sequence[Product]:
        self.stored |= {product.id: product for product in products}
        return []

    def update(
        self,
        product_id: str,
        changes: Mapping[str, Any],
        precondition: Precondition = NO_PRECONDITION,
    ) -> Product:
        self.calls.append("update")
        current = self._checked(product_id, precondition)
        now = datetime.now(UTC)
        product = current._replace(**changes, version=current.version + 1, updated_at=now)
        self.stored[product_id] = product
        return product

    def remove(self, product_id: str, precondition: Precondition = NO_PRECONDITION) -> None:
        self.calls.append("remove")
        self._checked(product_id, precondition)
        del self.stored[product_id]

    def get_many(self, product_ids: Sequence[str]) -> dict[str, Product]:
        self.calls.append("get_many")
        return {each: self.stored[each] for each in product_ids if each in self.stored}

    def scan(self, limit: int, cursor: str | None = None) -> tuple[list[Product], str | None]:
        after = self._id_in(cursor) if cursor is not None else ""
        ids = sorted(each for each in self.stored if each > after)
        page = [self.stored[each] for each in ids[:limit]]
        return page, f"after:{ids[limit - 1]}" if len(ids) > limit else None

    def all(self) -> Iterator[Product]:
        return iter(tuple(self.stored.values()))

    def ping(self) -> None:
        """Return: memory is always available."""

    def _checked(self, product_id: str, precondition: Precondition) -> Product:
        if product_id not in self.stored:
            raise NotFound("Product", product_id)
        if not precondition.holds(self.stored[product_id]):
            raise PreconditionFailed("Product", product_id)
        return self.stored[product_id]

    def _id_in(self, cursor: str) -> str:
        mark, _, product_id = cursor.partition("after:")
        if mark or len(product_id) != 36:
            raise InvalidCursor
        return product_id


Products = Repository | InMemoryProducts
"""The implementations that the contract tests run against."""
