"""Each declared resource has its parts, and names that no other has."""

from chalicelib.bootstrap import Container
from chalicelib.resources import RESOURCES
from tests.examples import settings


def test_every_declared_resource_has_its_parts() -> None:
    """In the order of the declaration: one that is declared and not built is found here."""
    assert RESOURCES == tuple(each.resource for each in Container(settings()).resources)


def test_no_two_resources_share_a_name() -> None:
    """Neither path, cache prefix, settings nor stream function."""
    for names in zip(
        *((each.name, each.key_prefix, each.table_variable, each.stream_function)
          for each in RESOURCES),
        strict=True,
    ):  # fmt: skip
        assert len(RESOURCES) == len(set(names))
