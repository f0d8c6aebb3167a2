"""What a stage may cost: how often strangers may call, and what is paid for and never read."""

from typing import Any

import pytest

from chalicelib.api.access import OPEN_TO_ALL
from chalicelib.resources import RESOURCES
from dev.deploy import stages, templates

_APP, _DATA = templates.app(), templates.data()
_SETTINGS: list[dict[str, Any]] = _APP["Resources"]["RestAPI"]["Properties"]["MethodSettings"]
_LIMITS = {
    (each["ResourcePath"][1:].replace("~1", "/"), each["HttpMethod"]): (
        each["ThrottlingRateLimit"],
        each["ThrottlingBurstLimit"],
    )
    for each in _SETTINGS
}
_STAGE_LIMIT = ({"Ref": "RequestsPerSecond"}, {"Ref": "RequestsAtOnce"})
_LIST_LIMIT = ({"Ref": "ListRequestsPerSecond"}, {"Ref": "ListRequestsAtOnce"})


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_documentation_and_listings_have_limits_of_their_own(method: str) -> None:
    """A page is a megabyte of scripts; a listing reads up to a hundred items."""
    documentation = set(OPEN_TO_ALL) - {"/", "/health"}

    assert documentation | {f"/{each.name}" for each in RESOURCES} == {
        path for path, each in _LIMITS if each == method and path != "*"
    }
    assert {(2, 20)} == {_LIMITS[path, method] for path in documentation}
    assert all(_LIST_LIMIT == _LIMITS[f"/{each.name}", method] for each in RESOURCES)
    assert _STAGE_LIMIT == _LIMITS["*", "*"]


def test_no_method_is_metered_by_itself() -> None:
    """Those metrics are paid by each, and no alarm and no widget reads one."""
    assert {False} == {each["MetricsEnabled"] for each in _SETTINGS}
    for name, each in _APP["Resources"].items():
        if each.get("Properties", {}).get("Namespace") == "AWS/ApiGateway":
            names = {dimension["Name"] for dimension in each["Properties"]["Dimensions"]}
            assert {"ApiName", "Stage"} == names, name


def test_a_serverless_cache_has_an_end_in_storage_and_in_work() -> None:
    """Both are paid by use."""
    limits = _DATA["Resources"]["ServerlessCache"]["Properties"]["CacheUsageLimits"]

    assert {
        "DataStorage": {"Maximum": {"Ref": "CacheMaxGigabytes"}, "Unit": "GB"},
        "ECPUPerSecond": {"Maximum": {"Ref": "CacheMaxEcpuPerSecond"}},
    } == limits


def test_documentation_is_on_in_dev_and_off_in_prod() -> None:
    """What is not said is off."""
    given = [stages.read(stage).get("Docs", "") for stage in ("dev", "emulator", "prod")]

    assert ["on", "on", ""] == given
    assert "off" == _APP["Parameters"]["Docs"]["Default"]
