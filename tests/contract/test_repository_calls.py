"""The calls to DynamoDB: their number, consistency and types."""

import uuid
from decimal import Decimal
from typing import Any

from chalicelib.products.repository import Repository
from chalicelib.resources import PRODUCTS
from dev.stack.table import create_table
from tests import examples
from tests.doubles.dynamodb import RecordingDynamoDB
from tests.doubles.recording import RecordingTable
from tests.examples import SOME_ID, a_draft


def test_reads_are_consistent(moto_table: RecordingTable) -> None:
    """An eventually consistent read could cache an old value."""
    recording = RecordingDynamoDB(moto_table.client)
    repository = examples.repository(recording, moto_table.name)

    repository.get(SOME_ID)
    repository.scan(1)
    list(repository.all())

    assert [True, True, True] == [request["ConsistentRead"] for request in recording.requests]


def test_items_have_dynamodb_types(repository: Repository, table: RecordingTable) -> None:
    """The index and other tools need them. A missing category is no attribute."""
    repository.add(SOME_ID, a_draft(price=Decimal("1E+2"), category=None))

    key = {"id": {"S": SOME_ID}}
    item = table.client.get_item(TableName=table.name, Key=key)["Item"]

    assert {"N": "100"} == item["price"]
    assert {"N": "150"} == item["stock_quantity"]
    assert "category" not in item


def test_the_index_lists_a_category_by_price(repository: Repository, table: RecordingTable) -> None:
    """It contains only products with a category."""
    dear = repository.add(str(uuid.uuid4()), a_draft(price=Decimal(10), category="toys"))
    cheap = repository.add(str(uuid.uuid4()), a_draft(price=Decimal(9), category="toys"))
    repository.add(str(uuid.uuid4()), a_draft(category=None))

    index = {"TableName": table.name, "IndexName": "category-price"}
    found = table.client.query(
        **index,
        KeyConditionExpression="category = :c",
        ExpressionAttributeValues={":c": {"S": "toys"}},
    )["Items"]

    assert [cheap.id, dear.id] == [item["id"]["S"] for item in found]
    assert 2 == table.client.scan(**index)["Count"]


def test_a_large_table_is_read_completely(repository: Repository) -> None:
    """A Scan ends at 1 MB. `all` continues after it, and a page may be short."""
    added = {
        repository.add(str(uuid.uuid4()), a_draft(description="ü" * 10_000)).id for _ in range(60)
    }

    page, cursor = repository.scan(100)

    assert added == {product.id for product in repository.all()}
    assert cursor is not None
    rest, _ = repository.scan(100, cursor)
    assert added == {product.id for product in (*page, *rest)}


def test_the_template_creates_the_table(emulated_dynamodb: Any) -> None:
    """`infra/tables/products.yaml` defines key, index and stream. A second call changes nothing."""
    name = f"products-{uuid.uuid4().hex}"
    create_table(emulated_dynamodb, PRODUCTS, name)
    create_table(emulated_dynamodb, PRODUCTS, name)

    table = emulated_dynamodb.describe_table(TableName=name)["Table"]

    assert [{"AttributeName": "id", "KeyType": "HASH"}] == table["KeySchema"]
    assert ["category-price"] == [index["IndexName"] for index in table["GlobalSecondaryIndexes"]]
    assert table["StreamSpecification"]["StreamEnabled"]
