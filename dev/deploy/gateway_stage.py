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
    """Have the stage throttle its callers, count them and log them."""
    properties = app["Resources"]["RestAPI"]["Properties"]
    (method,) = properties["MethodSettings"]
    known = settings.known(app, values)
    wanted = {
        "/*/*/throttling/rateLimit": known[method["ThrottlingRateLimit"]["Ref"]],
        "/*/*/throttling/burstLimit": known[method["ThrottlingBurstLimit"]["Ref"]],
        "/*/*/metrics/enabled": "true",
        "/*/*/logging/loglevel": method["LoggingLevel"],
        # CloudFormation tells a log group with its streams, `…:*`; the gateway wants the group.
        "/accessLogSettings/destinationArn": known["AccessLogArn"].removesuffix(":*"),
        "/accessLogSettings/format": properties["AccessLogSetting"]["Format"],
    }
    patch = [{"op": "replace", "path": path, "value": value} for path, value in wanted.items()]
    apigateway.update_stage(restApiId=api_id, stageName=STAGE, patchOperations=patch)
