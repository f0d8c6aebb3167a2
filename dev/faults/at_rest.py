"""
Finds stale cache entries and stale reads after the load has ended.

Reads every product twice through the API, so that entries filled by the first read are checked
too. Reads every cache entry directly, and decodes it with the project's own codec.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

from chalicelib.caching.entries import NEGATIVE, VALUE
from chalicelib.products.cache import CODEC
from dev.faults.client import Client
from dev.faults.rig import FaultRig


def stale(rig: FaultRig, known: Iterable[str]) -> list[str]:
    """Compare the cache and the API with DynamoDB, for each known or stored product."""
    versions = dict(_versions(rig.dynamodb))
    return [
        f"{product_id}: {found}, {versions.get(product_id)} in DynamoDB"
        for product_id in sorted({*known, *versions})
        for found in _differences(rig, product_id, versions.get(product_id))
    ]


def _differences(rig: FaultRig, product_id: str, version: int | None) -> Iterator[str]:
    key = CODEC.key(product_id)
    with rig.redis as redis, closing(Client(rig.api.url)) as client:
        raw: Any = redis.get(key) or b""
        if raw[:1] == VALUE and (cached := CODEC.decode(key, raw[1:]).version) != version:
            yield f"{cached} in the cache"
        if raw == NEGATIVE and version is not None:
            yield "a negative entry in the cache"
        for _ in range(2):
            answer = client.send("GET", f"/products/{product_id}")
            if (answer.status, answer.version) != (200 if version else 404, version):
                yield f"read as {answer.status} at {answer.version} ({answer.cache})"


def _versions(dynamodb: Any) -> Iterator[tuple[str, int]]:
    pages = dynamodb.get_paginator("scan").paginate(TableName="products", ConsistentRead=True)
    for item in (item for page in pages for item in page["Items"]):
        yield item["id"]["S"], int(item["version"]["N"])
