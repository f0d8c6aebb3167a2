"""The app stack's template where the emulator cannot show what it means."""

import json
import re
from typing import Any

import botocore.session
import pytest

from chalicelib import telemetry
from chalicelib.api.access import OPEN_TO_ALL
from chalicelib.api.problems import TITLES
from chalicelib.resources import RESOURCES
from chalicelib.telemetry import metrics
from dev.deploy import build, stages, templates

_APP = templates.app()
_RESOURCES = _APP["Resources"]
_API = _RESOURCES["RestAPI"]["Properties"]
_RESPONSES: dict[str, dict[str, Any]] = _API["DefinitionBody"][
    "x-amazon-apigateway-gateway-responses"
]
_STATUSES = [(kind, int(response["statusCode"])) for kind, response in _RESPONSES.items()]
_LIMITS = {
    (each["ResourcePath"][1:].replace("~1", "/"), each["HttpMethod"]): (
        each["ThrottlingRateLimit"],
        each["ThrottlingBurstLimit"],
    )
    for each in _API["MethodSettings"]
}


def test_every_gateway_response_is_customized() -> None:
    """The list is botocore's, so a new type of response fails here until it is a problem."""
    model = botocore.session.get_session().get_service_model("apigateway")
    kinds = set(model.shape_for("GatewayResponseType").enum) - {"DEFAULT_4XX", "DEFAULT_5XX"}

    assert kinds == set(_RESPONSES)


@pytest.mark.parametrize(("kind", "status"), _STATUSES)
def test_a_gateway_response_is_a_problem(kind: str, status: int) -> None:
    """Its body is JSON with its status and the title of RFC 9110."""
    response = _RESPONSES[kind]
    template = response["responseTemplates"]["application/json"]
    problem = json.loads(template.replace("$context.error.messageString", '"message"'))

    assert {"type", "title", "status", "detail"} == set(problem)
    assert status == problem["status"]
    assert TITLES.get(status, problem["title"]) == problem["title"]
    headers = response["responseParameters"]
    assert "'application/problem+json'" == headers["gatewayresponse.header.Content-Type"]
    assert "context.requestId" == headers["gatewayresponse.header.X-Request-Id"]
    assert ("gatewayresponse.header.Retry-After" in headers) == (status in (429, 503))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_documentation_and_listings_have_their_own_limits(method: str) -> None:
    """A page loads a megabyte of scripts. A listing reads up to a hundred items."""
    documentation = set(OPEN_TO_ALL) - {"/", "/health"}
    listings = {f"/{each.name}" for each in RESOURCES}
    of_list = ({"Ref": "ListRequestsPerSecond"}, {"Ref": "ListRequestsAtOnce"})

    assert documentation | listings == {
        path for path, each in _LIMITS if each == method and path != "*"
    }
    assert {(2, 20)} == {_LIMITS[path, method] for path in documentation}
    assert all(of_list == _LIMITS[path, method] for path in listings)
    assert ({"Ref": "RequestsPerSecond"}, {"Ref": "RequestsAtOnce"}) == _LIMITS["*", "*"]


def test_documentation_is_on_in_dev_and_off_in_prod() -> None:
    """It is off by default."""
    given = [stages.read(stage).get("Docs", "") for stage in ("dev", "emulator", "prod")]

    assert ["on", "on", ""] == given
    assert "off" == _APP["Parameters"]["Docs"]["Default"]


def test_metrics_by_method_are_off() -> None:
    """They are charged by method. The alarms read those by API and stage, which are free."""
    assert {False} == {each["MetricsEnabled"] for each in _API["MethodSettings"]}
    for name, each in _RESOURCES.items():
        if each.get("Properties", {}).get("Namespace") == "AWS/ApiGateway":
            names = {dimension["Name"] for dimension in each["Properties"]["Dimensions"]}
            assert {"ApiName", "Stage"} == names, name


def test_alarms_and_dashboard_use_the_metrics_that_exist() -> None:
    """
    Each of our metrics is watched or shown, and no other.

    DynamoDB's ThrottledRequests has the dimension Operation ("DynamoDB Metrics and dimensions"),
    so throttled requests of a table are shown by two other metrics.
    """
    alarms = [each["Properties"] for each in _RESOURCES.values() if _is_alarm(each)]
    watched = {each["MetricName"] for each in alarms if each["Namespace"] == metrics.NAMESPACE}
    body, _ = _RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(body)["widgets"]
    rows = [row for widget in widgets for row in widget["properties"]["metrics"]]
    shown = {row[1] for row in rows if row[0] == metrics.NAMESPACE}
    of_table = {row[1] for row in rows if row[0] == "AWS/DynamoDB"}

    assert {"CacheBypasses", "BreakerOpened", "FencesLost"} == watched
    assert set(metrics.UNITS) == watched | shown
    assert {"ReadThrottleEvents", "WriteThrottleEvents"} == of_table


def test_the_code_counts_only_known_metrics() -> None:
    """Each counted name is in the list, and each name of the list is counted."""
    sources = (build.ROOT / "chalicelib").rglob("*.py")
    text = "".join(path.read_text("utf-8") for path in sources if path.name != "metrics.py")
    counted = set(re.findall(r'\b(?:count|time)\("(\w+)"', text))
    by_outcome = {name for names in telemetry._COUNTED.values() for name in names}

    latencies = {name for name in metrics.MILLISECONDS if name.endswith("Latency")}
    assert set(metrics.UNITS) == counted | by_outcome | latencies


def test_the_access_log_identifies_the_caller_of_a_request() -> None:
    """Each line is JSON. Its request id is that of the function's lines."""
    _, log, without = _API["AccessLogSetting"]["Fn::If"]
    line = json.loads(log["Format"])

    assert "$context.requestId" == line["request_id"]
    assert "$context.path" == line["path"]
    assert {"$context.identity.caller", "$context.identity.sourceIp"} <= set(line.values())
    assert {"Ref": "AWS::NoValue"} == without


def test_the_alarms_use_the_name_of_the_api() -> None:
    """An import of a definition can name the API by its title."""
    names = [each["Value"] for each in _RESOURCES["ServerErrors"]["Properties"]["Dimensions"]]

    assert names[0] == _API["DefinitionBody"]["info"]["title"] == _API["Name"]


def _is_alarm(resource: dict[str, Any]) -> bool:
    return resource.get("Type") == "AWS::CloudWatch::Alarm"
