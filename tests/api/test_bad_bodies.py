"""Bodies that no product can be made of: refused by the right status, and never a 5xx."""

import json
import time
import timeit
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.api import strict_json
from tests.doubles.api import Api
from tests.examples import a_body

VALID = json.dumps(a_body())
LIMIT = 256 * 1024

NOT_JSON = {
    "nothing": b"",
    "white space": b" \n",
    "half an object": b'{"name": "x"',
    "two values": b"{} {}",
    "single quotes": b"{'name': 'x'}",
    "trailing comma": b'{"name": "x",}',
    "NaN": VALID.replace("24.99", "NaN").encode(),
    "Infinity": VALID.replace("24.99", "Infinity").encode(),
    "-Infinity": VALID.replace("24.99", "-Infinity").encode(),
    "a name twice": b'{"name": "a", "name": "b"}',
    "a name twice inside": b'{"name": {"a": 1, "a": 2}}',
    "leading zero": VALID.replace("24.99", "024.99").encode(),
    "leading plus": VALID.replace("24.99", "+24.99").encode(),
    "hexadecimal": VALID.replace("24.99", "0x18").encode(),
    "deep nesting": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "byte order mark": b"\xef\xbb\xbf" + VALID.encode(),
    "UTF-16": VALID.encode("utf-16-be").decode("latin-1").encode(),
    "control character": b'{"name": "a\nb"}',
    "form": b"name=x&price=1",
}
BROKEN_FIELDS: dict[str, tuple[str, str]] = {
    "price as text": ("price", '"5"'),
    "price as boolean": ("price", "true"),
    "price null": ("price", "null"),
    "price zero": ("price", "0"),
    "price minus zero": ("price", "-0.0"),
    "price negative": ("price", "-1"),
    "price of 11 integer digits": ("price", "10000000000"),
    "price of 11 integer digits and decimals": ("price", "12345678901.5"),
    "price by exponent too large": ("price", "1e10"),
    "price of 5 decimals": ("price", "1.00001"),
    "price by exponent too small": ("price", "1e-5"),
    "price nearly zero": ("price", "1e-999999"),
    "price of 5,000 digits": ("price", "1" * 5000),
    "price of 5,000 decimals": ("price", "1." + "1" * 5000),
    "price of a huge exponent": ("price", "1e999999"),
    "price as list": ("price", "[1]"),
    "stock as text": ("stock_quantity", '"5"'),
    "stock as boolean": ("stock_quantity", "true"),
    "stock as fraction": ("stock_quantity", "1.5"),
    "stock as 5.0": ("stock_quantity", "5.0"),
    "stock as 1e2": ("stock_quantity", "1e2"),
    "stock negative": ("stock_quantity", "-1"),
    "stock too large": ("stock_quantity", "1000000001"),
    "stock of 5,000 digits": ("stock_quantity", "9" * 5000),
    "stock null": ("stock_quantity", "null"),
    "name blank": ("name", '" \\t\\n\\u3000\\u2003"'),
    "name empty": ("name", '""'),
    "name too long": ("name", json.dumps("x" * 256)),
    "name too long in astral planes": ("name", json.dumps("🐭" * 256)),
    "name a number": ("name", "5"),
    "name null": ("name", "null"),
    "name a lone surrogate": ("name", '"\\ud800"'),
    "name surrogates the wrong way round": ("name", '"\\udc00\\ud800"'),
    "description blank": ("description", '"   "'),
    "description too long": ("description", json.dumps("x" * 10_001)),
    "description a lone surrogate": ("description", '"a\\udfff"'),
    "category empty": ("category", '""'),
    "category too long": ("category", json.dumps("x" * 101)),
    "category a list": ("category", '["toys"]'),
    "category a lone surrogate": ("category", '"\\ud800"'),
    "unknown field": ("colour", '"red"'),
    "price of an exponent out of all bounds": ("price", "1e999999999999999999999"),
    "price next to nothing": ("price", "1e-99999999999999999999"),
    "unknown field null": ("colour", "null"),
    "id": ("id", '"550e8400-e29b-41d4-a716-446655440000"'),
    "version": ("version", "1"),
    "updated_at": ("updated_at", '"2026-11-22"'),
    "prototype": ("__proto__", "{}"),
}


@pytest.fixture(params=["POST", "PUT", "PATCH"])
def call(request: pytest.FixtureRequest, api: Api) -> tuple[str, str]:
    """Return method and path of each call that takes a body, the product being there."""
    path, _ = api.create()
    return request.param, "/products" if request.param == "POST" else path


def _is_problem(answer: Any, status: int) -> bool:
    assert status == answer.status, answer
    assert "application/problem+json" == answer.headers["content-type"]
    problem = answer.json
    assert {"type", "title", "status", "detail"} <= set(problem)
    return ("about:blank", status) == (problem["type"], problem["status"])


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_is_a_400(api: Api, call: tuple[str, str], body: bytes) -> None:
    """Read strictly: what some parsers let pass is no JSON."""
    assert _is_problem(api.send(*call, body), 400)


@pytest.mark.parametrize(("field", "value"), BROKEN_FIELDS.values(), ids=BROKEN_FIELDS)
def test_a_field_that_breaks_its_rule_is_a_422_that_names_it(
    api: Api, call: tuple[str, str], field: str, value: str
) -> None:
    """`errors` lists where, what the rule says, and its short name; nothing is written."""
    rest = {name: each for name, each in a_body().items() if name != field}
    body = json.dumps(rest)[:-1] + f', "{field}": {value}}}'

    answer = api.send(*call, body)

    assert _is_problem(answer, 422)
    (error,) = answer.json["errors"]
    assert [json.loads(f'"{field}"')] == error["loc"]
    assert error["msg"]
    assert error["type"]
    assert ["Mouse"] == [item["name"] for item in api.get("/products").json["items"]]


def test_a_name_that_is_no_text_is_a_422(api: Api, call: tuple[str, str]) -> None:
    """A lone surrogate cannot be a field's name either."""
    assert _is_problem(api.send(*call, '{"\\ud800": 1}'), 422)


@pytest.mark.parametrize("body", ["[]", "null", "5", '"x"', "true", "[[[]]]", "1.5", "[{}]"])
def test_json_that_is_no_object_is_a_422(api: Api, call: tuple[str, str], body: str) -> None:
    """Valid JSON, but no product."""
    assert _is_problem(api.send(*call, body), 422)


@pytest.mark.parametrize("field", ["name", "description", "price", "stock_quantity"])
def test_a_new_product_needs_its_fields(api: Api, field: str) -> None:
    """All but the category are required."""
    answer = api.post("/products", {k: v for k, v in a_body().items() if k != field})

    assert _is_problem(answer, 422)
    assert [[field]] == [error["loc"] for error in answer.json["errors"]]


def test_all_broken_rules_are_told_at_once(api: Api, call: tuple[str, str]) -> None:
    """Who mends a body need not try again for each."""
    answer = api.send(*call, a_body(name="", price="5", stock_quantity=True, colour="red"))

    assert ["colour", "name", "price", "stock_quantity"] == sorted(
        error["loc"][0] for error in answer.json["errors"]
    )


@pytest.mark.parametrize("unknown", [0, 19, 20, 21, 1_000])
def test_at_most_20_broken_rules_are_listed(api: Api, call: tuple[str, str], unknown: int) -> None:
    """Fields come first, then names that are unknown; `error_count` counts them all."""
    names = {f"field-{n}": n for n in range(unknown)}

    answer = api.send(*call, {**names, **a_body(name="", price="5")})

    listed = [error["loc"][0] for error in answer.json["errors"]]
    assert (422, unknown + 2) == (answer.status, answer.json["error_count"])
    assert ["name", "price", *names][:20] == listed


def test_a_body_of_unknown_fields_costs_little(api: Api, call: tuple[str, str]) -> None:
    """Of 256 KiB of them, the answer is short, and most of the work is to read the JSON."""
    body = ("{" + ",".join(f'"{n:x}":1' for n in range(29_000)) + "}").encode()
    assert len(body) < LIMIT
    api.send(*call, {})

    reading = _seconds(lambda: strict_json.decode(body))
    answering = _seconds(lambda: api.send(*call, body))

    answer = api.send(*call, body)
    assert (422, True) == (answer.status, answer.json["error_count"] >= 29_000)
    assert len(answer.body) < 5_000
    assert answering < 3 * reading


def _seconds(work: Callable[[], object]) -> float:
    """Return the least processor time of three tries."""
    return min(timeit.repeat(work, timer=time.process_time, number=1, repeat=3))


def test_a_message_does_not_repeat_what_was_sent(api: Api, call: tuple[str, str]) -> None:
    """An answer that ends in a log or on a page holds nothing of the body."""
    answer = api.send(*call, a_body(name="<script>" * 100, price="<script>"))

    assert b"<script>" not in answer.body


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonx",
     "application/ld+jsonp", "multipart/form-data; boundary=x", "application/", "json", "a/b/json",
     "text/html; application/json", "application/+json", "*/*"],
)  # fmt: skip
def test_another_content_type_is_a_415(api: Api, call: tuple[str, str], content_type: str) -> None:
    """JSON must be called JSON, even where the body is."""
    assert _is_problem(api.send(*call, VALID, Content_Type=content_type), 415)


def test_no_content_type_is_a_415(api: Api, call: tuple[str, str]) -> None:
    """Nothing is guessed."""
    assert _is_problem(api.send(*call), 415)


@pytest.mark.parametrize("size", [LIMIT + 1, 2 * LIMIT])
def test_a_body_over_the_limit_is_a_413(api: Api, call: tuple[str, str], size: int) -> None:
    """One byte over 256 KiB is too much."""
    assert _is_problem(api.send(*call, VALID + " " * (size - len(VALID))), 413)


def test_a_body_at_the_limit_is_taken(api: Api) -> None:
    """256 KiB to the byte, counted in bytes."""
    assert 201 == api.post("/products", VALID + " " * (LIMIT - len(VALID))).status


def test_bytes_count_and_not_characters(api: Api) -> None:
    """A body of fewer characters but more bytes is too long."""
    raw = json.dumps(a_body(name="日" * (LIMIT // 2)), ensure_ascii=False)
    assert len(raw) < LIMIT
    assert 413 == api.post("/products", raw).status
