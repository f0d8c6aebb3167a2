"""
Builds the document: `openapi.yaml`, the models' schemas, and what all operations have.

The document and the app's routes are compared both ways.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Final

import yaml

from chalicelib import VERSION
from chalicelib.api import docs, inputs, preconditions, root
from chalicelib.errors import MAX_ERRORS
from chalicelib.products import queries
from chalicelib.resources import RESOURCES
from chalicelib.resources.representation import ID_PATTERN
from dev.openapi import additions, schemas

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / "chalicelib" / "api" / "openapi.json"

_SOURCE: Final = Path(__file__).with_name("openapi.yaml")
_CONSTANTS: Final = {
    "NAME": root.NAME,
    "VERSION": VERSION,
    "LINKS": root.paths([each.name for each in RESOURCES]),
    "LINK_NAMES": list(root.paths([each.name for each in RESOURCES])),
    "ASSETS": sorted(docs.ASSETS),
    "ID_PATTERN": ID_PATTERN,
    "MAX_BODY_KIB": inputs.MAX_BODY_BYTES // 1024,
    "MAX_CATEGORY": queries.MAX_CATEGORY,
    "MAX_ENTITY_TAGS": preconditions.MAX_ENTITY_TAGS,
    "MAX_ERRORS": MAX_ERRORS,
    "MAX_IDEMPOTENCY_KEY": inputs.MAX_IDEMPOTENCY_KEY,
    "MAX_IDS": queries.MAX_IDS,
    "MAX_LIMIT": queries.MAX_LIMIT,
    "DEFAULT_LIMIT": queries.DEFAULT_LIMIT,
}
_SETTINGS: Final = {
    "PRODUCTS_TABLE": "products",
    "AWS_REGION": "eu-central-1",
    "REDIS_HOST": "redis.example",
}
"""The settings that the app needs to start. Its routes depend on none of them."""


class Undocumented(Exception):
    """The app and the document do not have the same operations."""


def routes() -> dict[str, set[str]]:
    """Return the app's routes: each path with its methods."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    from app import app

    return {path: set(methods) for path, methods in app.routes.items()}


def build(served: dict[str, set[str]] | None = None) -> dict[str, Any]:
    """Return the document. Raise `Undocumented` where it and the routes differ."""
    products = schemas.products()
    document: dict[str, Any] = yaml.safe_load(
        _filled(_SOURCE.read_text(encoding="utf-8"), products)
    )
    prose = document["components"]["schemas"]
    for name, schema in products.items():
        prose[name] = schema | prose[name]
    additions.add(document)
    _compare(routes() if served is None else served, document["paths"])
    return document


def render(document: dict[str, Any]) -> str:
    """Return the text of the file: short lines, so that a change can be reviewed."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _filled(text: str, products: dict[str, schemas.Schema]) -> str:
    """Return the YAML with its <CONSTANTS>. JSON, which objects and lists become, is YAML too."""
    examples = {
        "DRAFT": schemas.example(products["ProductDraft"]),
        "PRODUCT": schemas.example(products["Product"]),
    }
    constants = _CONSTANTS | examples
    texts = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in constants.items()
    }
    return re.sub(r"<([A-Z_]+)>", lambda found: texts[found[1]], text)


def _compare(served: dict[str, set[str]], paths: dict[str, Any]) -> None:
    ours = {(path, method) for path, methods in served.items() for method in methods}
    documented = {(path, method.upper()) for path, methods in paths.items() for method in methods}
    if ours != documented:
        raise Undocumented(
            f"Not in dev/openapi/openapi.yaml: {sorted(ours - documented)}; "
            f"there, and not in the app: {sorted(documented - ours)}"
        )
