"""Whether the API can do its work: it can without Redis, but not without DynamoDB."""

from __future__ import annotations

import json
from collections.abc import Callable

from chalice.app import Response

from chalicelib.api.problems import RETRY_AFTER_SECONDS
from chalicelib.api.routes import Routes
from chalicelib.errors import CacheUnavailable, StoreUnavailable

Check = Callable[[], None]

_WORDS = {True: "connected", False: "disconnected"}


class HealthRoutes(Routes):
    """`GET /health`. The checks raise `CacheUnavailable` and `StoreUnavailable`."""

    def __init__(self, check_redis: Check, check_dynamodb: Check) -> None:
        super().__init__(__name__)
        self._check_redis = check_redis
        self._check_dynamodb = check_dynamodb
        self.route("/health", methods=["GET", "HEAD"])(self.health)

    def health(self) -> Response:
        """Return the state of both; 503 without DynamoDB."""
        redis, dynamodb = _passes(self._check_redis), _passes(self._check_dynamodb)
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


def _passes(check: Check) -> bool:
    try:
        check()
    except (CacheUnavailable, StoreUnavailable):
        return False
    return True
