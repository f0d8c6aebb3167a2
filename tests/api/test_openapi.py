"""The document matches the routes and models, and is valid OpenAPI 3.1."""

import json
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from chalicelib.api import cors
from chalicelib.api.problems import STATUS, TITLES
from chalicelib.errors import InvalidFields
from chalicelib.products import schemas
from dev.openapi.document import FILE, Undocumented, build, render
from tests.doubles.api import ApiClient


@pytest.fixture
def document() -> Any:
    """Return the served document."""
    return json.loads(FILE.read_text(encoding="utf-8"))


@pytest.fixture
def served(lambda_module: ModuleType) -> dict[str, set[str]]:
    """Return the app's paths with their methods."""
    return {path: set(methods) for path, methods in lambda_module.app.routes.items()}


def test_the_document_is_up_to_date(served: dict[str, set[str]]) -> None:
    """The file equals a new build. If not, run `make openapi`."""
    assert render(build(served)) == FILE.read_text(encoding="utf-8")


def test_a_route_without_documentation_stops_the_build(served: dict[str, set[str]]) -> None:
    """The error names the operation."""
    with pytest.raises(Undocumented, match=r"'/secret', 'GET'"):
        build({**served, "/secret": {"GET"}})


def test_documentation_without_a_route_stops_the_build(served: dict[str, set[str]]) -> None:
    """The error names the operation."""
    with pytest.raises(Undocumented, match=r"'/health', 'HEAD'"):
        build({path: methods - {"HEAD"} for path, methods in served.items()})


def test_the_document_is_valid(document: Any) -> None:
    """By an independent validator."""
    assert [] == list(OpenAPIV31SpecValidator(document).iter_errors())


def test_every_example_matches_its_schema(document: Any) -> None:
    """Users copy examples from the pages."""
    checked = [
        (example, _errors(schema, example, document))
        for schema, example in _examples(document, document)
    ]

    assert len(checked) > 50
    assert [] == [(example, errors) for example, errors in checked if errors]


def test_every_problem_example_has_its_response_status(document: Any) -> None:
    """The title matches the status too."""
    problems = [
        (int(code), example)
        for operation in _operations(document)
        for code, response in operation["responses"].items()
        if (example := _problem(response, document))
    ]

    assert len(problems) > 40
    for status, example in problems:
        assert (status, TITLES[status]) == (example["status"], example["title"])


def test_every_component_is_used(document: Any) -> None:
    """Removing an endpoint leaves no unused component."""
    text = FILE.read_text(encoding="utf-8")
    names = [
        f"#/components/{kind}/{name}"
        for kind, parts in document["components"].items()
        for name in parts
        if kind != "securitySchemes"  # used by name
    ]

    assert [] == [name for name in names if f'"{name}"' not in text]


def test_document_and_api_agree_on_white_space(document: Any) -> None:
    """For each character, a name that consists of it is valid for both or for neither."""
    name = document["components"]["schemas"]["ProductDraft"]["properties"]["name"]
    matches = re.compile(name["pattern"]).search

    differing = [char for char in _characters() if bool(matches(char)) != _is_accepted(char)]

    assert [] == differing


def test_every_error_status_is_documented(document: Any) -> None:
    """Each error class has a documented status."""
    documented = {
        int(code) for operation in _operations(document) for code in operation["responses"]
    }

    assert set(STATUS.values()) <= documented


def test_every_exposed_header_is_documented(document: Any) -> None:
    """These are the headers that CORS exposes."""
    assert set(cors.EXPOSED) <= document["components"]["headers"].keys()


def test_operation_ids_are_unique(document: Any) -> None:
    """Client generators use them as function names."""
    names = [operation["operationId"] for operation in _operations(document)]

    assert len(set(names)) == len(names)


def test_the_document_is_served_unchanged(api: ApiClient, document: Any) -> None:
    """The file is served without further processing."""
    answer = api.get("/openapi.json")

    assert (200, "application/json") == (answer.status, answer.headers["content-type"])
    assert document == answer.json


def _characters() -> Iterator[str]:
    """Yield the characters of the first plane, without surrogates."""
    return (chr(number) for number in range(0x10000) if not 0xD800 <= number < 0xE000)


def _is_accepted(name: str) -> bool:
    try:
        schemas.parse(schemas.ProductChanges, {"name": name})
    except InvalidFields:
        return False
    return True


def _operations(document: Any) -> Iterator[Any]:
    for item in document["paths"].values():
        yield from item.values()


def _problem(response: Any, document: Any) -> Any:
    """Return the example if a response is a problem."""
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return response.get("content", {}).get("application/problem+json", {}).get("example")


def _examples(node: Any, document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each schema in `node` with each of its examples."""
    if isinstance(node, list):
        for part in node:
            yield from _examples(part, document)
    if not isinstance(node, dict):
        return
    if isinstance(schema := node.get("schema"), dict):
        if "example" in node:
            yield schema, node["example"]
        named = node.get("examples", {})
        yield from ((schema, each["value"]) for each in named.values())
    if isinstance(node.get("examples"), list):
        yield from ((node, each) for each in node["examples"])
    for part in node.values():
        yield from _examples(part, document)


def _errors(schema: Any, example: Any, document: Any) -> list[str]:
    """Validate `example`. References resolve to the document."""
    whole = {**schema, "components": document["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(example)]
