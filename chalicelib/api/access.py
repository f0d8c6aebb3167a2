"""
Which callers each route accepts: the one place for the decision. API Gateway enforces it.

Every route follows the settings unless it is listed here, so a new one is not open by mistake.
Preflights (`OPTIONS`) are no routes: Chalice declares them, open to all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalice.app import Authorizer, CognitoUserPoolAuthorizer, IAMAuthorizer, RouteEntry

from chalicelib.settings import Settings

OPEN_TO_ALL: Final = ("/", "/health", "/openapi.json", "/docs", "/redoc", "/assets/{name}")
READS: Final = ("GET", "HEAD")


def guard(routes: Mapping[str, Mapping[str, RouteEntry]], settings: Settings) -> None:
    """Protect reads as `READ_ACCESS` requires, and all other methods as `WRITE_ACCESS` does."""
    authorizers = _authorizers(settings)
    for path in routes.keys() - set(OPEN_TO_ALL):
        for method, route in routes[path].items():
            way = settings.read_access if method in READS else settings.write_access
            route.authorizer = authorizers.get(way)
            route.api_key_required = way == "key"


def _authorizers(settings: Settings) -> dict[str, Authorizer]:
    """Return those that are more than a flag of the route, as a key is, or nothing at all."""
    pools = [settings.cognito_pool_arn] if settings.cognito_pool_arn else []
    return {"iam": IAMAuthorizer(), "cognito": CognitoUserPoolAuthorizer("cognito", pools)}
