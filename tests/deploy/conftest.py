"""The mark of the slow tests that deploy, and the stage that most of them share."""

from collections.abc import Iterator

import pytest

from tests.deploy.caller import Caller
from tests.deploy.deployment import Site, deployed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of every `test_deploy*.py`."""
    for item in items:
        if item.path.name.startswith("test_deploy") and item.path.parent.name == "deploy":
            item.add_marker(pytest.mark.deployment)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Deploy once for all tests of a module."""
    with deployed(tmp_path_factory.mktemp("logs")) as site:
        yield site


@pytest.fixture(scope="module")
def shop(site: Site) -> Caller:
    """Return a caller with all permissions."""
    return site.caller("shop", "execute-api:Invoke")
