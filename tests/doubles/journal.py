"""Replaces the cache and the table of an import, and records all calls in one list."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from chalicelib.errors import OutcomeUnknown, ServiceError
from chalicelib.products.model import Product
from tests.doubles.products import InMemoryProducts

PutResult = Callable[[Sequence[Product]], Sequence[Product]]


class Journal:
    """Records calls and stores products. A write stores all of them, or as in `results`."""

    def __init__(self, *results: PutResult) -> None:
        self.events: list[str] = []
        """`fence`, `new`, `release` or `left` with an id; `write` with the number of products."""
        self.products = InMemoryProducts()
        self._results = iter(results)

    def writes(self) -> list[str]:
        return [event for event in self.events if event.startswith("write")]

    def count(self, kind: str) -> int:
        return sum(event.startswith(kind) for event in self.events)

    @contextmanager
    def fenced(self, product_id: str) -> Iterator[None]:
        self.events.append(f"fence {product_id}")
        try:
            yield
        except OutcomeUnknown:
            self.events.append(f"left {product_id}")
            raise
        except ServiceError:
            self.events.append(f"release {product_id}")
            raise
        self.events.append(f"release {product_id}")

    def new(self, product_id: str, fields: Any) -> Product:
        self.events.append(f"new {product_id}")
        return self.products.new(product_id, fields)

    def put_all(self, products: Sequence[Product]) -> Sequence[Product]:
        self.events.append(f"write {len(products)}")
        left = next(self._results, lambda _: [])(products)
        self.products.put_all([product for product in products if product not in left])
        return left


class SleepClock:
    """A clock that advances only by `sleep`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
