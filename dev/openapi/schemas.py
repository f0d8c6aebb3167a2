"""
Generates the schemas of each resource from its Pydantic models: rules, descriptions and examples.

A new field of a model needs no change here.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pydantic import BaseModel

from chalicelib.resources import Resource

Schema = dict[str, Any]


def of_resource(resource: Resource) -> dict[str, Schema]:
    """Return the schemas of an item in requests and in responses."""
    models = import_module(f"chalicelib.{resource.name}.schemas")
    noun = resource.noun
    return {
        f"{noun}Draft": _of_model(getattr(models, f"{noun}Draft")),
        f"{noun}Changes": _of_model(getattr(models, f"{noun}Changes")),
        noun: _as_returned(_of_model(models.IdentifiedDraft)),
    }


def example(schema: Schema) -> dict[str, Any]:
    """Return an object with the first example of each field."""
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
    """Return a response's fields: `id` is required and first; no field is null."""
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
