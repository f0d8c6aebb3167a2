"""`make fuzz` detects violations of the document, and sends valid requests."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dev.fuzz import allowed, requests
from dev.fuzz.runs import run
from dev.openapi.document import FILE
from dev.stack import scratch
from dev.stack.servers import Api


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Start a temporary stack."""
    with scratch.stack(tmp_path_factory.mktemp("stack")) as api:
        yield api


def test_fuzzing_detects_a_wrong_document(api: Api, tmp_path: Path) -> None:
    """The run fails if the API does not match the document."""
    document = json.loads(FILE.read_text(encoding="utf-8"))
    document["components"]["schemas"]["Health"]["properties"]["api"] = {"const": "fine"}
    del document["paths"]["/products"]["post"]["responses"]["422"]
    wrong = tmp_path / "openapi.json"
    wrong.write_text(json.dumps(document))

    figures = run(api.url, wrong, "coverage", examples=1)

    assert not figures.passed
    assert figures.failures >= 2


def _case(**parts: Any) -> Any:
    return SimpleNamespace(
        **{"path": "/products", "body": None, "query": {}, "headers": {}, **parts}
    )


@pytest.mark.parametrize(
    ("sent", "corrected"),
    [
        ({"ids": ["a"], "limit": 3}, {"ids": ["a"]}),
        ({"ids": ["a"], "category": "b"}, {"category": "b"}),
        ({"limit": 3, "sort": "price"}, {"limit": 3}),
        (
            {"category": "b", "min_price": "10", "max_price": "9.5"},
            {"category": "b", "min_price": "9.5", "max_price": "10"},
        ),
    ],
)
def test_queries_are_corrected_by_every_rule(sent: Any, corrected: Any) -> None:
    """Rules between parameters, which OpenAPI 3.1 schemas cannot express."""
    case = _case(query=sent)

    requests.correct(case)

    assert corrected == case.query


def test_numbers_are_corrected() -> None:
    """Prices have 4 decimals, and integers no fraction."""
    case = _case(body={"price": 1.00005, "stock_quantity": 5.0})
    tiny = _case(body={"price": 5e-324})

    requests.correct(case)
    requests.correct(tiny)

    assert '{"price": 1.0001, "stock_quantity": 5}' == json.dumps(case.body)
    assert {"price": 0.0001} == tiny.body


class RejectedPositiveData:
    """Has the name of schemathesis' failure."""


@pytest.mark.parametrize(
    ("status", "parts", "is_allowed"),
    [
        (400, {"query": {"cursor": "x"}}, True),
        (400, {"query": {"limit": 1}}, False),
        (422, {"query": {"cursor": "x"}}, False),
        (412, {"headers": {"If-Match": '"1"'}}, True),
        (412, {"headers": {"If-None-Match": "*"}}, True),
        (412, {"headers": {"If-Unmodified-Since": "x"}}, True),
        (412, {}, False),
        (500, {"query": {"cursor": "x"}, "headers": {"If-Match": '"1"'}}, False),
    ],
)
def test_only_listed_failures_are_allowed(
    status: int,
    parts: dict[str, Any],
    is_allowed: bool,  # noqa: FBT001 — a column of the table above
) -> None:
    """An entry applies to its status and cause only."""
    response = SimpleNamespace(status_code=status)

    assert is_allowed == allowed.is_allowed(RejectedPositiveData(), _case(**parts), response)
    assert not allowed.is_allowed(AssertionError(), _case(**parts), response)


def test_every_allowed_failure_has_a_reason() -> None:
    """The reason explains the entry."""
    assert all(len(entry.reason) > 20 for entry in allowed.ALLOWED)
