"""What the modules that deploy share: their mark, since they are slow, and the stage most ask."""

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
    """Deploy once; the tests do not take anything down."""
    with deployed(tmp_path_factory.mktemp("logs")) as site:
        yield site


@pytest.fixture(scope="module")
def shop(site: Site) -> Caller:
    """Return who may call everything."""
    return site.caller("shop", "execute-api:Invoke")
