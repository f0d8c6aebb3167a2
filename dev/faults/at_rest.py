"""
Finds stale cache entries and stale reads after the load has ended.

Reads every product twice through the API, so that entries filled by the first read are checked
too. Reads every cache entry directly, and decodes it with the project's own codec.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from chalicelib.caching.entries import NEGATIVE, VALUE
from chalicelib.products.cache import CODEC
from dev.faults.client import Client
from dev.faults.rig import FaultRig


class AtRest(NamedTuple):
    """How many products and entries were compared, and which differed from DynamoDB."""

    products: int
    entries: int
    stale: list[str]


def check(rig: FaultRig, known: Iterable[str]) -> AtRest:
    """Compare the cache and the API with DynamoDB, for each known or stored product."""
    versions = dict(_versions(rig.dynamodb))
    products = sorted({*known, *versions})
    cached = dict(_cached(rig, products))
    stale = [
        f"{product_id}: {version} in the cache, {versions.get(product_id)} in DynamoDB"
        for product_id, version in cached.items()
        if version != versions.get(product_id)
    ]
    return AtRest(len(products), len(cached), stale + list(_read(rig.api.url, products, versions)))


def _read(url: str, products: list[str], versions: dict[str, int]) -> Iterator[str]:
    client = Client(url)
    for product_id in (each for each in products for _ in range(2)):
        answer = client.send("GET", f"/products/{product_id}")
        expected = (200, versions[product_id]) if product_id in versions else (404, None)
        if (answer.status, answer.version) != expected:
            seen = f"{answer.status} at {answer.version} ({answer.cache})"
            yield f"{product_id}: read as {seen}, {versions.get(product_id)} in DynamoDB"
    client.close()


def _versions(dynamodb: Any) -> Iterator[tuple[str, int]]:
    pages = dynamodb.get_paginator("scan").paginate(TableName="products", ConsistentRead=True)
    for item in (item for page in pages for item in page["Items"]):
        yield item["id"]["S"], int(item["version"]["N"])


def _cached(rig: FaultRig, products: Iterable[str]) -> Iterator[tuple[str, int | None]]:
    """Yield the version of each entry, `None` for a negative one. Skip leases and fences."""
    with rig.redis as redis:
        for product_id in products:
            raw: Any = redis.get(CODEC.key(product_id)) or b""
            if raw[:1] == VALUE:
                yield product_id, CODEC.decode(CODEC.key(product_id), raw[1:]).version
            elif raw[:1] == NEGATIVE:
                yield product_id, None
