"""GET and HEAD /products/{id}: cache states, conditional requests, what is not there."""

import re

import pytest

from tests.doubles.api import Api
from tests.doubles.recording import Table
from tests.examples import SOME_ID


def test_a_first_read_misses_and_a_second_hits(api: Api) -> None:
    """X-Cache tells where the answer came from; body and tag are the same."""
    path, _ = api.create()

    first, second = api.get(path), api.get(path)

    assert ["MISS", "HIT"] == [each.headers["x-cache"] for each in (first, second)]
    assert (200, first.body) == (second.status, second.body)
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["last-modified"] == second.headers["last-modified"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_tells_all_that_the_contract_lists(api: Api, method: str) -> None:
    """Every header is there, from the table and from the cache."""
    path, _ = api.create()
    names = {"content-type", "etag", "last-modified", "x-cache", "server-timing", "x-request-id"}

    for answer in (api.send(method, path), api.send(method, path)):
        assert names <= set(answer.headers)


def test_server_timing_names_the_parts(api: Api) -> None:
    """A miss spends time in cache and database, a hit in the cache only."""
    path, _ = api.create()

    miss, hit = (api.get(path).headers["server-timing"] for _ in range(2))

    assert re.fullmatch(r"cache;dur=[\d.]+, db;dur=[\d.]+, app;dur=[\d.]+", miss)
    assert "db;dur=0.00" not in miss
    assert "db;dur=0.00" in hit


def test_head_is_get_without_the_body(api: Api) -> None:
    """Same status and headers, and it fills the cache as well."""
    path, _ = api.create()

    head, get = api.send("HEAD", path), api.get(path)

    assert (200, b"") == (head.status, head.body)
    assert ("MISS", "HIT") == (head.headers["x-cache"], get.headers["x-cache"])
    assert get.headers["etag"] == head.headers["etag"]
    assert get.headers["content-type"] == head.headers["content-type"]


def test_what_is_not_there_is_a_404_from_table_and_cache(api: Api) -> None:
    """A 404 says where it was learnt, too."""
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
def test_what_can_be_no_id_is_a_404_that_nobody_was_asked_for(api: Api, name: str) -> None:
    """No UUID of ours: neither Redis nor DynamoDB can know it."""
    answer = api.get(f"/products/{name}")

    assert (404, "BYPASS") == (answer.status, answer.headers["x-cache"])
    assert "application/problem+json" == answer.headers["content-type"]


def test_an_id_may_come_percent_encoded(api: Api) -> None:
    """A path is the same, escaped or not."""
    path, _ = api.create()

    assert 200 == api.get(path.replace("-", "%2D")).status


@pytest.mark.parametrize(
    "form", ["{tag}", "W/{tag}", '"1", {tag}', '"a,b",W/{tag} , "z"', "*", " * ", '"",{tag}']
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_knows_the_version_gets_a_304(api: Api, form: str, method: str) -> None:
    """Strong, weak, in a list or a star: no body, and the headers that a cache refreshes."""
    path, created = api.create()
    tag = created.headers["etag"]

    for state in ("MISS", "HIT"):
        answer = api.send(method, path, If_None_Match=form.format(tag=tag))
        assert (304, b"") == (answer.status, answer.body)
        assert (tag, state) == (answer.headers["etag"], answer.headers["x-cache"])
        assert "content-type" not in answer.headers


@pytest.mark.parametrize("form", ['"1"', "{bare}", '"{bare}x"', 'W/"1"', "", '"*"', "null", '"'])
def test_who_knows_another_version_gets_the_product(api: Api, form: str) -> None:
    """Tags of other versions, and what is no tag, change nothing."""
    path, created = api.create()
    bare = created.headers["etag"].strip('"')

    assert 200 == api.get(path, If_None_Match=form.format(bare=bare)).status


def test_if_none_match_does_not_turn_a_404_into_a_304(api: Api) -> None:
    """What is not there matches nothing."""
    assert 404 == api.get(f"/products/{SOME_ID}", If_None_Match="*").status


def test_a_product_created_after_a_404_is_found(api: Api) -> None:
    """A negative entry is of that id only."""
    api.get(f"/products/{SOME_ID}")
    path, _ = api.create()

    assert 200 == api.get(path).status


def test_a_product_made_past_the_api_is_read_and_updated(api: Api, moto_table: Table) -> None:
    """Without a version and dates, as one makes it with the AWS CLI; the first update adds them."""
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
