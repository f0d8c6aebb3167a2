"""Example settings and products. Contains no rules."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from chalicelib.bootstrap import Container
from chalicelib.dynamodb.reads import DynamoDB
from chalicelib.products.model import Product
from chalicelib.products.repository import Repository
from chalicelib.resources import RESOURCES
from chalicelib.settings import Settings

SOME_ID = "550e8400-e29b-41d4-a716-446655440000"
OTHER_ID = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
ENVIRONMENT: Mapping[str, str] = {
    **{each.table_variable: each.name for each in RESOURCES},
    "AWS_REGION": "eu-central-1",
    "REDIS_HOST": "redis.example",
}


def settings(**variables: str) -> Settings:
    """Return settings from `variables` and defaults. DynamoDB's retries end early."""
    return Settings.from_env({**ENVIRONMENT, "DYNAMODB_RETRY_SECONDS": "0.2", **variables})


def stream_arn(table: str = "products") -> str:
    """Return the ARN of a table's stream in the form of a stream record."""
    return f"arn:aws:dynamodb:eu-central-1:123456789012:table/{table}/stream/2026-11-22T12:00"


def repository(client: DynamoDB, table: str = "products") -> Repository:
    """Return the repository as the application builds it."""
    return Container(settings(PRODUCTS_TABLE=table), dynamodb=client).products.repository


def a_draft(**fields: Any) -> dict[str, Any]:
    """Return the fields of a new product in the form of the catalog."""
    return {
        "name": "Wireless Mouse",
        "description": "Ergonomic wireless mouse with adjustable DPI",
        "price": Decimal("24.99"),
        "stock_quantity": 150,
        "category": "accessories",
        **fields,
    }


def a_body(**fields: Any) -> dict[str, Any]:
    """Return the fields of a new product in the form of a request body."""
    return a_draft(**{"price": 24.99, **fields})


def a_product(**fields: Any) -> Product:
    """Return a stored product."""
    history = {"version": 7, "created_at": NOON, "updated_at": NOON}
    return Product(**{"id": SOME_ID, **history, **a_draft(), **fields})
