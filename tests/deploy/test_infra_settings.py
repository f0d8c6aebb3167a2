"""Settings, templates, switches and documents agree on the parameters of a stage."""

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
"""The sources of settings without a parameter."""


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def _deployed_by() -> dict[str, str]:
    """Return, of each setting, the third column of `docs/settings.md`."""
    rows = [
        line.split("|")[1:4] for line in _page("settings.md").splitlines() if line.startswith("| `")
    ]
    return {name: row[2].strip() for row in rows for name in re.findall(r"`([A-Z_]+)`", row[0])}


def _parameter(setting: str) -> str | None:
    found = re.match(r"`(\w+)`", _deployed_by()[setting])
    return found[1] if found else None


@pytest.mark.parametrize("setting", _deployed_by())
def test_every_setting_reaches_a_stage_or_is_local_only(setting: str) -> None:
    """By the parameter in its table. A local setting is no variable of a function."""
    source, parameter = _deployed_by()[setting], _parameter(setting)

    if parameter:
        assert setting in _VARIABLES
        assert parameter in _APP["Parameters"] | _DATA["Parameters"]
    else:
        assert setting in _OTHERS[source] if source != "local only" else setting not in _VARIABLES


def test_every_parameter_is_documented() -> None:
    """In the first column of a table, except those that the deployment itself sets."""
    rows = [
        line.split("|")[1] for line in _page("deploy.md").splitlines() if line.startswith("| `")
    ]
    documented = {name for row in rows for name in re.findall(r"`([A-Z]\w+)`", row)}

    assert templates.settable() == documented


def test_a_stage_has_the_defaults_of_the_settings() -> None:
    """Except those that must differ from a developer's machine."""
    given = {"Stage": "local", "ProductsTableName": "products", "RedisHost": "redis.example"}
    outputs = {"CacheEnabled": "true", "RedisPort": "6379", "RedisDb": "0", "RedisTls": "false"}
    variables = settings.when_run(_APP, {**given, **outputs, **_no_arns(), "Docs": "on"}, str)

    assert Settings.from_env(ENVIRONMENT) == Settings.from_env({**ENVIRONMENT, **variables})


def _no_arns() -> dict[str, str]:
    return {"RedisCluster": "false", "RedisPasswordArn": "", "CursorSecretArn": ""}


def test_numeric_parameters_have_the_bounds_of_the_settings() -> None:
    """CloudFormation refuses values with which a function could not start."""
    for name in switch.SWITCHES.values():
        setting, given = name[0], _APP["Parameters"][_VARIABLES[name[0]]["Ref"]]
        for bound in (given[each] for each in ("MinValue", "MaxValue") if each in given):
            beyond = bound * 1.01 if bound == given["MaxValue"] else bound - 0.001
            settings.with_stand_ins({setting: str(bound)})
            with pytest.raises(settings.DeployFailed, match=setting):
                settings.with_stand_ins({setting: str(beyond)})


def test_every_setting_of_a_function_alone_has_a_switch() -> None:
    """Access is in the package. The connection to Redis belongs to the data stack."""
    switched = {setting for setting, _ in switch.SWITCHES.values()}
    by_stack = set(_DATA["Outputs"]) | set(settings.PACKED) | {"Stage"}
    free = {
        name
        for name, given in _VARIABLES.items()
        if "Ref" in given and given["Ref"] not in by_stack - {"CacheEnabled"}
    }

    assert free == switched
    assert switched == {name for name, source in _deployed_by().items() if "switch" in source}


def test_every_switch_is_in_the_makefile_and_documented() -> None:
    """`make switch` passes it on, and the page of deployment lists it."""
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("\\\n", "")
    (names,) = re.findall(r"^SWITCH_NAMES := (.*)$", makefile, re.MULTILINE)
    table: Any = re.search(r"## Switches\n(.*?)\n## ", _page("deploy.md"), re.DOTALL)

    assert set(switch.SWITCHES) == set(names.split())
    assert [] == [name for name in switch.SWITCHES if f"`{name}" not in table[1]]
