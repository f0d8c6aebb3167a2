"""Creates many products, and reads a table's contents."""

from typing import Any

from chalicelib import bootstrap
from chalicelib.products.model import represent
from tests.doubles.recording import RecordingTable
from tests.examples import a_body, settings


def many(count: int) -> list[dict[str, Any]]:
    """Return `count` products with ids, in the form of an import file."""
    return [
        a_body(id=f"{n:08}-0000-4000-8000-000000000000", name=f"№ {n} 😀") for n in range(count)
    ]


def stored(table: RecordingTable) -> list[str]:
    """Return the bodies of all stored products in order."""
    container = bootstrap.Container(settings(PRODUCTS_TABLE=table.name), dynamodb=table.client)
    return sorted(represent(each).body for each in container.products.repository.all())
