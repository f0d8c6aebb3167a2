"""GET and HEAD /products/{id}: cache states, conditional requests, missing products."""

import re

import pytest

from tests.doubles.api import ApiClient
from tests.doubles.recording import RecordingTable
from tests.examples import SOME_ID


def test_a_first_read_misses_and_a_second_hits(api: ApiClient) -> None:
    """X-Cache differs; body and tag are the same."""
    path, _ = api.create()

    first, second = api.get(path), api.get(path)

    assert ["MISS", "HIT"] == [each.headers["x-cache"] for each in (first, second)]
    assert (200, first.body) == (second.status, second.body)
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["last-modified"] == second.headers["last-modified"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_has_all_headers_of_the_contract(api: ApiClient, method: str) -> None:
    """From the table and from the cache."""
    path, _ = api.create()
    names = {"content-type", "etag", "last-modified", "x-cache", "server-timing", "x-request-id"}

    for answer in (api.send(method, path), api.send(method, path)):
        assert names <= set(answer.headers)


def test_server_timing_has_three_parts(api: ApiClient) -> None:
    """A hit spends no time in the database."""
    path, _ = api.create()

    miss, hit = (api.get(path).headers["server-timing"] for _ in range(2))

    assert re.fullmatch(r"cache;dur=[\d.]+, db;dur=[\d.]+, app;dur=[\d.]+", miss)
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


@pytest.mark.parametrize(
    "form", ["{tag}", "W/{tag}", '"1", {tag}', '"a,b",W/{tag} , "z"', "*", " * ", '"",{tag}']
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_current_entity_tag_is_a_304(api: ApiClient, form: str, method: str) -> None:
    """Strong, weak, in a list or a star: no body, and the headers that a cache refreshes."""
    path, created = api.create()
    tag = created.headers["etag"]

    for state in ("MISS", "HIT"):
        answer = api.send(method, path, If_None_Match=form.format(tag=tag))
        assert (304, b"") == (answer.status, answer.body)
        assert (tag, state) == (answer.headers["etag"], answer.headers["x-cache"])
        assert "content-type" not in answer.headers


@pytest.mark.parametrize("form", ['"1"', "{bare}", '"{bare}x"', 'W/"1"', "", '"*"', "null", '"'])
def test_another_entity_tag_returns_the_product(api: ApiClient, form: str) -> None:
    """Tags of other versions and invalid tags match nothing."""
    path, created = api.create()
    bare = created.headers["etag"].strip('"')

    assert 200 == api.get(path, If_None_Match=form.format(bare=bare)).status


def test_if_none_match_does_not_turn_a_404_into_a_304(api: ApiClient) -> None:
    """A missing product matches no tag."""
    assert 404 == api.get(f"/products/{SOME_ID}", If_None_Match="*").status


def test_a_product_created_after_a_404_is_found(api: ApiClient) -> None:
    """A negative entry applies to its id only."""
    api.get(f"/products/{SOME_ID}")
    path, _ = api.create()

    assert 200 == api.get(path).status


def test_an_item_without_version_is_read_and_updated(
    api: ApiClient, moto_table: RecordingTable
) -> None:
    """As created with the AWS CLI. The first update adds version and dates."""
    item = {
        "id": {"S": SOME_ID},
        "name": {"S": "Mouse"},
        "description": {"S": "Small"},
        "price": {"N": "1"},
        "stock_quantity": {"N": "1"},
    }
    moto_table.client.put_item(TableName=moto_table.name, Item=item)

    assert "Mouse" == api.get(f"/products/{SOME_ID}").json["name"]
    assert 1 == len(api.get("/products").json["items"])
    assert '"1"' == api.patch(f"/products/{SOME_ID}", {"name": "Ball"}).headers["etag"]
    assert "Ball" == api.get(f"/products/{SOME_ID}").json["name"]
