"""Whether the API can do its work: it can without Redis, but not without DynamoDB."""

from __future__ import annotations

import json

from chalice.app import Response

from chalicelib import bootstrap
from chalicelib.api.problems import RETRY_AFTER_SECONDS
from chalicelib.api.routes import Routes
from chalicelib.errors import CacheUnavailable, StoreUnavailable
from chalicelib.products.cache import key_of

routes = Routes(__name__)

_WORDS = {True: "connected", False: "disconnected"}


@routes.route("/health", methods=["GET", "HEAD"])
def health() -> Response:
    """Ask both, and tell."""
    redis, dynamodb = _redis_answers(), _dynamodb_answers()
    body = {
        "status": "healthy" if dynamodb else "unhealthy",
        "api": "operational",
        "redis": _WORDS[redis],
        "cache_fallback": "enabled",
        "dynamodb": _WORDS[dynamodb],
    }
    response = Response(json.dumps(body), {"Content-Type": "application/json"})
    if not dynamodb:
        response.status_code = 503
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def _redis_answers() -> bool:
    container = bootstrap.container()
    if not container.settings.cache_enabled:
        return False
    try:
        container.redis.check(key_of("health"))
    except CacheUnavailable:
        return False
    return True


def _dynamodb_answers() -> bool:
    try:
        bootstrap.container().repository.ping()
    except StoreUnavailable:
        return False
    return True
