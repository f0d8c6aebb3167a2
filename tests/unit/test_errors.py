"""Every error of the catalog has its HTTP status."""

from collections.abc import Iterator

import pytest

from chalicelib import errors
from chalicelib.api import problems


def _tree(kind: type[errors.ServiceError]) -> Iterator[type[errors.ServiceError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _tree(each)


def _is_raised(kind: type[errors.ServiceError]) -> bool:
    """Return whether `kind` is raised itself: not merely the base of others."""
    return kind not in (errors.ServiceError, errors.InvalidInput, errors.Unavailable)


RAISED = [kind for kind in _tree(errors.ServiceError) if _is_raised(kind)]


@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: kind.__name__)
def test_every_error_has_a_status(kind: type[errors.ServiceError]) -> None:
    """A new error class needs a line in the one table."""
    assert 400 <= problems.STATUS[kind] < 600


@pytest.mark.parametrize("status", sorted({500, 405, *problems.STATUS.values()}))
def test_every_status_has_a_title(status: int) -> None:
    """What can be answered can be put in words."""
    assert problems.TITLES[status]


@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: kind.__name__)
def test_every_error_is_in_the_drawing(kind: type[errors.ServiceError]) -> None:
    """The tree at the top of `errors.py` shows them all."""
    assert f"── {kind.__name__} " in errors.__doc__.replace("\n", " ")


def test_only_trouble_of_ours_is_a_5xx() -> None:
    """What the client got wrong is never told as our fault, and the other way round."""
    ours = {kind for kind, status in problems.STATUS.items() if status >= 500}

    store = (errors.StoreRefused, errors.Unavailable)
    assert {kind for kind in RAISED if issubclass(kind, store)} == ours


@pytest.mark.parametrize(
    ("loc", "told"), [((), "body"), (("",), '""'), (("price",), "price"), (("a", 1), "a.1")]
)
def test_what_is_not_valid_is_named(loc: tuple[str | int, ...], told: str) -> None:
    """A parameter whose name is empty is not the body."""
    error = errors.InvalidQuery([errors.FieldError(loc, "Must not be", "kind")])

    assert f"Not valid: {told}" == str(error)


def test_of_a_long_name_the_beginning_is_told() -> None:
    """The client chose it: no answer grows with it."""
    error = errors.InvalidFields([errors.FieldError(("x" * 200_000,), "Must not be", "kind")])

    assert 200 > len(str(error))
    assert 200 > len(str(error.errors))
