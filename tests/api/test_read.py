"""GET and HEAD /products/{id}: cache states, conditional requests, missing products."""

import pytest

from tests.doubles.api import ApiClient
from tests.examples import SOME_ID


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_has_all_headers_of_the_contract(api: ApiClient, method: str) -> None:
    """From the table and from the cache."""
    path, _ = api.create()
    names = {"content-type", "etag", "last-modified", "x-cache", "server-timing", "x-request-id"}

    miss, hit = api.send(method, path), api.send(method, path)

    assert names <= set(miss.headers) & set(hit.headers)
    assert ("MISS", "HIT") == (miss.headers["x-cache"], hit.headers["x-cache"])
    for name in ("etag", "last-modified", "content-type"):
        assert miss.headers[name] == hit.headers[name]


def test_server_timing_separates_cache_and_database(api: ApiClient) -> None:
    """A hit spends no time in the database."""
    path, _ = api.create()

    miss, hit = (api.get(path).headers["server-timing"] for _ in range(2))

    assert "db;dur=0.00" not in miss
    assert "db;dur=0.00" in hit


def test_head_is_get_without_the_body(api: ApiClient) -> None:
    """HEAD has the same status and headers, and fills the cache."""
    path, _ = api.create()

    head, get = api.send("HEAD", path), api.get(path)

    assert (200, b"") == (head.status, head.body)
    assert ("MISS", "HIT") == (head.headers["x-cache"], get.headers["x-cache"])
    assert get.headers["etag"] == head.headers["etag"]
    assert get.headers["content-type"] == head.headers["content-type"]


def test_a_missing_product_is_a_404_from_table_and_cache(api: ApiClient) -> None:
    """X-Cache names the source of a 404 too."""
    first, second = (api.get(f"/products/{SOME_ID}") for _ in range(2))

    assert [(404, "MISS"), (404, "HIT")] == [
        (each.status, each.headers["x-cache"]) for each in (first, second)
    ]
    assert f"Product with id '{SOME_ID}' not found" == first.json["detail"]
    assert first.json == second.json


@pytest.mark.parametrize(
    "name",
    ["abc", SOME_ID.upper(), "%00", "%ff", "%ED%A0%80", "a" * 5000, "%2e%2e%2f", "ü"],
)
def test_an_invalid_id_is_a_404_without_a_lookup(api: ApiClient, name: str) -> None:
    """No request is sent to Redis or DynamoDB."""
    answer = api.get(f"/products/{name}")

    assert (404, "BYPASS") == (answer.status, answer.headers["x-cache"])
    assert "application/problem+json" == answer.headers["content-type"]


def test_a_percent_encoded_id_is_found(api: ApiClient) -> None:
    """Escapes do not change a path."""
    path, _ = api.create()

    assert 200 == api.get(path.replace("-", "%2D")).status


def test_a_304_has_no_content_type(api: ApiClient) -> None:
    path, created = api.create()

    answer = api.get(path, If_None_Match=created.headers["etag"])

    assert 304 == answer.status
    assert "content-type" not in answer.headers
