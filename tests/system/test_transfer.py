"""Imports and readers, with a real Valkey and the emulator."""

import io
import json
from typing import Any

import pytest
import redis

from chalicelib import bootstrap
from chalicelib.caching.protocol import Outcome
from chalicelib.products.schemas import parse_identified
from dev.transfer import entries, formats
from dev.transfer.loading import Import
from tests.doubles.contents import many, stored
from tests.doubles.recording import RecordingRedis, RecordingTable
from tests.examples import OTHER_ID, SOME_ID, a_body, settings


class ThrottledDynamoDB:
    """A DynamoDB client that first stores only one item of a batch, as a throttled table does."""

    def __init__(self, client: Any, refusals: int) -> None:
        self._client = client
        self._refusals = refusals

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def batch_write_item(self, **request: Any) -> dict[str, Any]:
        ((table, puts),) = request["RequestItems"].items()
        left = puts[1:] if self._refusals else []
        self._refusals -= bool(self._refusals)
        taken = puts[: len(puts) - len(left)]
        self._client.batch_write_item(RequestItems={table: taken})
        return {"UnprocessedItems": {table: left} if left else {}}


@pytest.fixture
def container(emulated_table: RecordingTable, real_redis: RecordingRedis) -> bootstrap.Container:
    """Return the catalog with a real Valkey and the emulator."""
    given = settings(PRODUCTS_TABLE=emulated_table.name)
    return bootstrap.Container(given, real_redis, emulated_table.client)


def load(container: bootstrap.Container, *rows: object) -> Import:
    """Import rows in this process."""
    file = io.BytesIO("".join(json.dumps(row) + "\n" for row in rows).encode())
    done = Import(container.products.cache, container.products.repository, lambda _: None)
    done.store(entries.read(formats.rows(file), parse_identified))
    return done


def fences(client: redis.Redis) -> int:
    """Return the number of fenced products."""
    return sum((client.get(key) or b"").startswith(b"W") for key in client.scan_iter())


def test_an_import_deletes_cached_products(container: bootstrap.Container) -> None:
    """The next read is a miss, the one after it a hit."""
    load(container, a_body(id=SOME_ID))
    container.products.catalog.get(SOME_ID)
    assert Outcome.HIT == container.products.catalog.get(SOME_ID).outcome

    load(container, a_body(id=SOME_ID, name="Another mouse"))

    fresh, again = container.products.catalog.get(SOME_ID), container.products.catalog.get(SOME_ID)
    assert [Outcome.MISS, Outcome.HIT] == [fresh.outcome, again.outcome]
    assert fresh.item == again.item
    assert fresh.item is not None
    assert "Another mouse" == json.loads(fresh.item.body)["name"]


def test_an_import_deletes_a_cached_404(container: bootstrap.Container) -> None:
    """A read before the import cached the missing product."""
    assert container.products.catalog.get(SOME_ID).item is None

    load(container, a_body(id=SOME_ID))

    assert container.products.catalog.get(SOME_ID).item is not None


def test_an_import_raises_the_version(container: bootstrap.Container) -> None:
    """An old ETag no longer matches."""
    load(container, a_body(id=SOME_ID))
    before = container.products.catalog.update(SOME_ID, {"stock_quantity": 1}).version

    load(container, a_body(id=SOME_ID))

    after = container.products.catalog.get(SOME_ID).item
    assert after is not None
    assert before < after.version


def test_a_batch_is_fenced_then_written_then_released(
    container: bootstrap.Container, real_redis: RecordingRedis, emulated_table: RecordingTable
) -> None:
    """Two products cost two fences, one DynamoDB call and two releases, in that order."""
    inspector = redis.Redis(connection_pool=real_redis.connection_pool)
    fence_counts: list[int] = []

    def record(**_: Any) -> None:
        sent.append("BatchWriteItem")
        fence_counts.append(fences(inspector))

    events = emulated_table.client.meta.events
    events.register("before-call.dynamodb.BatchWriteItem", record)
    with real_redis.commands() as sent:
        load(container, a_body(id=SOME_ID), a_body(id=OTHER_ID))
    events.unregister("before-call.dynamodb.BatchWriteItem", record)

    assert ["EVAL", "EVAL", "BatchWriteItem", "EVAL", "EVAL"] == sent
    assert [2] == fence_counts
    assert 0 == fences(inspector)


def test_unprocessed_items_are_stored_again(
    emulated_table: RecordingTable, real_redis: RecordingRedis
) -> None:
    """Every line is stored, although the table first accepts one item at a time."""
    given = settings(PRODUCTS_TABLE=emulated_table.name)
    throttled = bootstrap.Container(
        given, real_redis, ThrottledDynamoDB(emulated_table.client, refusals=5)
    )

    with emulated_table.calls() as made:
        done = load(throttled, *many(25))

    assert ["BatchWriteItem"] * 6 == made
    assert done.is_clean
    assert 25 == len(stored(emulated_table))
