"""
The usage plan that a stage's API key needs, where no stack has it: after `chalice deploy`.

Its limits are those of `infra/app/gateway.yaml`. Knows the plan by its name, which is the stage's.
"""

from __future__ import annotations

from typing import Any

from dev.deploy import settings
from dev.deploy.gateway_responses import STAGE
from dev.deploy.settings import Values
from dev.deploy.templates import Template


def admit(apigateway: Any, api_id: str, app: Template, values: Values) -> None:
    """Let the stage's key, where it has one, call the API; its count starts anew."""
    remove(apigateway, values["Stage"])
    if values["ApiKeyId"]:
        plan = apigateway.create_usage_plan(
            name=_name(values["Stage"]),
            apiStages=[{"apiId": api_id, "stage": STAGE}],
            **_limits(settings.known(app, values)),
        )
        apigateway.create_usage_plan_key(
            usagePlanId=plan["id"], keyId=values["ApiKeyId"], keyType="API_KEY"
        )


def remove(apigateway: Any, stage: str) -> None:
    """Remove the stage's plan, if there is one."""
    pages = apigateway.get_paginator("get_usage_plans").paginate()
    for plan in [each for page in pages for each in page["items"] if each["name"] == _name(stage)]:
        for covered in plan.get("apiStages", []):
            where = f"{covered['apiId']}:{covered['stage']}"
            left = {"op": "remove", "path": "/apiStages", "value": where}
            apigateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=[left])
        apigateway.delete_usage_plan(usagePlanId=plan["id"])


def _name(stage: str) -> str:
    return f"product-catalog-{stage}-chalice"


def _limits(known: Values) -> dict[str, Any]:
    rate, burst = float(known["KeyRequestsPerSecond"]), int(known["KeyRequestsAtOnce"])
    quota = {"limit": int(known["KeyRequestsPerMonth"]), "period": "MONTH"}
    return {"throttle": {"rateLimit": rate, "burstLimit": burst}, "quota": quota}
