"""GET /products?ids=…: cached products, and one read of the table for the others."""

import pytest

from chalicelib.caching import batch
from tests.doubles.api import ApiClient
from tests.doubles.recording import RecordingFakeRedis, RecordingTable
from tests.examples import OTHER_ID, SOME_ID


def ids_of(api: ApiClient, count: int) -> list[str]:
    return [api.create(name=f"No. {n}")[1].json["id"] for n in range(count)]


def test_items_are_in_the_requested_order(api: ApiClient) -> None:
    """Missing and invalid ids are under `missing`. A repeated id is returned once."""
    first, second = ids_of(api, 2)

    answer = api.get(f"/products?ids={second},{SOME_ID},{first},no-id,{second}")

    assert 200 == answer.status
    assert [second, first] == [item["id"] for item in answer.json["items"]]
    assert [SOME_ID, "no-id"] == answer.json["missing"]


def test_only_misses_are_read_from_the_table(api: ApiClient, moto_table: RecordingTable) -> None:
    """A batch fills the cache, including negative entries, so a repeat reads no table."""
    ids = ids_of(api, 3)
    api.get(f"/products/{ids[0]}")

    with moto_table.calls() as first:
        api.get(f"/products?ids={','.join([*ids, OTHER_ID])}")
    with moto_table.calls() as second:
        answer = api.get(f"/products?ids={','.join([*ids, OTHER_ID])}")

    assert (["BatchGetItem"], []) == (first, second)
    assert (3, [OTHER_ID]) == (len(answer.json["items"]), answer.json["missing"])
    assert "HIT" == api.get(f"/products/{ids[2]}").headers["x-cache"]
    assert "HIT" == api.get(f"/products/{OTHER_ID}").headers["x-cache"]


def test_a_selection_has_up_to_100_products(api: ApiClient) -> None:
    """From the table and from the cache."""
    ids = ids_of(api, 100)

    for _ in range(2):
        answer = api.get(f"/products?ids={','.join(ids)}")
        assert ids == [item["id"] for item in answer.json["items"]]


def test_a_batch_returns_acknowledged_writes(api: ApiClient) -> None:
    """As a single read does."""
    first, second = ids_of(api, 2)
    api.get(f"/products?ids={first},{second}")

    api.patch(f"/products/{first}", {"name": "New"})
    api.delete(f"/products/{second}")

    answer = api.get(f"/products?ids={first},{second}").json
    assert ["New"] == [item["name"] for item in answer["items"]]
    assert [second] == answer["missing"]


def test_a_batch_stops_reading_at_the_response_limit(
    api: ApiClient,
    fake_redis: RecordingFakeRedis,
    moto_table: RecordingTable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """78 of 100 cached products fill a response: four batches of twenty are read."""
    monkeypatch.setattr(batch, "PATIENCE_SECONDS", 60)
    ids = [
        api.create(description="\x01" * 10_000, category="long")[1].json["id"] for _ in range(100)
    ]
    queries = (f"ids={','.join(ids)}", "category=long&limit=100")
    api.get(f"/products?{queries[0]}")

    for query, calls in zip(queries, ([], ["Query"]), strict=True):
        with fake_redis.commands() as sent, moto_table.calls() as made:
            assert 422 == api.get(f"/products?{query}").status
        assert (["GETEX"] * 80, calls) == (sent, made)
