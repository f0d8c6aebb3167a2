"""The contract of the table of products, held by the fake, moto and the emulator alike."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.errors import AlreadyExists, NotFound, PreconditionFailed
from chalicelib.resources.precondition import Precondition
from tests.doubles.products import Products
from tests.examples import OTHER_ID, SOME_ID, a_draft


def test_what_was_added_is_read_back_equal(products: Products) -> None:
    """A product is read as it was stored, its history included."""
    added = products.add(SOME_ID, a_draft())

    assert added == products.get(SOME_ID)


def test_an_unknown_product_reads_as_none(products: Products) -> None:
    """Where there is no product, `get` says so by `None`."""
    assert products.get(SOME_ID) is None


def test_a_product_is_not_added_twice(products: Products) -> None:
    """An id that is taken is refused, and what stands there stays."""
    first = products.add(SOME_ID, a_draft())

    with pytest.raises(AlreadyExists):
        products.add(SOME_ID, a_draft(name="Impostor"))

    assert first == products.get(SOME_ID)


def test_every_write_raises_the_version(products: Products) -> None:
    """The version after a write is above the one before it."""
    first = products.add(SOME_ID, a_draft())
    second = products.update(SOME_ID, {"name": "Trackball"})
    third = products.update(SOME_ID, {"name": "Trackball"})

    assert first.version < second.version < third.version


def test_a_product_made_anew_never_repeats_a_version(products: Products) -> None:
    """After a deletion and a new start, no version that a client may hold comes back."""
    first = products.add(SOME_ID, a_draft())
    products.remove(SOME_ID)
    again = products.add(SOME_ID, a_draft())

    assert again.version >= first.version
    assert again.created_at > first.created_at


def test_an_update_changes_only_what_it_names(products: Products) -> None:
    """Fields not named stay; the version and the time of the update move on."""
    was = products.add(SOME_ID, a_draft())

    now = products.update(SOME_ID, {"price": Decimal("9.5"), "stock_quantity": 0})

    history = {"version": now.version, "updated_at": now.updated_at}
    assert was._replace(price=Decimal("9.5"), stock_quantity=0, **history) == now
    assert now.updated_at > was.updated_at
    assert now == products.get(SOME_ID)


def test_the_category_can_be_removed_and_come_back(products: Products) -> None:
    """An update to `None` removes the category; a later one sets it."""
    products.add(SOME_ID, a_draft())

    assert products.update(SOME_ID, {"category": None}).category is None
    assert products.get(SOME_ID).category is None
    assert "toys" == products.update(SOME_ID, {"category": "toys"}).category


def test_a_category_that_is_not_there_can_be_removed(products: Products) -> None:
    """Removing what is absent is no error."""
    products.add(SOME_ID, a_draft(category=None))

    assert products.update(SOME_ID, {"category": None}).category is None


def test_an_update_at_the_version_asked_for_is_made(products: Products) -> None:
    """A conditional write goes through where one of its versions is the product's."""
    version = products.add(SOME_ID, a_draft()).version

    assert "Ball" == products.update(SOME_ID, {"name": "Ball"}, Precondition([1, version, 3])).name


@pytest.mark.parametrize("versions", [[], [0], [1, 2, 3], list(range(1, 101))])
def test_an_update_at_other_versions_is_refused(
    products: Products, versions: list[int] | None
) -> None:
    """Where no version matches, an empty list included, nothing is written."""
    was = products.add(SOME_ID, a_draft())

    with pytest.raises(PreconditionFailed):
        products.update(SOME_ID, {"name": "Ball"}, Precondition(versions))

    assert was == products.get(SOME_ID)


@pytest.mark.parametrize("versions", [None, [], [1]])
def test_a_missing_product_cannot_be_updated(
    products: Products, versions: list[int] | None
) -> None:
    """An update makes no product, whatever versions it names."""
    with pytest.raises(NotFound):
        products.update(SOME_ID, {"name": "Ball"}, Precondition(versions))

    assert products.get(SOME_ID) is None


def test_a_removed_product_is_gone(products: Products) -> None:
    """After its removal a product reads as none, and others stay."""
    products.add(SOME_ID, a_draft())
    other = products.add(OTHER_ID, a_draft())

    products.remove(SOME_ID)

    assert products.get(SOME_ID) is None
    assert other == products.get(OTHER_ID)


def test_a_removal_at_the_version_asked_for_is_made(products: Products) -> None:
    """A conditional removal goes through where one of its versions is the product's."""
    version = products.add(SOME_ID, a_draft()).version

    products.remove(SOME_ID, Precondition([version]))

    assert products.get(SOME_ID) is None


@pytest.mark.parametrize("versions", [[], [1, 2]])
def test_a_removal_at_other_versions_is_refused(
    products: Products, versions: list[int] | None
) -> None:
    """Where no version matches, an empty list included, the product stays."""
    was = products.add(SOME_ID, a_draft())

    with pytest.raises(PreconditionFailed):
        products.remove(SOME_ID, Precondition(versions))

    assert was == products.get(SOME_ID)


@pytest.mark.parametrize("versions", [None, [], [1]])
def test_a_missing_product_cannot_be_removed(
    products: Products, versions: list[int] | None
) -> None:
    """There is nothing to remove, whatever versions are named."""
    with pytest.raises(NotFound):
        products.remove(SOME_ID, Precondition(versions))


def test_preconditions_are_decided_alike_everywhere(products: Products) -> None:
    """For each: the conditional write, a removal and `Precondition.holds` come to one result."""
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


def test_the_latest_date_that_http_has_is_a_precondition(products: Products) -> None:
    """The end of its second is within a year of 9999."""
    latest = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    products.add(SOME_ID, a_draft())

    products.remove(SOME_ID, Precondition(unmodified_since=latest))

    assert products.get(SOME_ID) is None
