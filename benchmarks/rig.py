"""
What the functions run on: a DynamoDB for all, and for each a Valkey and products of its own.

Events are as API Gateway's REST API sends them, with a browser's headers (`event.json`).
"""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import redis

from benchmarks.function import Function, running
from benchmarks.packages import packed
from benchmarks.targets import OURS, TARGETS, Target
from chalicelib.dynamodb.attributes import to_item
from chalicelib.products.cache import CODEC
from chalicelib.products.model import Product, represent
from chalicelib.resources import PRODUCTS
from dev.deploy import stages
from dev.stack import environment
from dev.stack.servers import Emulator, Valkey
from dev.stack.table import create_table

_EVENT: Final = json.loads(Path(__file__).with_name("event.json").read_text(encoding="utf-8"))
_TABLE: Final = "products"
PAGE: Final = 100


class Rig:
    """The servers that run, and the packages."""

    def __init__(self, place: Path, emulator: Emulator, valkeys: Mapping[Target, Valkey]) -> None:
        self._place = place
        self._valkeys = valkeys
        self._redis = {each: redis.Redis(port=valkey.port) for each, valkey in valkeys.items()}
        self._emulator = emulator
        dynamodb = emulator.client("dynamodb")
        create_table(dynamodb, PRODUCTS, _TABLE)
        self._code = {
            name: packed(name, place / name) for name in {each.package for each in TARGETS}
        }
        names = [f"{each.name} {state}" for each in TARGETS for state in ("cached", "not cached")]
        for name in [*names, *(f"page {number}" for number in range(PAGE))]:
            dynamodb.put_item(TableName=_TABLE, Item=to_item(_product(name)))

    def function(
        self, target: Target, memory: int = 1769, quota: Path | None = None
    ) -> AbstractContextManager[Function]:
        """Return a fresh function with its own Valkey."""
        env = environment.of(self._valkeys[target], self._emulator, {})
        env |= {
            "LOG_FORMAT": "json",
            "LOG_HITS": stages.read("prod")["LogHits"],
            "CURSOR_SECRET": "x" * 16,
            "STAGE": "bench",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
        }
        log = self._place / f"{target.name}.log"
        return running(self._code[target.package], target.handler, env, log, quota)

    def cached(self, target: Target) -> str:
        """Return the id of a product that is in the target's cache."""
        product = _product(f"{target.name} cached")
        body = represent(product)
        entry = CODEC.entry(body) if target is OURS else body.body
        self._redis[target].set(CODEC.key(product.id), entry)
        return product.id

    def uncached(self, target: Target) -> str:
        """Return the id of a product that is in no cache."""
        product = _product(f"{target.name} not cached")
        self._redis[target].delete(CODEC.key(product.id))
        return product.id


@contextmanager
def rig() -> Iterator[Rig]:
    """Start the servers and pack; end and remove all with the block."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        valkeys = {
            each: stack.enter_context(Valkey(log=place / f"{each.name}.valkey")) for each in TARGETS
        }
        yield Rig(place, stack.enter_context(Emulator(log=place / "aws.log")), valkeys)


def event(
    method: str,
    product_id: str | None,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> bytes:
    """Return a request for one product, or for a page of them."""
    resource = "/products" if product_id is None else "/products/{product_id}"
    path = resource.format(product_id=product_id)
    sent = {**_EVENT["headers"], **(headers or {})}
    context = {"resourcePath": resource, "httpMethod": method, "path": f"/api{path}"}
    query_lists = {name: [value] for name, value in query.items()} if query else None
    request = {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": query_lists,
        "pathParameters": None if product_id is None else {"product_id": product_id},
        "requestContext": _EVENT["requestContext"] | context,
        "body": None if body is None else json.dumps(body),
    }
    return json.dumps(_EVENT | request).encode()


def _product(name: str) -> Product:
    """Return a product whose JSON is of 0.75 KB, the same each time."""
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    return Product(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        name="Wireless Mouse",
        description="Ergonomic wireless mouse with adjustable DPI. " * 13,
        price=Decimal("24.99"),
        stock_quantity=150,
        category="accessories",
        version=1,
        created_at=moment,
        updated_at=moment,
    )
