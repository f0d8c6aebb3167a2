"""Which other sites' pages may call the API from a browser."""

from typing import Final

from chalice.app import CORSConfig

EXPOSED: Final = (
    "ETag",
    "Last-Modified",
    "Link",
    "Location",
    "Retry-After",
    "Server-Timing",
    "X-Cache",
    "X-Request-Id",
)
ALLOWED: Final = (
    "Idempotency-Key",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Unmodified-Since",
    "X-Request-Id",
)
PREFLIGHT_SECONDS: Final = 600


def config(origin: str | None) -> CORSConfig | bool:
    """Return what Chalice's routes take: the one origin, `*` for any, `None` for no other."""
    if origin is None:
        return False
    return CORSConfig(
        allow_origin=origin,
        allow_headers=ALLOWED,
        expose_headers=EXPOSED,
        max_age=PREFLIGHT_SECONDS,
    )
