"""
What botocore reads to make a client, trimmed to what the functions call: 70 KB and not 2 MB.

botocore's own has every service's endpoints and every operation of DynamoDB; a cold start that
misses would spend longer on reading it than on DynamoDB. The rules for endpoints stay whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from botocore.loaders import Loader

OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "dynamodb": (
        "GetItem",
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "BatchGetItem",
        "Query",
        "Scan",
    ),
}
"""Of each service, what `chalicelib` calls on Lambda. Another operation is not known there."""

_WHOLE: Final = ("partitions", "sdk-default-configuration", "_retry")

Model = dict[str, Any]


def write(place: Path) -> None:
    """Write it all to `place`, laid out as botocore's loader wants it."""
    loader = Loader()
    for name in _WHOLE:
        _put(place / f"{name}.json", loader.load_data(name))
    _put(place / "endpoints.json", _endpoints(loader.load_data("endpoints")))
    for service, operations in OPERATIONS.items():
        version = loader.determine_latest_version(service, "service-2")
        at = f"{service}/{version}"
        model = loader.load_service_model(service, "service-2", version)
        _put(place / at / "service-2.json", trimmed(model, operations))
        rules = loader.load_service_model(service, "endpoint-rule-set-1", version)
        _put(place / at / "endpoint-rule-set-1.json", rules)


def trimmed(model: Model, operations: Iterable[str]) -> Model:
    """Return a service's model with these operations, the shapes that they need, no prose."""
    kept = {name: _silent(model["operations"][name]) for name in operations}
    shapes: Model = {}
    _reach(kept, model["shapes"], shapes)
    return {**_silent(model), "operations": kept, "shapes": shapes}


def _reach(part: Any, shapes: Model, reached: Model) -> None:
    """Add to `reached` all shapes that a part of the model names, and those that these name."""
    if isinstance(part, list):
        for each in part:
            _reach(each, shapes, reached)
    if not isinstance(part, dict):
        return
    name = part.get("shape")
    if isinstance(name, str) and name not in reached:
        reached[name] = _silent(shapes[name])
        _reach(reached[name], shapes, reached)
    for each in part.values():
        _reach(each, shapes, reached)


def _silent(part: Any) -> Any:
    """Return a part of the model without its documentation."""
    if isinstance(part, list):
        return [_silent(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        name: _silent(each)
        for name, each in part.items()
        if not (name == "documentation" and isinstance(each, str))
    }


def _endpoints(every: Model) -> Model:
    """Return the regions, and no service's endpoints but those of ours."""
    partitions = [
        {**partition, "services": {name: partition["services"][name] for name in OPERATIONS}}
        for partition in every["partitions"]
        if OPERATIONS.keys() <= partition["services"].keys()
    ]
    return {**every, "partitions": partitions}


def _put(path: Path, model: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(model, separators=(",", ":"), sort_keys=True), encoding="utf-8")
