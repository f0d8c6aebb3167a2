"""Invalid request bodies get the right 4xx status, and never a 5xx."""

import json
import time
import timeit
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.api import strict_json
from tests.doubles.api import ApiClient
from tests.examples import a_body

VALID = json.dumps(a_body())
LIMIT = 256 * 1024

NOT_JSON = {
    "empty": b"",
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
    "description null": ("description", "null"),
    "description blank": ("description", '"   "'),
    "description too long": ("description", json.dumps("x" * 10_001)),
    "description a lone surrogate": ("description", '"a\\udfff"'),
    "category empty": ("category", '""'),
    "category too long": ("category", json.dumps("x" * 101)),
    "category a list": ("category", '["toys"]'),
    "category a lone surrogate": ("category", '"\\ud800"'),
    "unknown field": ("colour", '"red"'),
    "price of an exponent out of all bounds": ("price", "1e999999999999999999999"),
    "price with a tiny exponent": ("price", "1e-99999999999999999999"),
    "unknown field null": ("colour", "null"),
    "id": ("id", '"550e8400-e29b-41d4-a716-446655440000"'),
    "version": ("version", "1"),
    "updated_at": ("updated_at", '"2026-11-22"'),
    "prototype": ("__proto__", "{}"),
}


@pytest.fixture(params=["POST", "PUT", "PATCH"])
def call(request: pytest.FixtureRequest, api: ApiClient) -> tuple[str, str]:
    """Return method and path of each call that takes a body, with an existing product."""
    path, _ = api.create()
    return request.param, "/products" if request.param == "POST" else path


def _is_problem(answer: Any, status: int) -> bool:
    assert status == answer.status, answer
    assert "application/problem+json" == answer.headers["content-type"]
    problem = answer.json
    assert {"type", "title", "status", "detail"} <= set(problem)
    return ("about:blank", status) == (problem["type"], problem["status"])


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_invalid_json_is_a_400(api: ApiClient, call: tuple[str, str], body: bytes) -> None:
    """Extensions that some parsers accept are invalid."""
    assert _is_problem(api.send(*call, body), 400)


@pytest.mark.parametrize(("field", "value"), BROKEN_FIELDS.values(), ids=BROKEN_FIELDS)
def test_an_invalid_field_is_a_422_that_names_it(
    api: ApiClient, call: tuple[str, str], field: str, value: str
) -> None:
    """`errors` contains the field, the rule and its type. No product is stored."""
    rest = {name: each for name, each in a_body().items() if name != field}
    body = json.dumps(rest)[:-1] + f', "{field}": {value}}}'

    answer = api.send(*call, body)

    assert _is_problem(answer, 422)
    (error,) = answer.json["errors"]
    assert [json.loads(f'"{field}"')] == error["loc"]
    assert error["msg"]
    assert error["type"]
    assert ["Mouse"] == [item["name"] for item in api.get("/products").json["items"]]


def test_an_invalid_field_name_is_a_422(api: ApiClient, call: tuple[str, str]) -> None:
    """A lone surrogate is not valid in a field's name."""
    assert _is_problem(api.send(*call, '{"\\ud800": 1}'), 422)


@pytest.mark.parametrize("body", ["[]", "null", "5", '"x"', "true", "[[[]]]", "1.5", "[{}]"])
def test_json_other_than_an_object_is_a_422(
    api: ApiClient, call: tuple[str, str], body: str
) -> None:
    assert _is_problem(api.send(*call, body), 422)


@pytest.mark.parametrize("field", ["name", "description", "price", "stock_quantity"])
def test_required_fields_of_a_new_product(api: ApiClient, field: str) -> None:
    """All fields except the category are required."""
    answer = api.post("/products", {k: v for k, v in a_body().items() if k != field})

    assert _is_problem(answer, 422)
    assert [[field]] == [error["loc"] for error in answer.json["errors"]]


def test_all_errors_of_a_body_are_listed(api: ApiClient, call: tuple[str, str]) -> None:
    answer = api.send(*call, a_body(name="", price="5", stock_quantity=True, colour="red"))

    assert ["colour", "name", "price", "stock_quantity"] == sorted(
        error["loc"][0] for error in answer.json["errors"]
    )


@pytest.mark.parametrize("unknown", [0, 19, 20, 21, 1_000])
def test_at_most_20_errors_are_listed(api: ApiClient, call: tuple[str, str], unknown: int) -> None:
    """Known fields come first, then unknown names. `error_count` is the total."""
    names = {f"field-{n}": n for n in range(unknown)}

    answer = api.send(*call, {**names, **a_body(name="", price="5")})

    listed = [error["loc"][0] for error in answer.json["errors"]]
    assert (422, unknown + 2) == (answer.status, answer.json["error_count"])
    assert ["name", "price", *names][:20] == listed


def test_many_unknown_fields_are_cheap_to_refuse(api: ApiClient, call: tuple[str, str]) -> None:
    """For 256 KiB of unknown fields the response is short, and parsing is most of the work."""
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
    """Return the shortest processor time of three runs."""
    return min(timeit.repeat(work, timer=time.process_time, number=1, repeat=3))


def test_error_messages_do_not_repeat_the_body(api: ApiClient, call: tuple[str, str]) -> None:
    """The response may be shown in a log or a page."""
    answer = api.send(*call, a_body(name="<script>" * 100, price="<script>"))

    assert b"<script>" not in answer.body


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonx",
     "application/ld+jsonp", "multipart/form-data; boundary=x", "application/", "json", "a/b/json",
     "text/html; application/json", "application/+json", "*/*"],
)  # fmt: skip
def test_another_content_type_is_a_415(
    api: ApiClient, call: tuple[str, str], content_type: str
) -> None:
    assert _is_problem(api.send(*call, VALID, Content_Type=content_type), 415)


def test_a_missing_content_type_is_a_415(api: ApiClient, call: tuple[str, str]) -> None:
    """The content type is not guessed."""
    assert _is_problem(api.send(*call), 415)


@pytest.mark.parametrize("size", [LIMIT + 1, 2 * LIMIT])
def test_a_body_over_the_limit_is_a_413(api: ApiClient, call: tuple[str, str], size: int) -> None:
    """One byte over 256 KiB is too long."""
    assert _is_problem(api.send(*call, VALID + " " * (size - len(VALID))), 413)


def test_a_body_at_the_limit_is_accepted(api: ApiClient) -> None:
    """The limit is 256 KiB, counted in bytes."""
    assert 201 == api.post("/products", VALID + " " * (LIMIT - len(VALID))).status


def test_the_limit_counts_bytes_not_characters(api: ApiClient) -> None:
    raw = json.dumps(a_body(name="日" * (LIMIT // 2)), ensure_ascii=False)
    assert len(raw) < LIMIT
    assert 413 == api.post("/products", raw).status
