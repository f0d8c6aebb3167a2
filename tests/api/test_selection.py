"""GET /products?ids=…: through the cache, the table asked for what it does not know."""

import fakeredis
import pytest

from chalicelib.caching import batch
from tests.doubles.api import Api
from tests.doubles.recording import RecordingFakeRedis, Table
from tests.doubles.wiring import Wire
from tests.examples import OTHER_ID, SOME_ID


def ids_of(api: Api, count: int) -> list[str]:
    return [api.create(name=f"No. {n}")[1].json["id"] for n in range(count)]


def test_items_come_in_the_order_asked_for(api: Api) -> None:
    """What is not there, or cannot be, is told under `missing`; a repeat is answered once."""
    first, second = ids_of(api, 2)

    answer = api.get(f"/products?ids={second},{SOME_ID},{first},no-id,{second}")

    assert 200 == answer.status
    assert [second, first] == [item["id"] for item in answer.json["items"]]
    assert [SOME_ID, "no-id"] == answer.json["missing"]


def test_only_what_missed_is_read_from_the_table(api: Api, moto_table: Table) -> None:
    """A batch fills the cache, misses included, so a repeat asks DynamoDB for nothing."""
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


def test_a_hundred_products_are_one_answer(api: Api) -> None:
    """As many as the contract allows, from the table and from the cache."""
    ids = ids_of(api, 100)

    for _ in range(2):
        answer = api.get(f"/products?ids={','.join(ids)}")
        assert ids == [item["id"] for item in answer.json["items"]]


def test_an_acknowledged_write_is_seen_by_a_batch(api: Api) -> None:
    """Update and delete reach the batch as they reach a single read."""
    first, second = ids_of(api, 2)
    api.get(f"/products?ids={first},{second}")

    api.patch(f"/products/{first}", {"name": "New"})
    api.delete(f"/products/{second}")

    answer = api.get(f"/products?ids={first},{second}").json
    assert ["New"] == [item["name"] for item in answer["items"]]
    assert [second] == answer["missing"]


def test_a_fenced_product_is_read_and_not_filled(api: Api, wire: Wire) -> None:
    """While a write is under way a batch reads the table and leaves the fence alone."""
    (product_id,) = ids_of(api, 1)
    container = wire()

    with container.products.cache.fenced(product_id):
        answer = api.get(f"/products?ids={product_id}")
        assert [product_id] == [item["id"] for item in answer.json["items"]]
        assert "MISS" == api.get(f"/products/{product_id}").headers["x-cache"]

    assert "MISS" == api.get(f"/products/{product_id}").headers["x-cache"]


def test_an_entry_that_cannot_be_read_counts_as_a_miss(
    api: Api, fake_redis: fakeredis.FakeRedis
) -> None:
    """Garbage and foreign types under a key do not spoil the batch."""
    first, second = ids_of(api, 2)
    fake_redis.set(f"product:{first}", b"V9 garbage")
    fake_redis.hset(f"product:{second}", "a", "b")

    answer = api.get(f"/products?ids={first},{second}")

    assert [first, second] == [item["id"] for item in answer.json["items"]]


def test_without_redis_a_batch_is_answered(api: Api, fake_server: fakeredis.FakeServer) -> None:
    """Redis is never needed."""
    ids = ids_of(api, 2)
    fake_server.connected = False

    answer = api.get(f"/products?ids={','.join(ids)}")

    assert (200, 2) == (answer.status, len(answer.json["items"]))


def test_products_too_long_for_an_answer_are_not_read_to_the_end(
    api: Api,
    fake_redis: RecordingFakeRedis,
    moto_table: Table,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a hundred cached ones, 78 fill an answer: four batches of twenty are read."""
    monkeypatch.setattr(batch, "PATIENCE_SECONDS", 60)
    ids = [
        api.create(description="\x01" * 10_000, category="long")[1].json["id"] for _ in range(100)
    ]
    queries = (f"ids={','.join(ids)}", "category=long&limit=100")
    api.get(f"/products?{queries[0]}")

    for query, calls in zip(queries, ([], ["Query"]), strict=True):
        with fake_redis.commands() as sent, moto_table.calls() as asked:
            assert 422 == api.get(f"/products?{query}").status
        assert (["GETEX"] * 80, calls) == (sent, asked)
