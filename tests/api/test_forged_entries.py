"""What somebody else has put into Redis: a miss where it is no entry, and never a 500."""

import pytest

from tests.doubles.api import Answer, Api
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
    "nothing": "V",
}


def _entry(body: str) -> str:
    return f"V2 5 {DATE} {len(body)}\n{body}"


def _forge(redis: RecordingFakeRedis, path: str, entry: str) -> None:
    redis.set(f"product:{path.removeprefix('/products/')}", entry)


def _is_fresh(answer: Answer, created: Answer) -> bool:
    return (200, created.body, "MISS") == (answer.status, answer.body, answer.headers["x-cache"])


@pytest.mark.parametrize("entry", FORGED.values(), ids=FORGED)
def test_what_is_no_entry_is_a_miss(api: Api, fake_redis: RecordingFakeRedis, entry: str) -> None:
    """The product is loaded, and the key holds it again."""
    path, created = api.create(category="toys")
    _forge(fake_redis, path, entry)

    assert _is_fresh(api.get(path), created)
    assert "HIT" == api.get(path).headers["x-cache"]


@pytest.mark.parametrize("entry", FORGED.values(), ids=FORGED)
def test_a_listing_loads_what_is_no_entry(
    api: Api, fake_redis: RecordingFakeRedis, entry: str
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
def test_a_category_loads_what_a_hit_cannot_see_through(
    api: Api, fake_redis: RecordingFakeRedis, fields: str
) -> None:
    """Right at both ends and no product between them: read as JSON, it is loaded instead."""
    path, created = api.create(category="toys")
    _forge(fake_redis, path, _entry(f'{{"id": "{created.json["id"]}", {fields}}}'))

    answer = api.get("/products?category=toys")

    assert (200, [created.json]) == (answer.status, answer.json["items"])


def test_an_entry_copied_to_another_key_is_a_miss(api: Api, fake_redis: RecordingFakeRedis) -> None:
    """No product is shown under another's id."""
    path, created = api.create()
    theirs, _ = api.create(name="Theirs")
    api.get(theirs)
    copied = fake_redis.get(f"product:{theirs.removeprefix('/products/')}")
    _forge(fake_redis, path, copied.decode())

    assert _is_fresh(api.get(path), created)


def test_a_forged_product_that_is_gone_is_a_404(api: Api, fake_redis: RecordingFakeRedis) -> None:
    """The table decides."""
    _forge(fake_redis, SOME_ID, "V1 5 Mon\nnot json")

    assert 404 == api.get(f"/products/{SOME_ID}").status
