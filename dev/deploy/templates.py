"""
Makes the two templates from the parts in `infra/`, as Chalice merges: what comes later wins.

The data stack is all of `tables/`, which the local stack uses too, and of `data/`; what Chalice
cannot say of the functions is all of `app/`. Knows files and merging, and no resource.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from chalice.package import TemplateDeepMerger, YAMLTemplateSerializer

INFRA: Final = Path(__file__).parents[2] / "infra"

Template = dict[str, Any]

_OF_DEPLOYMENT: Final = ("Stage", "CodeBucket", "CodeKey", "CacheFailover")


def data(infra: Path = INFRA) -> Template:
    """Return the template of what is kept: table, cache, network, roles."""
    return merged([*parts(infra / "tables"), *parts(infra / "data")])


def app(infra: Path = INFRA) -> Template:
    """Return what is merged into the template that Chalice makes of the functions."""
    return merged(parts(infra / "app"))


def account(infra: Path = INFRA) -> Template:
    """Return the template of what an account has once a region."""
    return merged([infra / "account.yaml"])


def settable() -> set[str]:
    """Return the parameters that a person sets: the others are outputs, or the code's place."""
    kept, run = data(), app()
    outputs = kept["Outputs"].keys() - kept["Parameters"].keys()
    return (kept["Parameters"].keys() | run["Parameters"].keys()) - outputs - set(_OF_DEPLOYMENT)


def parts(directory: Path) -> list[Path]:
    """Return the files that a template is made of."""
    return sorted(directory.glob("*.yaml"))


def merged(paths: Sequence[Path]) -> Template:
    """Merge the files in order."""
    whole: Template = {}
    for path in paths:
        part = YAMLTemplateSerializer().load_template(path.read_text(), str(path))
        whole = TemplateDeepMerger().merge(part, whole)
    return whole
