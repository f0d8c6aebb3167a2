"""The repository's contract, for the fake, moto and the emulator."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.errors import AlreadyExists, NotFound, PreconditionFailed
from chalicelib.resources.precondition import Precondition
from tests.doubles.products import Products
from tests.examples import OTHER_ID, SOME_ID, a_draft

Write = Callable[[Products, Precondition], object]


def _update(products: Products, precondition: Precondition) -> None:
    products.update(SOME_ID, {"name": "Ball"}, precondition)


def _remove(products: Products, precondition: Precondition) -> None:
    products.remove(SOME_ID, precondition)


WRITES = [_update, _remove]


def test_a_product_is_not_added_twice(products: Products) -> None:
    """An existing id is refused, and its product stays."""
    first = products.add(SOME_ID, a_draft())

    with pytest.raises(AlreadyExists):
        products.add(SOME_ID, a_draft(name="Impostor"))

    assert first == products.get(SOME_ID)


def test_every_write_raises_the_version(products: Products) -> None:
    first = products.add(SOME_ID, a_draft())
    second = products.update(SOME_ID, {"name": "Trackball"})
    third = products.update(SOME_ID, {"name": "Trackball"})

    assert first.version < second.version < third.version


def test_a_recreated_product_repeats_no_version(products: Products) -> None:
    """No version that a client may have is used again."""
    first = products.add(SOME_ID, a_draft())
    products.remove(SOME_ID)
    again = products.add(SOME_ID, a_draft())

    assert again.version >= first.version
    assert again.created_at > first.created_at


def test_an_update_changes_only_the_given_fields(products: Products) -> None:
    """Version and time of the update change too."""
    before = products.add(SOME_ID, a_draft())

    now = products.update(SOME_ID, {"price": Decimal("9.5"), "stock_quantity": 0})

    history = {"version": now.version, "updated_at": now.updated_at}
    assert before._replace(price=Decimal("9.5"), stock_quantity=0, **history) == now
    assert now.updated_at > before.updated_at
    assert now == products.get(SOME_ID)


@pytest.mark.parametrize("before", ["mice", None])
def test_the_category_can_be_removed_and_set_again(products: Products, before: str | None) -> None:
    """An update to `None` removes the category, if there is one."""
    products.add(SOME_ID, a_draft(category=before))

    assert products.update(SOME_ID, {"category": None}).category is None
    assert products.get(SOME_ID).category is None
    assert "toys" == products.update(SOME_ID, {"category": "toys"}).category


@pytest.mark.parametrize("write", WRITES)
def test_a_write_at_a_given_version_succeeds(products: Products, write: Write) -> None:
    """One of the given versions is the product's."""
    before = products.add(SOME_ID, a_draft())

    write(products, Precondition([1, before.version, 3]))

    assert before != products.get(SOME_ID)


@pytest.mark.parametrize("versions", [[], [0], [1, 2, 3], list(range(1, 101))])
@pytest.mark.parametrize("write", WRITES)
def test_a_write_at_other_versions_is_refused(
    products: Products, write: Write, versions: list[int]
) -> None:
    """Without a matching version the product stays. An empty list matches none."""
    before = products.add(SOME_ID, a_draft())

    with pytest.raises(PreconditionFailed):
        write(products, Precondition(versions))

    assert before == products.get(SOME_ID)


@pytest.mark.parametrize("versions", [None, [], [1]])
@pytest.mark.parametrize("write", WRITES)
def test_a_missing_product_cannot_be_written(
    products: Products, write: Write, versions: list[int] | None
) -> None:
    """An update creates no product."""
    with pytest.raises(NotFound):
        write(products, Precondition(versions))

    assert products.get(SOME_ID) is None


def test_a_removed_product_reads_as_none(products: Products) -> None:
    """Other products stay."""
    products.add(SOME_ID, a_draft())
    other = products.add(OTHER_ID, a_draft())

    products.remove(SOME_ID)

    assert products.get(SOME_ID) is None
    assert other == products.get(OTHER_ID)


def test_table_and_model_agree_on_preconditions(products: Products) -> None:
    """A conditional update, a removal and `Precondition.holds` have the same result."""
    second = timedelta(seconds=1)
    for number in range(16):
        product = products.add(f"{number:08}-0000-4000-8000-000000000000", a_draft())
        this_second = product.updated_at.replace(microsecond=0)
        at, since = product.version, this_second - second if number & 4 else this_second
        precondition = Precondition(
            versions=[1, at] if number & 1 else None,
            not_versions=[at] if number & 2 else [at - 1],
            unmodified_since=since if number & 8 else None,
        )
        if precondition.holds(product):
            products.update(product.id, {"name": "Ball"}, precondition)
            continue
        with pytest.raises(PreconditionFailed):
            products.update(product.id, {"name": "Ball"}, precondition)
        with pytest.raises(PreconditionFailed):
            products.remove(product.id, precondition)
        assert product == products.get(product.id)


def test_the_latest_http_date_is_a_valid_precondition(products: Products) -> None:
    """The end of its second must not exceed the year 9999."""
    latest = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    products.add(SOME_ID, a_draft())

    products.remove(SOME_ID, Precondition(unmodified_since=latest))

    assert products.get(SOME_ID) is None
