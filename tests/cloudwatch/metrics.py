"""
Reads datapoints from log lines as CloudWatch does. Fails where CloudWatch silently drops data.

Source: "Specification: Embedded metric format", Amazon CloudWatch User Guide.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema

Line = Mapping[str, Any]

_VALIDATOR = jsonschema.Draft202012Validator(
    json.loads(Path(__file__).with_name("emf.schema.json").read_text("utf-8"))
)
MAX_METRICS = 100
MAX_VALUES = 100
MAX_DIMENSION_LENGTH = 1024
MAX_LINE_BYTES = 1024 * 1024


class Datapoint(NamedTuple):
    """One value of one metric."""

    metric: tuple[str, str, frozenset[tuple[str, str]]]
    """Namespace, name and dimensions. They identify a metric in CloudWatch."""
    second: float
    value: float


def of(namespace: str, name: str, second: float, value: float, **dimensions: str) -> Datapoint:
    """Return a datapoint."""
    return Datapoint((namespace, name, frozenset(dimensions.items())), second, value)


def read(lines: Sequence[Line]) -> list[Datapoint]:
    """Return the datapoints of all lines that contain metrics."""
    return [point for line in lines if "_aws" in line for point in _of_line(line)]


def check(line: Line) -> None:
    """Raise if CloudWatch could not read a line, by its schema or by the limits in its text."""
    _VALIDATOR.validate(line)
    assert len(json.dumps(line).encode()) <= MAX_LINE_BYTES
    for directive in line["_aws"]["CloudWatchMetrics"]:
        assert 0 < len(directive["Metrics"]) <= MAX_METRICS
        for name in (name for names in directive["Dimensions"] for name in names):
            assert isinstance(line[name], str)
            assert 0 < len(line[name]) <= MAX_DIMENSION_LENGTH
        for metric in directive["Metrics"]:
            _check_values(line[metric["Name"]])


def _check_values(target: Any) -> None:
    values = target if isinstance(target, list) else [target]
    assert 0 < len(values) <= MAX_VALUES
    assert all(isinstance(each, Real) and not isinstance(each, bool) for each in values)


def _of_line(line: Line) -> Iterator[Datapoint]:
    check(line)
    second = line["_aws"]["Timestamp"] / 1000
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = {name: line[name] for name in names}
            for metric in directive["Metrics"]:
                target = line[metric["Name"]]
                for value in target if isinstance(target, list) else [target]:
                    namespace, name = directive["Namespace"], metric["Name"]
                    yield of(namespace, name, second, float(value), **dimensions)
