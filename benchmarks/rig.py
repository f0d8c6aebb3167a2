"""
What the functions are measured on: a DynamoDB for all, and for each a Valkey and a product.

Every product is read and written by all alike; how it is cached is each one's own matter.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import redis

from benchmarks.contestants import CONTESTANTS, Contestant
from benchmarks.function import Function, running
from benchmarks.packages import Package, package
from chalicelib.dynamodb.attributes import to_item
from chalicelib.products.cache import CODEC
from chalicelib.products.model import Product, represent
from chalicelib.resources import PRODUCTS
from dev.deploy import stages
from dev.stack import environment
from dev.stack.servers import Emulator, Valkey
from dev.stack.table import create_table

TABLE: Final = "products"
_NAMESPACE: Final = uuid.UUID("6f1f2a52-6b2b-4d6c-9d57-2f1d6a1f0d11")
_LIKE_A_REAL_ONE: Final = 600
"""Characters of a description: the product's JSON is of 0.75 KB."""


class Rig:
    """The servers that run, and the packages."""

    def __init__(self, place: Path, emulator: Emulator, valkeys: dict[str, Valkey]) -> None:
        self._place = place
        self._valkeys = valkeys
        self._env = environment.of(next(iter(valkeys.values())), emulator, {})
        self.dynamodb: Any = emulator.client("dynamodb")
        self.emulator = emulator
        self.packages: dict[str, Package] = {
            each.name: package(each, place / each.name) for each in CONTESTANTS
        }
        self.redis = {name: redis.Redis(port=each.port) for name, each in valkeys.items()}

    def function(self, contestant: Contestant, **settings: str) -> AbstractContextManager[Function]:
        """Return a fresh function of a contestant's, with its own Valkey."""
        env = {**self._env, "REDIS_PORT": str(self._valkeys[contestant.name].port)}
        env |= {
            "LOG_FORMAT": "json",
            "CURSOR_SECRET": "x" * 16,
            "STAGE": "bench",
            "LOG_HITS": stages.read("prod")["LogHits"],
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        code = self.packages[contestant.name].code
        return running(code, env | settings, self._place / f"{contestant.name}.log")

    def store(self, contestant: Contestant, size: int = _LIKE_A_REAL_ONE) -> str:
        """Put a product of about `size` bytes into the table; return its id."""
        product = a_product(str(uuid.uuid5(_NAMESPACE, f"{contestant.name} {size}")), size)
        self.dynamodb.put_item(TableName=TABLE, Item=to_item(product))
        if not contestant.is_api:  # which cannot fill its cache
            self.redis[contestant.name].set(CODEC.key(product.id), represent(product).body)
        return product.id

    def is_cached(self, contestant: Contestant, product_id: str) -> bool:
        """Tell whether the product is in the cache."""
        return bool(self.redis[contestant.name].exists(CODEC.key(product_id)))

    def forget(self, contestant: Contestant, product_id: str) -> None:
        """Take the product out of the cache."""
        self.redis[contestant.name].delete(CODEC.key(product_id))

    def plain_read(self, product_id: str) -> Callable[[], Any]:
        """Return what reads the product as a miss has to, by botocore and nothing else."""
        request = {"TableName": TABLE, "Key": {"id": {"S": product_id}}}
        return lambda: self.dynamodb.get_item(**request, ConsistentRead=True)


def a_product(product_id: str, size: int) -> Product:
    """Return a product with a description of `size` characters."""
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    words = "Ergonomic wireless mouse with adjustable DPI. " * (size // 46 + 1)
    return Product(
        id=product_id,
        name="Wireless Mouse",
        description=words[:size],
        price=Decimal("24.99"),
        stock_quantity=150,
        category="accessories",
        version=1,
        created_at=moment,
        updated_at=moment,
    )


@contextmanager
def rig() -> Iterator[Rig]:
    """Start the servers and pack; end and remove all with the block."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        place = Path(directory)
        valkeys = {each.name: Valkey(log=place / f"{each.name}.valkey") for each in CONTESTANTS}
        try:
            for valkey in valkeys.values():
                valkey.start()
            with Emulator(log=place / "aws.log") as emulator:
                create_table(emulator.client("dynamodb"), PRODUCTS, TABLE)
                yield Rig(place, emulator, valkeys)
        finally:
            for valkey in valkeys.values():
                valkey.stop()
