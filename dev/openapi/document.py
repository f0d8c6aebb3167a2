"""
Builds the document from the YAML files, the models' schemas and the parts that all operations have.

Compares the document with the app's routes, in both directions.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import yaml

from chalicelib import VERSION
from chalicelib.api import docs, inputs, preconditions, queries, root
from chalicelib.errors import MAX_ERRORS
from chalicelib.resources import RESOURCES, Resource
from chalicelib.resources.representation import ID_PATTERN
from dev.openapi import additions, schemas

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / "chalicelib" / "api" / "openapi.json"

_SOURCES: Final = Path(__file__).parent
_CONSTANTS: Final = {
    "NAME": root.NAME,
    "VERSION": VERSION,
    "LINKS": root.paths([each.name for each in RESOURCES]),
    "LINK_NAMES": list(root.paths([each.name for each in RESOURCES])),
    "ASSETS": sorted(docs.ASSETS),
    "ID_PATTERN": ID_PATTERN,
    "MAX_BODY_KIB": inputs.MAX_BODY_BYTES // 1024,
    "MAX_ENTITY_TAGS": preconditions.MAX_ENTITY_TAGS,
    "MAX_ERRORS": MAX_ERRORS,
    "MAX_IDEMPOTENCY_KEY": inputs.MAX_IDEMPOTENCY_KEY,
    "MAX_IDS": queries.MAX_IDS,
    "MAX_LIMIT": queries.MAX_LIMIT,
    "DEFAULT_LIMIT": queries.DEFAULT_LIMIT,
}
_SETTINGS: Final = {
    **{each.table_variable: each.name for each in RESOURCES},
    "AWS_REGION": "eu-central-1",
    "REDIS_HOST": "redis.example",
}
"""The settings that the app needs to start. Its routes do not depend on them."""


class Undocumented(Exception):
    """The app and the document do not have the same operations."""


def routes() -> dict[str, set[str]]:
    """Return the app's routes: each path with its methods."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    from app import app

    return {path: set(methods) for path, methods in app.routes.items()}


def build(served: dict[str, set[str]] | None = None) -> dict[str, Any]:
    """Return the document. Raise `Undocumented` if it differs from the routes."""
    document = _read("openapi", _CONSTANTS)
    for resource in RESOURCES:
        _add(document, _of_resource(resource))
    additions.add(document)
    _compare(routes() if served is None else served, document["paths"])
    return document


def _of_resource(resource: Resource) -> dict[str, Any]:
    """Return the part of a resource: its file, with the schemas of its models."""
    generated = schemas.of_resource(resource)
    examples = {
        "DRAFT": schemas.example(generated[f"{resource.noun}Draft"]),
        resource.noun.upper(): schemas.example(generated[resource.noun]),
    }
    limits = import_module(f"chalicelib.{resource.name}.queries")
    part = _read(resource.name, {**_CONSTANTS, **vars(limits), **examples})
    declared = part["components"]["schemas"]
    for name, schema in generated.items():
        declared[name] = schema | declared[name]
    return part


def _add(document: dict[str, Any], part: dict[str, Any]) -> None:
    """Add a resource's part before the existing entries."""
    document["tags"] = part["tags"] + document["tags"]
    document["paths"] = part["paths"] | document["paths"]
    components = document["components"]
    for kind, added in part["components"].items():
        if twice := added.keys() & components[kind].keys():
            raise Undocumented(f"Defined twice in dev/openapi: {sorted(twice)}")
        components[kind] = added | components[kind]


def render(document: dict[str, Any]) -> str:
    """Return the file's text, in short lines for review."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _read(name: str, constants: Mapping[str, Any]) -> dict[str, Any]:
    """Read a file and fill in its <CONSTANTS>, objects and lists as JSON, which is YAML too."""

    def constant(found: re.Match[str]) -> str:
        value = constants[found[1]]
        return value if isinstance(value, str) else json.dumps(value)

    text = (_SOURCES / f"{name}.yaml").read_text(encoding="utf-8")
    part: dict[str, Any] = yaml.safe_load(re.sub(r"<([A-Z_]+)>", constant, text))
    return part


def _compare(served: dict[str, set[str]], paths: dict[str, Any]) -> None:
    routed = {(path, method) for path, methods in served.items() for method in methods}
    documented = {(path, method.upper()) for path, methods in paths.items() for method in methods}
    if routed != documented:
        raise Undocumented(
            f"Missing in dev/openapi/*.yaml: {sorted(routed - documented)}; "
            f"missing in the app: {sorted(documented - routed)}"
        )
