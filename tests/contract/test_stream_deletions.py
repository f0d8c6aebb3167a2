"""The table's stream deletes outdated cache entries, and no others."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import boto3
import pytest

from chalicelib.bootstrap import Container
from chalicelib.caching.entries import Outcome
from chalicelib.products.cache import CODEC
from chalicelib.products.catalog import Catalog
from dev.stack.stream import Feed
from tests.doubles.recording import Recorder, RecordingTable
from tests.doubles.wiring import Wire
from tests.examples import a_draft

WRITES = 70
MOUSE = a_draft(
    name="Mäuschen 🐭", price=Decimal("9999999999.9990"), description="\x00\u2028", category="ü"
)


@pytest.fixture
def container(wire: Wire, redis: Recorder, table: RecordingTable) -> Container:
    """Return the application with each kind of Redis and of DynamoDB."""
    return wire(redis=redis, dynamodb=table.client, PRODUCTS_TABLE=table.name)


@pytest.fixture
def catalog(container: Container) -> Catalog:
    """Return the catalog."""
    return container.products.catalog


@pytest.fixture
def deliver(container: Container, table: RecordingTable) -> Callable[[], None]:
    """Return a function that delivers all records of the stream."""
    config = table.client.meta
    keys = table.client._get_credentials()
    streams: Any = boto3.client(
        "dynamodbstreams",
        region_name=config.region_name,
        endpoint_url=config.endpoint_url if "127.0.0.1" in config.endpoint_url else None,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
    )
    arn = table.client.describe_table(TableName=table.name)["Table"]["LatestStreamArn"]

    def invalidate(event: dict[str, Any], _context: Any) -> None:
        container.invalidate(event["Records"])

    return Feed(streams, lambda: arn, invalidate).catch_up


def test_a_write_costs_its_readers_one_miss(
    catalog: Catalog, table: RecordingTable, deliver: Callable[[], None]
) -> None:
    """The stream does not delete the entry that the first reader filled."""
    product_id = catalog.create(MOUSE).id
    deliver()
    catalog.get(product_id)

    with table.calls() as calls:
        for n in range(WRITES):
            catalog.update(product_id, {"stock_quantity": n})
            reads = [catalog.get(product_id).outcome for _ in range(2)]
            deliver()
            reads += [catalog.get(product_id).outcome for _ in range(2)]
            assert [Outcome.MISS, Outcome.HIT, Outcome.HIT, Outcome.HIT] == reads

    assert WRITES == calls.count("GetItem")


def test_a_deletion_costs_its_readers_one_miss(
    catalog: Catalog, deliver: Callable[[], None]
) -> None:
    """The negative entry stays."""
    product_id = catalog.create(MOUSE).id
    catalog.get(product_id)
    catalog.delete(product_id)
    catalog.get(product_id)

    deliver()

    assert (None, Outcome.HIT) == catalog.get(product_id)


def test_an_edit_without_the_api_deletes_the_entry(
    catalog: Catalog, redis: Recorder, table: RecordingTable, deliver: Callable[[], None]
) -> None:
    """The entry differs from the item."""
    product_id = catalog.create(MOUSE).id
    catalog.get(product_id)
    table.client.update_item(
        TableName=table.name,
        Key={"id": {"S": product_id}},
        UpdateExpression="SET stock_quantity = :n",
        ExpressionAttributeValues={":n": {"N": "7"}},
    )

    deliver()

    assert not redis.exists(CODEC.key(product_id))


def test_an_entry_of_another_schema_is_deleted(
    catalog: Catalog, redis: Recorder, deliver: Callable[[], None]
) -> None:
    """Another release may fill the key again."""
    product_id = catalog.create(MOUSE).id
    catalog.get(product_id)
    entry = redis.get(CODEC.key(product_id))
    redis.set(CODEC.key(product_id), b"V0" + entry[2:])

    deliver()

    assert not redis.exists(CODEC.key(product_id))


def test_the_last_record_of_a_product_decides(
    catalog: Catalog, redis: Recorder, deliver: Callable[[], None]
) -> None:
    """The batch also contains the record of the older version."""
    product_id = catalog.create(MOUSE).id
    catalog.get(product_id)
    entry = redis.get(CODEC.key(product_id))
    catalog.update(product_id, {"stock_quantity": 7})
    redis.set(CODEC.key(product_id), entry)

    deliver()

    assert not redis.exists(CODEC.key(product_id))
