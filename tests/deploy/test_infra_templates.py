"""What the templates of `infra/` promise, whatever deploys them."""

import json
import re
from typing import Any

import botocore.session
import pytest

from chalicelib import telemetry
from chalicelib.api.problems import TITLES
from chalicelib.telemetry import metrics
from dev.deploy import build, templates

_BODY = templates.app()["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
_RESPONSES: dict[str, dict[str, Any]] = _BODY["x-amazon-apigateway-gateway-responses"]
_STATUSES = [(kind, int(response["statusCode"])) for kind, response in _RESPONSES.items()]


def test_every_answer_of_the_gateway_itself_is_ours_to_shape() -> None:
    """The list is botocore's: a new kind of answer fails here until it has a problem."""
    model = botocore.session.get_session().get_service_model("apigateway")
    kinds = set(model.shape_for("GatewayResponseType").enum) - {"DEFAULT_4XX", "DEFAULT_5XX"}

    assert kinds == set(_RESPONSES)


@pytest.mark.parametrize(("kind", "status"), _STATUSES)
def test_an_answer_of_the_gateway_is_a_problem(kind: str, status: int) -> None:
    """Its body is JSON with the status that it has, and the title that RFC 9110 gives it."""
    response = _RESPONSES[kind]
    template = response["responseTemplates"]["application/json"]
    problem = json.loads(template.replace("$context.error.messageString", '"told"'))

    assert {"type", "title", "status", "detail"} == set(problem)
    assert status == problem["status"]
    assert TITLES.get(status, problem["title"]) == problem["title"]
    headers = response["responseParameters"]
    assert "'application/problem+json'" == headers["gatewayresponse.header.Content-Type"]
    assert "context.requestId" == headers["gatewayresponse.header.X-Request-Id"]
    assert ("gatewayresponse.header.Retry-After" in headers) == (status in (429, 503))


def test_the_deployed_table_is_the_local_one_and_more() -> None:
    """Keys, indexes and stream are of `infra/tables/`; what is added keeps the data."""
    tables = templates.merged(templates.parts(templates.INFRA / "tables"))
    local = tables["Resources"]["ProductsTable"]
    deployed = templates.data()["Resources"]["ProductsTable"]

    assert local["Properties"].items() <= deployed["Properties"].items()
    assert deployed["Properties"]["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True
    }
    assert "DeletionProtectionEnabled" in deployed["Properties"]


def test_each_function_takes_from_the_data_stack_what_that_tells() -> None:
    """An app parameter without a default is the code's place, or an output by the same name."""
    needed = {name for name, each in templates.app()["Parameters"].items() if "Default" not in each}

    assert set() == needed - set(templates.data()["Outputs"]) - {"Stage", "CodeBucket", "CodeKey"}


def test_no_policy_names_every_resource_but_those_of_network_and_traces() -> None:
    """What must be `*` is X-Ray's, or is Lambda's alone: the function's own code is denied it."""
    everywhere = [
        (name, statement)
        for name, resource in templates.data()["Resources"].items()
        for document in _policies(resource)
        for statement in document["Statement"]
        if statement.get("Resource") == "*"
    ]

    traces, allowed, denied = everywhere
    assert ("TracingPolicy", "Allow") == (traces[0], traces[1]["Effect"])
    assert all(action.startswith("xray:Put") for action in traces[1]["Action"])
    assert [("NetworkPolicy", "Allow"), ("NetworkPolicy", "Deny")] == [
        (name, statement["Effect"]) for name, statement in (allowed, denied)
    ]
    assert allowed[1]["Action"] == denied[1]["Action"]


def test_the_code_of_redis_needs_no_command_that_its_user_is_denied() -> None:
    """Each command of the scripts stands in the user's rights."""
    rights = templates.data()["Mappings"]["Redis"]["User"]["Access"]
    scripts = (build.ROOT / "chalicelib" / "caching" / "scripts.py").read_text("utf-8")
    called = {name.lower() for name in re.findall(r"redis\.p?call\('(\w+)'", scripts)}

    assert {"getex", "set", "del", "time"} == called
    assert called <= set(re.findall(r"\+(\S+)", rights))


def test_the_metrics_that_are_looked_at_are_those_that_the_code_emits() -> None:
    """One named anew would silence an alarm; one that nobody sees would cost for nothing."""
    resources = templates.app()["Resources"]
    alarms = [each["Properties"] for each in resources.values() if _is_alarm(each)]
    watched = {each["MetricName"] for each in alarms if each["Namespace"] == metrics.NAMESPACE}
    body, _ = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    rows = [
        row for widget in json.loads(body)["widgets"] for row in widget["properties"]["metrics"]
    ]
    shown = {row[1] for row in rows if row[0] == metrics.NAMESPACE}

    assert {"CacheBypasses", "BreakerOpened", "FencesLost"} == watched
    assert set(metrics.UNITS) == watched | shown


def test_the_code_counts_under_names_that_are_metrics() -> None:
    """Each is one of the list, and each of the list is counted somewhere."""
    sources = (build.ROOT / "chalicelib").rglob("*.py")
    text = "".join(path.read_text("utf-8") for path in sources if path.name != "metrics.py")
    counted = set(re.findall(r'\b(?:count|time)\("(\w+)"', text))
    by_outcome = {name for names in telemetry._COUNTED.values() for name in names}

    latencies = {name for name in metrics.MILLISECONDS if name.endswith("Latency")}
    assert set(metrics.UNITS) == counted | by_outcome | latencies


def test_the_access_log_leads_from_a_request_to_its_caller() -> None:
    """Each line is JSON; its request id is that of our own lines, its path has the product."""
    setting = templates.app()["Resources"]["RestAPI"]["Properties"]["AccessLogSetting"]
    _, log, without = setting["Fn::If"]
    line = json.loads(log["Format"])

    assert "$context.requestId" == line["request_id"]
    assert "$context.path" == line["path"]
    assert {"$context.identity.caller", "$context.identity.sourceIp"} <= set(line.values())
    assert {"Ref": "AWS::NoValue"} == without


def test_the_dashboard_is_json() -> None:
    """CloudFormation passes it on as it is; CloudWatch would refuse it late."""
    body, _ = templates.app()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]

    titles = [each["properties"]["title"] for each in json.loads(body)["widgets"]]
    assert "Hit ratio" in titles


def test_throttled_requests_are_shown_by_metrics_of_the_table() -> None:
    """ThrottledRequests has the dimension Operation too ("DynamoDB Metrics and dimensions")."""
    body, _ = templates.app()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    rows = [row for each in json.loads(body)["widgets"] for row in each["properties"]["metrics"]]

    assert {"ReadThrottleEvents", "WriteThrottleEvents"} == {
        row[1] for row in rows if row[0] == "AWS/DynamoDB"
    }


def test_the_api_has_the_name_that_its_alarms_look_for() -> None:
    """By its title too: an import of a definition may name the API by that."""
    resources = templates.app()["Resources"]
    names = [each["Value"] for each in resources["ServerErrors"]["Properties"]["Dimensions"]]

    assert names[0] == _BODY["info"]["title"] == resources["RestAPI"]["Properties"]["Name"]


def _is_alarm(resource: dict[str, Any]) -> bool:
    return resource.get("Type") == "AWS::CloudWatch::Alarm"


def _policies(resource: dict[str, Any]) -> list[dict[str, Any]]:
    properties = resource.get("Properties", {})
    inline = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    own = properties.get("PolicyDocument")
    return [*inline, own] if own else inline
