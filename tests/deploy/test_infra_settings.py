"""What a deployed stage can be given: settings, templates, switches and documents agree."""

import re
from typing import Any

import pytest

from chalicelib.resources import RESOURCES
from chalicelib.settings import Settings
from dev.deploy import settings, switch, templates
from dev.deploy.build import ROOT
from tests.examples import ENVIRONMENT

_APP, _DATA = templates.app(), templates.data()
_VARIABLES = _APP["Resources"]["APIHandler"]["Properties"]["Environment"]["Variables"]
_OTHERS = {
    "the data stack": {
        "CURSOR_SECRET",
        *(each.stream_variable for each in RESOURCES),
        "REDIS_PASSWORD",
        "REDIS_USERNAME",
    },
    "Lambda": {"AWS_REGION"},
}
"""What else than a parameter a stage has a setting from."""


def _deployed_by() -> dict[str, str]:
    """Return, of each setting, the third column of `docs/settings.md`."""
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    rows = [line.split("|")[1:4] for line in text.splitlines() if line.startswith("| `")]
    return {name: row[2].strip() for row in rows for name in re.findall(r"`([A-Z_]+)`", row[0])}


def _parameter(setting: str) -> str | None:
    found = re.match(r"`(\w+)`", _deployed_by()[setting])
    return found[1] if found else None


@pytest.mark.parametrize("setting", _deployed_by())
def test_every_setting_reaches_a_stage_or_is_local_only(setting: str) -> None:
    """By the parameter that its table names; what is local only is no variable of a function."""
    source, parameter = _deployed_by()[setting], _parameter(setting)

    if parameter:
        assert setting in _VARIABLES
        assert parameter in _APP["Parameters"] | _DATA["Parameters"]
    else:
        assert setting in _OTHERS[source] if source != "local only" else setting not in _VARIABLES


def test_the_page_of_deployment_has_every_parameter() -> None:
    """In the first column of a table, but for what the deployment itself sets."""
    text = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`([A-Z]\w+)`", row)}

    assert templates.settable() == documented


def test_a_stage_that_names_nothing_has_the_defaults_of_the_settings() -> None:
    """But for those that a stage must differ in from a developer's machine."""
    given = {"Stage": "local", "ProductsTableName": "products", "RedisHost": "redis.example"}
    outputs = {"CacheEnabled": "true", "RedisPort": "6379", "RedisDb": "0", "RedisTls": "false"}
    variables = settings.when_run(_APP, {**given, **outputs, **_no_arns(), "Docs": "on"}, str)

    assert Settings.from_env(ENVIRONMENT) == Settings.from_env({**ENVIRONMENT, **variables})


def _no_arns() -> dict[str, str]:
    return {"RedisCluster": "false", "RedisPasswordArn": "", "CursorSecretArn": ""}


def test_what_a_stage_is_told_in_numbers_has_the_bounds_of_the_settings() -> None:
    """CloudFormation refuses what a function could not start with."""
    for name in switch.SWITCHES.values():
        setting, given = name[0], _APP["Parameters"][_VARIABLES[name[0]]["Ref"]]
        for bound in (given[each] for each in ("MinValue", "MaxValue") if each in given):
            beyond = bound * 1.01 if bound == given["MaxValue"] else bound - 0.001
            settings.with_stand_ins({setting: str(bound)})
            with pytest.raises(settings.DeployFailed, match=setting):
                settings.with_stand_ins({setting: str(beyond)})


def test_every_setting_that_a_stage_may_change_at_once_has_a_switch() -> None:
    """Those of who may call are in the package; those of another store are the data stack's."""
    switched = {setting for setting, _ in switch.SWITCHES.values()}
    by_stack = set(_DATA["Outputs"]) | set(settings.PACKED) | {"Stage"}
    free = {
        name
        for name, given in _VARIABLES.items()
        if "Ref" in given and given["Ref"] not in by_stack - {"CacheEnabled"}
    }

    assert free == switched
    assert switched == {name for name, source in _deployed_by().items() if "switch" in source}


@pytest.mark.parametrize("name", switch.SWITCHES)
def test_a_switch_is_in_the_makefile_and_on_the_page_of_deployment(name: str) -> None:
    """`make switch` passes it on, and its reader finds it."""
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", "")
    (names,) = re.findall(r"^SWITCH_NAMES := (.*)$", makefile, re.MULTILINE)
    table: Any = re.search(r"## Switches\n(.*?)\n## ", _page(), re.DOTALL)

    assert name in names.split()
    assert f"`{name}" in table[1]


def _page() -> str:
    return (ROOT / "docs" / "deploy.md").read_text("utf-8")
