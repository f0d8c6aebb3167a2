"""Whatever deploys is slow, so it is marked here, for all modules that do."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of every `test_deploy*.py`."""
    for item in items:
        if item.path.name.startswith("test_deploy") and item.path.parent.name == "e2e":
            item.add_marker(pytest.mark.deployment)
