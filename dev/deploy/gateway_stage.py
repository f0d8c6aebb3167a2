"""
The limits and the log of API Gateway's stage, where no stack sets them: after `chalice deploy`.

Both are those of `infra/app/gateway.yaml`, and hold from one deployment to the next.
"""

from __future__ import annotations

from typing import Any

from dev.deploy import settings
from dev.deploy.gateway_responses import STAGE
from dev.deploy.settings import Values
from dev.deploy.templates import Template


def limit(apigateway: Any, api_id: str, app: Template, values: Values) -> None:
    """Set how often the stage and each method of it may be called, and what is logged."""
    properties = app["Resources"]["RestAPI"]["Properties"]
    known = settings.known(app, values)
    logs = known["GatewayLogs"] == "true"
    wanted: dict[str, str] = {}
    for method in properties["MethodSettings"]:
        path = f"/{_key(method)}"
        wanted |= {
            f"{path}/throttling/rateLimit": _value(method["ThrottlingRateLimit"], known),
            f"{path}/throttling/burstLimit": _value(method["ThrottlingBurstLimit"], known),
            f"{path}/metrics/enabled": "false",
            f"{path}/logging/loglevel": method["LoggingLevel"]["Fn::If"][1 if logs else 2],
        }
    if logs:
        _, access_log, _ = properties["AccessLogSetting"]["Fn::If"]
        # CloudFormation's ARN of a log group ends with its streams, `:*`; the gateway's does not.
        arn = known["AccessLogArn"].removesuffix(":*")
        wanted["/accessLogSettings/destinationArn"] = arn
        wanted["/accessLogSettings/format"] = access_log["Format"]
    patch = [{"op": "replace", "path": path, "value": value} for path, value in wanted.items()]
    if not logs and "accessLogSettings" in apigateway.get_stage(restApiId=api_id, stageName=STAGE):
        patch.append({"op": "remove", "path": "/accessLogSettings"})
    apigateway.update_stage(restApiId=api_id, stageName=STAGE, patchOperations=patch)


def _key(method: dict[str, Any]) -> str:
    """Return the method's key in a stage: `*/*`, or `~1products/GET`."""
    return f"{method['ResourcePath'].removeprefix('/')}/{method['HttpMethod']}"


def _value(given: Any, known: Values) -> str:
    return known[given["Ref"]] if isinstance(given, dict) else str(given)
