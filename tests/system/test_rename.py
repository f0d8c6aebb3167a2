"""`make rename`, on a copy of the project."""

from pathlib import Path

import pytest

from dev import rename
from tests.guide import Copy

OLD = ["product_catalog".replace("_", between) for between in "- "]
"""Made so that the copy's own test would still look for the old name."""


@pytest.mark.timeout(200)
def test_the_new_name_is_everywhere(tmp_path: Path) -> None:
    """The old name is left in the licence only; document, app and containers agree."""
    copy = Copy(tmp_path / "project")

    copy.run("make rename NAME=order-desk")

    patterns = " ".join(f"-e '{each}'" for each in OLD)
    assert ["LICENSE"] == copy.run(f"git grep -I -l -i {patterns}").split()
    assert '"app_name": "order-desk"' in (copy.place / ".chalice/config.json").read_text()
    assert "!Sub order-desk-${Stage}" in (copy.place / "infra/app/alarms.yaml").read_text()
    assert (copy.place / "README.md").read_text().startswith("# Order desk\n")
    copy.run(
        ".venv/bin/python -m pytest -q tests/api/test_openapi.py tests/api/test_root.py "
        "tests/unit/test_container_files.py"
    )


@pytest.mark.parametrize("name", ["", "Shop", "my_shop", "shop-", "9lives", "a" * 21, "a b", "a\n"])
def test_a_name_that_does_not_fit_is_refused(name: str) -> None:
    """Nothing is changed; stacks, functions and metrics take only some characters."""
    assert "NAME must be" in str(rename.main(name))
