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
    """Return whether `kind` itself is raised, and is not only a base class."""
    return kind not in (errors.ServiceError, errors.InvalidInput, errors.Unavailable)


RAISED = [kind for kind in _tree(errors.ServiceError) if _is_raised(kind)]


@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: kind.__name__)
def test_every_error_has_a_status(kind: type[errors.ServiceError]) -> None:
    """A new error class needs a line in the table."""
    assert 400 <= problems.STATUS[kind] < 600


@pytest.mark.parametrize("status", sorted({500, 405, *problems.STATUS.values()}))
def test_every_status_has_a_title(status: int) -> None:
    """The title is part of the response."""
    assert problems.TITLES[status]


@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: kind.__name__)
def test_every_error_is_in_the_tree(kind: type[errors.ServiceError]) -> None:
    """The tree is at the top of `errors.py`."""
    assert f"── {kind.__name__} " in errors.__doc__.replace("\n", " ")


def test_only_store_errors_are_a_5xx() -> None:
    """Client errors are 4xx."""
    server_errors = {kind for kind, status in problems.STATUS.items() if status >= 500}

    store = (errors.StoreRefused, errors.Unavailable)
    assert {kind for kind in RAISED if issubclass(kind, store)} == server_errors


@pytest.mark.parametrize(
    ("loc", "name"), [((), "body"), (("",), '""'), (("price",), "price"), (("a", 1), "a.1")]
)
def test_the_message_names_the_invalid_field(loc: tuple[str | int, ...], name: str) -> None:
    """A parameter with an empty name is not the body."""
    error = errors.InvalidQuery([errors.FieldError(loc, "Must not be", "kind")])

    assert f"Not valid: {name}" == str(error)


def test_a_long_field_name_is_cut() -> None:
    """The client chooses the name, so the response must not grow with it."""
    error = errors.InvalidFields([errors.FieldError(("x" * 200_000,), "Must not be", "kind")])

    assert 200 > len(str(error))
    assert 200 > len(str(error.errors))
