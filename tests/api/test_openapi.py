"""The document says what the app does: built anew it is the same, and it is valid OpenAPI 3.1."""

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
from tests.doubles.api import Api


@pytest.fixture
def document() -> Any:
    """Return the document as it is served."""
    return json.loads(FILE.read_text(encoding="utf-8"))


@pytest.fixture
def served(lambda_module: ModuleType) -> dict[str, set[str]]:
    """Return the app's paths with their methods."""
    return {path: set(methods) for path, methods in lambda_module.app.routes.items()}


def test_the_document_is_what_the_routes_and_models_make(served: dict[str, set[str]]) -> None:
    """What is served was built from this very code: else `make openapi` was forgotten."""
    assert render(build(served)) == FILE.read_text(encoding="utf-8")


def test_a_route_without_documentation_stops_the_build(served: dict[str, set[str]]) -> None:
    """The message names the operation."""
    with pytest.raises(Undocumented, match=r"'/secret', 'GET'"):
        build({**served, "/secret": {"GET"}})


def test_documentation_without_a_route_stops_the_build(served: dict[str, set[str]]) -> None:
    """An endpoint that was taken away is taken out of the document too."""
    with pytest.raises(Undocumented, match=r"'/health', 'HEAD'"):
        build({path: methods - {"HEAD"} for path, methods in served.items()})


def test_the_document_is_valid(document: Any) -> None:
    """By a validator that we did not write."""
    assert [] == list(OpenAPIV31SpecValidator(document).iter_errors())


def test_every_example_keeps_to_its_schema(document: Any) -> None:
    """What a reader copies from the pages is what the schemas allow."""
    checked = [
        (example, _errors(schema, example, document))
        for schema, example in _examples(document, document)
    ]

    assert len(checked) > 50
    assert [] == [(example, errors) for example, errors in checked if errors]


def test_every_example_of_a_problem_has_the_status_that_it_is_given_for(document: Any) -> None:
    """And that status' title, as the API answers."""
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
    """What an endpoint leaves behind when it goes is found."""
    text = FILE.read_text(encoding="utf-8")
    names = [
        f"#/components/{kind}/{name}"
        for kind, parts in document["components"].items()
        for name in parts
        if kind != "securitySchemes"  # used by name
    ]

    assert [] == [name for name in names if f'"{name}"' not in text]


def test_white_space_is_the_same_to_the_document_and_to_the_api(document: Any) -> None:
    """For each character: a name of nothing else is valid to both, or to neither."""
    name = document["components"]["schemas"]["ProductDraft"]["properties"]["name"]
    is_told = re.compile(name["pattern"]).search

    differing = [char for char in _characters() if bool(is_told(char)) != _is_taken(char)]

    assert [] == differing


def test_every_status_of_an_error_is_told_somewhere(document: Any) -> None:
    """A new class of error is seen in the document."""
    told = {int(code) for operation in _operations(document) for code in operation["responses"]}

    assert set(STATUS.values()) <= told


def test_every_exposed_header_is_told(document: Any) -> None:
    """What CORS lets a page read, the document explains."""
    assert set(cors.EXPOSED) <= document["components"]["headers"].keys()


def test_each_operation_has_a_name_of_its_own(document: Any) -> None:
    """Programs that write clients make functions of these names."""
    names = [operation["operationId"] for operation in _operations(document)]

    assert len(set(names)) == len(names)


def test_it_is_served_as_it_stands(api: Api, document: Any) -> None:
    """No work is done on it at a request."""
    answer = api.get("/openapi.json")

    assert (200, "application/json") == (answer.status, answer.headers["content-type"])
    assert document == answer.json


def _characters() -> Iterator[str]:
    """Yield all of the first plane; surrogates are none."""
    return (chr(number) for number in range(0x10000) if not 0xD800 <= number < 0xE000)


def _is_taken(name: str) -> bool:
    try:
        schemas.parse(schemas.ProductChanges, {"name": name})
    except InvalidFields:
        return False
    return True


def _operations(document: Any) -> Iterator[Any]:
    for item in document["paths"].values():
        yield from item.values()


def _problem(response: Any, document: Any) -> Any:
    """Return the example of a response that is a problem."""
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return response.get("content", {}).get("application/problem+json", {}).get("example")


def _examples(node: Any, document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each schema in `node` with each example that stands beside it."""
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
    """Check `example`, with the document at hand for references."""
    whole = {**schema, "components": document["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(example)]
