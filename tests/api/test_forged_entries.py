"""Foreign entries in Redis are misses if they are invalid, and never a 500."""

import pytest

from tests.doubles.api import ApiClient, ApiResponse
from tests.doubles.recording import RecordingFakeRedis
from tests.examples import OTHER_ID, SOME_ID

DATE = "Mon, 23 Nov 2026 00:00:00 GMT"
FORGED = {
    "no JSON": "V1 5 Mon\nnot json",
    "no JSON, of our schema": f"V2 5 {DATE} 8\nnot json",
    "a negative version": f"V2 -5 {DATE} 2\n{{}}",
    "an underscore": f"V2 1_000 {DATE} 2\n{{}}",
    "a header": f"V2 5 {DATE}\r\nX-Forged: 1 2\n{{}}",
    "another product": f'V2 5 {DATE} 52\n{{"id": "{OTHER_ID}", "x": 1}}',
    "empty": "V",
}


def _entry(body: str) -> str:
    return f"V2 5 {DATE} {len(body)}\n{body}"


def _forge(redis: RecordingFakeRedis, path: str, entry: str) -> None:
    redis.set(f"product:{path.removeprefix('/products/')}", entry)


def _is_fresh(answer: ApiResponse, created: ApiResponse) -> bool:
    return (200, created.body, "MISS") == (answer.status, answer.body, answer.headers["x-cache"])


@pytest.mark.parametrize("entry", FORGED.values(), ids=FORGED)
def test_an_invalid_entry_is_a_miss(
    api: ApiClient, fake_redis: RecordingFakeRedis, entry: str
) -> None:
    """The product is loaded and cached again."""
    path, created = api.create(category="toys")
    _forge(fake_redis, path, entry)

    assert _is_fresh(api.get(path), created)
    assert "HIT" == api.get(path).headers["x-cache"]


@pytest.mark.parametrize("entry", FORGED.values(), ids=FORGED)
def test_a_listing_replaces_invalid_entries(
    api: ApiClient, fake_redis: RecordingFakeRedis, entry: str
) -> None:
    """By category and by ids."""
    path, created = api.create(category="toys")

    for query in ("category=toys", f"ids={created.json['id']}"):
        _forge(fake_redis, path, entry)
        answer = api.get(f"/products?{query}")
        assert (200, [created.json]) == (answer.status, answer.json["items"])


@pytest.mark.parametrize(
    "fields",
    ["not json", '"price": 1e99999999999999999999', '"category": "toys"', '"x": ' + "[" * 20_000],
    ids=["no JSON", "no number", "no price", "too deep"],
)
def test_a_category_loads_entries_with_invalid_json(
    api: ApiClient, fake_redis: RecordingFakeRedis, fields: str
) -> None:
    """The entry's frame is valid, but its JSON is not a product, so the product is loaded."""
    path, created = api.create(category="toys")
    _forge(fake_redis, path, _entry(f'{{"id": "{created.json["id"]}", {fields}}}'))

    answer = api.get("/products?category=toys")

    assert (200, [created.json]) == (answer.status, answer.json["items"])


def test_an_entry_copied_to_another_key_is_a_miss(
    api: ApiClient, fake_redis: RecordingFakeRedis
) -> None:
    """A product is never returned under another id."""
    path, created = api.create()
    other, _ = api.create(name="Other")
    api.get(other)
    copied = fake_redis.get(f"product:{other.removeprefix('/products/')}")
    _forge(fake_redis, path, copied.decode())

    assert _is_fresh(api.get(path), created)


def test_a_forged_entry_of_a_missing_product_is_a_404(
    api: ApiClient, fake_redis: RecordingFakeRedis
) -> None:
    """The table decides."""
    _forge(fake_redis, SOME_ID, "V1 5 Mon\nnot json")

    assert 404 == api.get(f"/products/{SOME_ID}").status
