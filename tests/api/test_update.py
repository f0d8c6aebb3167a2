"""PUT, PATCH and DELETE /products/{id}: what changes, what stays, preconditions."""

import pytest

from tests.doubles.api import Api
from tests.examples import SOME_ID, a_body

CHANGES = {"name": "Ball", "price": 9.5, "stock_quantity": 0, "category": "toys"}


@pytest.fixture(params=["PUT", "PATCH"])
def verb(request: pytest.FixtureRequest) -> str:
    """Both take any subset of the fields."""
    return request.param


@pytest.mark.parametrize("changes", [{name: CHANGES[name]} for name in CHANGES] + [CHANGES])
def test_what_is_named_changes_and_the_rest_stays(
    api: Api, verb: str, changes: dict[str, object]
) -> None:
    """200, the product as it is now, with a new tag; the next read has it."""
    path, created = api.create(**a_body())

    answer = api.send(verb, path, changes)

    assert 200 == answer.status, answer
    assert {**created.json, **changes} == answer.json
    assert created.headers["etag"] != answer.headers["etag"]
    read = api.get(path)
    assert (answer.body, answer.headers["etag"]) == (read.body, read.headers["etag"])


def test_a_cached_product_is_read_fresh_after_an_update(api: Api, verb: str) -> None:
    """The entry is gone with the write: miss, then hit, both with the new name."""
    path, _ = api.create()
    assert ["MISS", "HIT"] == [api.get(path).headers["x-cache"] for _ in range(2)]

    api.send(verb, path, {"name": "Ball"})

    after = [api.get(path) for _ in range(2)]
    assert [("MISS", "Ball"), ("HIT", "Ball")] == [
        (each.headers["x-cache"], each.json["name"]) for each in after
    ]


def test_null_removes_the_category(api: Api, verb: str) -> None:
    """The one field that may be null."""
    path, _ = api.create(category="toys")

    assert "category" not in api.send(verb, path, {"category": None}).json
    assert "category" not in api.get(path).json


@pytest.mark.parametrize("field", ["name", "description", "price", "stock_quantity"])
def test_no_other_field_may_be_null(api: Api, verb: str, field: str) -> None:
    """422, and the product stays."""
    path, created = api.create()

    answer = api.send(verb, path, {field: None})

    assert (422, [field]) == (answer.status, answer.json["errors"][0]["loc"])
    assert created.body == api.get(path).body


def test_naming_nothing_changes_nothing(api: Api, verb: str) -> None:
    """`{}` answers with the product at the version it has, and keeps the entry."""
    path, created = api.create()
    api.get(path)

    answer = api.send(verb, path, {})

    assert (200, created.body) == (answer.status, answer.body)
    assert created.headers["etag"] == answer.headers["etag"]
    assert "HIT" == api.get(path).headers["x-cache"]


@pytest.mark.parametrize("form", ["{tag}", '"1", {tag}', "*", '"x",{tag},"y"'])
@pytest.mark.parametrize("changes", [{"name": "Ball"}, {}])
def test_a_write_at_the_version_asked_for_is_made(
    api: Api, verb: str, form: str, changes: dict[str, str]
) -> None:
    """If-Match with the product's tag, alone or in a list, or a star."""
    path, created = api.create()

    answer = api.send(verb, path, changes, If_Match=form.format(tag=created.headers["etag"]))

    assert 200 == answer.status, answer


MISMATCHES = ['"1"', "W/{tag}", '"1","2"', "", '"{bare}x"', "{bare}", '"0{bare}"', '"*"', '"-1"']


@pytest.mark.parametrize("form", MISMATCHES)
@pytest.mark.parametrize("changes", [{"name": "Ball"}, {}])
def test_a_write_at_another_version_is_refused(
    api: Api, verb: str, form: str, changes: dict[str, str]
) -> None:
    """412 for tags that are not the product's; a weak one never is."""
    path, created = api.create()
    tag = created.headers["etag"]

    answer = api.send(verb, path, changes, If_Match=form.format(tag=tag, bare=tag.strip('"')))

    assert 412 == answer.status, answer
    assert created.body == api.get(path).body


def test_the_second_of_two_writers_at_one_version_is_refused(api: Api, verb: str) -> None:
    """Optimistic locking: the first write moves the version on."""
    path, created = api.create()
    tag = created.headers["etag"]

    statuses = [api.send(verb, path, {"name": name}, If_Match=tag).status for name in "ab"]

    assert [200, 412] == statuses
    assert "a" == api.get(path).json["name"]


@pytest.mark.parametrize("changes", [{"name": "Ball"}, {}])
@pytest.mark.parametrize("name", [SOME_ID, "abc", "%ff"])
def test_what_is_not_there_cannot_be_changed(
    api: Api, verb: str, changes: dict[str, str], name: str
) -> None:
    """404, and nothing is made."""
    assert 404 == api.send(verb, f"/products/{name}", changes).status
    assert 404 == api.get(f"/products/{name}").status


def test_a_deleted_product_is_gone(api: Api) -> None:
    """204 without a body; then 404, though it was cached."""
    path, _ = api.create()
    api.get(path)

    answer = api.delete(path)

    assert (204, b"") == (answer.status, answer.body)
    assert "content-type" not in answer.headers
    assert ["MISS", "HIT"] == [api.get(path).headers["x-cache"] for _ in range(2)]
    assert 404 == api.get(path).status
    assert 404 == api.delete(path).status


@pytest.mark.parametrize("form", MISMATCHES)
def test_a_deletion_at_another_version_is_refused(api: Api, form: str) -> None:
    """412, and the product stays."""
    path, created = api.create()
    tag = created.headers["etag"]

    assert 412 == api.delete(path, If_Match=form.format(tag=tag, bare=tag.strip('"'))).status
    assert 200 == api.get(path).status


@pytest.mark.parametrize("form", ["{tag}", "*", '"1", {tag}'])
def test_a_deletion_at_the_version_asked_for_is_made(api: Api, form: str) -> None:
    """If-Match with the product's tag, alone or in a list, or a star."""
    path, created = api.create()

    assert 204 == api.delete(path, If_Match=form.format(tag=created.headers["etag"])).status


@pytest.mark.parametrize("name", [SOME_ID, "abc", "%ff"])
def test_what_is_not_there_cannot_be_deleted(api: Api, name: str) -> None:
    """404, with or without a condition."""
    assert 404 == api.delete(f"/products/{name}").status
    assert 404 == api.delete(f"/products/{name}", If_Match='"1"').status


def test_a_tag_from_before_a_deletion_does_not_fit_after_it(api: Api) -> None:
    """A 404 that was cached does not hide that the product is gone for good."""
    path, created = api.create()
    api.delete(path)

    assert 404 == api.send("PATCH", path, {"name": "x"}, If_Match=created.headers["etag"]).status
