"""Makes tables from `infra/table.yaml`, the one definition. Knows of CloudFormation only `!Ref`."""

from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).parents[2] / "infra" / "table.yaml"


class _Loader(yaml.SafeLoader):
    """Reads `!Ref X` as `("Ref", X)`, and other short forms likewise."""


_Loader.add_multi_constructor("!", lambda loader, form, node: (form, loader.construct_scalar(node)))


def properties(name: str) -> dict[str, Any]:
    """Return the table's properties, which are also CreateTable's parameters."""
    table = yaml.load(TEMPLATE.read_text("utf-8"), _Loader)["Resources"]["ProductsTable"]  # noqa: S506 — a SafeLoader
    stream = {"StreamEnabled": True, **table["Properties"]["StreamSpecification"]}
    return {**table["Properties"], "TableName": name, "StreamSpecification": stream}


def create(client: Any, name: str) -> None:
    """Make the table; moto and the emulator have it ready at once."""
    client.create_table(**properties(name))
