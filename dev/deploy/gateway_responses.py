"""
Puts the gateway's own answers one by one, where they do not come with the API.

So it is after `chalice deploy`, which knows none, and on the emulator, which leaves them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dev.deploy.templates import Template

STAGE: Final = "api"
"""Of API Gateway: `api_gateway_stage` of `.chalice/config.json`."""


def put(apigateway: Any, api_id: str, app: Template, origin: str = "") -> None:
    """Put them as `infra/app/responses.yaml` has them, and deploy, which makes it so."""
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
    """Return those that the stage has: the one under a condition is CORS's."""
    plain = {name: value for name, value in parameters.items() if isinstance(value, str)}
    cors = {name: f"'{origin}'" for name in parameters.keys() - plain.keys() if origin}
    return plain | cors
