"""
The product's schemas, as Pydantic makes them of `chalicelib/models.py`: the rules, descriptions and
examples of its fields. A new field of the models needs nothing here.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from chalicelib.models import IdentifiedDraft, ProductChanges, ProductDraft

Schema = dict[str, Any]


def products() -> dict[str, Schema]:
    """Return what a client may send of a product, and what it gets back."""
    return {
        "ProductDraft": _of_model(ProductDraft),
        "ProductChanges": _of_model(ProductChanges),
        "Product": _as_returned(_of_model(IdentifiedDraft)),
    }


def example(schema: Schema) -> dict[str, Any]:
    """Return an object of the first example of each field."""
    fields = schema["properties"].items()
    return {name: field["examples"][0] for name, field in fields if "examples" in field}


def _of_model(model: type[BaseModel]) -> Schema:
    """Return the model's own schema, without the titles and defaults of its fields."""
    schema = model.model_json_schema()
    for field in schema["properties"].values():
        field.pop("title")
        field.pop("default", None)
    return schema


def _as_returned(schema: Schema) -> Schema:
    """Return the fields of a response: `id` is always there, first; null is left out."""
    fields = {name: _without_null(field) for name, field in schema["properties"].items()}
    return {
        "type": "object",
        "required": ["id", *schema["required"]],
        "properties": {"id": fields["id"], **fields},
    }


def _without_null(field: Schema) -> Schema:
    if "anyOf" not in field:
        return field
    value, _null = field["anyOf"]
    return value | {name: part for name, part in field.items() if name != "anyOf"}
