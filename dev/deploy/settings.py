"""
The functions' settings, derived from parameters by `infra/app/`. Knows no setting itself.

Chalice reads some of them when it packs, since they are part of the API's definition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib.resources import RESOURCES
from chalicelib.settings import Settings, SettingsError
from dev.deploy.failure import DeployFailed
from dev.deploy.templates import Template

ACCESS: Final = ("WriteAccess", "ReadAccess", "CognitoPoolArn")
PACKED: Final = ("CorsAllowOrigin", *ACCESS)
"""The parameters that are part of a package: another value needs another package."""

_STAND_INS: Final = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    **{each.table_variable: "stand-in" for each in RESOURCES},
    # Chalice reads it where `app.py` declares the stream's function; infra/app/ puts the real one.
    **{
        each.stream_variable: "arn:aws:dynamodb:us-east-1:000000000000:table/stand-in/stream/any"
        for each in RESOURCES
    },
    "REDIS_HOST": "stand-in",
}
"""The variables that importing `app.py` requires. The package does not contain them."""

Values = Mapping[str, str]


def when_packed(app: Template, values: Values) -> dict[str, str]:
    """Return the variables of `app.py` when it is packed. Raise `DeployFailed` for a bad value."""
    all_values = known(app, values)
    settings = {
        name: all_values[given["Ref"]]
        for name, given in variables(app).items()
        if given.get("Ref") in PACKED
    }
    return with_stand_ins(settings)


def with_stand_ins(some: Values) -> dict[str, str]:
    """Add what else a function needs to start. Raise `DeployFailed` for an invalid setting."""
    settings = _STAND_INS | dict(some)
    try:
        Settings.from_env(settings)
    except SettingsError as error:
        raise DeployFailed(str(error)) from None
    return settings


def when_run(app: Template, values: Values, secret: Callable[[str], str]) -> dict[str, str]:
    """Return the functions' variables. `secret` returns the secret of an ARN."""
    all_values = known(app, values)
    found = {name: _value(given, all_values, secret) for name, given in variables(app).items()}
    return {name: value for name, value in found.items() if value}


def pin(app: Template, values: Values) -> None:
    """Fix the template's access parameters to those that it was packed with."""
    for name, value in known(app, values).items():
        if name in ACCESS:
            app["Parameters"][name] |= {"Default": value, "AllowedValues": [value]}


def known(app: Template, values: Values) -> dict[str, str]:
    """Return every parameter: the given value, or the template's default."""
    defaults = {name: str(each.get("Default", "")) for name, each in app["Parameters"].items()}
    return defaults | dict(values)


def variables(app: Template) -> dict[str, dict[str, Any]]:
    """Return the template's environment variables of a function."""
    found: dict[str, dict[str, Any]] = app["Resources"]["APIHandler"]["Properties"]["Environment"][
        "Variables"
    ]
    return found


def _value(given: Mapping[str, Any], values: Values, secret: Callable[[str], str]) -> str:
    if "Ref" in given:
        return values[given["Ref"]]
    if "Fn::If" in given:  # the condition is whether the secret exists
        given = given["Fn::If"][1]
    arn = values[given["Fn::Sub"].partition("${")[2].partition("}")[0]]
    return secret(arn) if arn else ""
