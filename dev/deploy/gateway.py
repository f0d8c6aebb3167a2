"""
Sets on API Gateway what `infra/app/` says, where CloudFormation does not.

After `chalice deploy`: gateway responses, throttling, the log, and the usage plan of an API key. On
the emulator: gateway responses, which its CloudFormation leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dev.deploy import settings
from dev.deploy.settings import Values
from dev.deploy.templates import Template

STAGE: Final = "api"
"""The stage of API Gateway: `api_gateway_stage` of `.chalice/config.json`."""


def put_responses(apigateway: Any, api_id: str, app: Template, origin: str = "") -> None:
    """Set the responses of `infra/app/responses.yaml`, and deploy them."""
    body = app["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    for kind, response in body["x-amazon-apigateway-gateway-responses"].items():
        apigateway.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            statusCode=response["statusCode"],
            responseTemplates=response["responseTemplates"],
            responseParameters=_headers(response["responseParameters"], origin),
        )
    apigateway.create_deployment(restApiId=api_id, stageName=STAGE)


def _headers(parameters: Mapping[str, Any], origin: str) -> dict[str, str]:
    """Return the headers. The only conditional one is that of CORS."""
    plain = {name: value for name, value in parameters.items() if isinstance(value, str)}
    cors = {name: f"'{origin}'" for name in parameters.keys() - plain.keys() if origin}
    return plain | cors


def set_limits(apigateway: Any, api_id: str, app: Template, values: Values) -> None:
    """Set the throttling of the stage and of its methods, and the log."""
    properties = app["Resources"]["RestAPI"]["Properties"]
    known = settings.known(app, values)
    logs = known["GatewayLogs"] == "true"
    wanted: dict[str, str] = {}
    for method in properties["MethodSettings"]:
        path = f"/{_method_key(method)}"
        wanted |= {
            f"{path}/throttling/rateLimit": _value(method["ThrottlingRateLimit"], known),
            f"{path}/throttling/burstLimit": _value(method["ThrottlingBurstLimit"], known),
            f"{path}/metrics/enabled": "false",
            f"{path}/logging/loglevel": method["LoggingLevel"]["Fn::If"][1 if logs else 2],
        }
    if logs:
        _, access_log, _ = properties["AccessLogSetting"]["Fn::If"]
        # API Gateway takes the ARN of a log group without CloudFormation's suffix for streams.
        arn = known["AccessLogArn"].removesuffix(":*")
        wanted["/accessLogSettings/destinationArn"] = arn
        wanted["/accessLogSettings/format"] = access_log["Format"]
    patch = [{"op": "replace", "path": path, "value": value} for path, value in wanted.items()]
    if not logs and "accessLogSettings" in apigateway.get_stage(restApiId=api_id, stageName=STAGE):
        patch.append({"op": "remove", "path": "/accessLogSettings"})
    apigateway.update_stage(restApiId=api_id, stageName=STAGE, patchOperations=patch)


def _method_key(method: dict[str, Any]) -> str:
    """Return the method's key in a stage: `*/*`, or `~1products/GET`."""
    return f"{method['ResourcePath'].removeprefix('/')}/{method['HttpMethod']}"


def _value(given: Any, known: Values) -> str:
    return known[given["Ref"]] if isinstance(given, dict) else str(given)


def add_key(apigateway: Any, api_id: str, app: Template, values: Values) -> None:
    """Make a usage plan for the stage's key, if it has one. The key's quota starts again."""
    remove_key(apigateway, values["Stage"])
    if values["ApiKeyId"]:
        plan = apigateway.create_usage_plan(
            name=_plan_name(values["Stage"]),
            apiStages=[{"apiId": api_id, "stage": STAGE}],
            **_plan_limits(settings.known(app, values)),
        )
        apigateway.create_usage_plan_key(
            usagePlanId=plan["id"], keyId=values["ApiKeyId"], keyType="API_KEY"
        )


def remove_key(apigateway: Any, stage: str) -> None:
    """Remove the stage's plan, if there is one."""
    pages = apigateway.get_paginator("get_usage_plans").paginate()
    for plan in [
        each for page in pages for each in page["items"] if each["name"] == _plan_name(stage)
    ]:
        for covered in plan.get("apiStages", []):
            where = f"{covered['apiId']}:{covered['stage']}"
            left = {"op": "remove", "path": "/apiStages", "value": where}
            apigateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=[left])
        apigateway.delete_usage_plan(usagePlanId=plan["id"])


def _plan_name(stage: str) -> str:
    return f"product-catalog-{stage}-chalice"


def _plan_limits(known: Values) -> dict[str, Any]:
    rate, burst = float(known["KeyRequestsPerSecond"]), int(known["KeyRequestsAtOnce"])
    quota = {"limit": int(known["KeyRequestsPerMonth"]), "period": "MONTH"}
    return {"throttle": {"rateLimit": rate, "burstLimit": burst}, "quota": quota}
