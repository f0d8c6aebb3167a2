"""The headers of answers: what each one says, and which go together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dev.openapi import examples

Header = dict[str, Any]


def _header(about: str, example: str, *, always: bool = True, **rules: Any) -> Header:
    schema = {"type": "string", **rules}
    return {"description": about, "required": always, "schema": schema, "example": example}


MOMENT: Final = "Sun, 22 Nov 2026 16:11:21 GMT"

ALL: Final[dict[str, Header]] = {
    "X-Request-Id": _header(
        "Yours, where the request had a fit one; else made by the server. Leads to the log lines.",
        "8b2f6c1e-3f0e-4a7b-9a53-2f4f0f8a1c77",
        pattern="^[A-Za-z0-9._-]{1,128}$",
    ),
    "Server-Timing": _header(
        "Where the time went, in ms: `cache` (Redis), `db` (DynamoDB), `app` (the rest).",
        "cache;dur=0.21, app;dur=0.35",
    ),
    "Cache-Control": _header(
        "`no-cache`: nobody on the way may answer in our stead without asking.", "no-cache"
    ),
    "Content-Security-Policy": _header(
        "What a page may load: nothing.", "default-src 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": _header("Always `nosniff`.", "nosniff", const="nosniff"),
    "Access-Control-Allow-Origin": _header("Where CORS is on.", "*", always=False),
    "Access-Control-Expose-Headers": _header("Where CORS is on.", "ETag,Link", always=False),
    "ETag": _header(
        "The product's version; strong: the same tag, the same bytes.",
        f'"{examples.VERSION}"',
        pattern='^"[0-9]+"$',
    ),
    "Last-Modified": _header("When the product was last written.", MOMENT),
    "X-Cache": _header(
        "`HIT`: from Redis. `MISS`: from DynamoDB, Redis asked first. `BYPASS`: Redis not asked, "
        "or it did not answer.",
        "HIT",
        enum=["HIT", "MISS", "BYPASS"],
    ),
    "Location": _header(
        "Where the product is.", f"/products/{examples.ID}", pattern="/products/[0-9a-f-]{36}$"
    ),
    "Link": _header(
        "The next page (RFC 8288); absent on the last one.",
        f'</products?limit=20&cursor={examples.CURSOR}>; rel="next"',
        always=False,
        pattern='^<[^>]*/products\\?[^>]+>; rel="next"$',
    ),
    "Vary": _header("What the answer depends on.", "Accept", const="Accept"),
    "Retry-After": _header("Seconds to wait.", "1", pattern="^[0-9]+$"),
    "WWW-Authenticate": _header("What is asked for.", "Bearer", const="Bearer"),
    "FileTag": _header("A digest of the file.", '"47DEQpj8HBSa-_TI"', pattern='^"[A-Za-z0-9_-]+"$'),
    "FileCaching": _header("`immutable` for a file whose name bears its version.", "no-cache"),
    "PagePolicy": _header("What the page may load: this host's files only.", "default-src 'none'"),
    "RootPolicy": _header("What the page may load: its own style only.", "default-src 'none'"),
}

_OF_THE_GATEWAY: Final = ("X-Request-Id", "Cache-Control", "Access-Control-Allow-Origin")
_EVERYWHERE: Final = (
    "X-Request-Id",
    "Server-Timing",
    "Cache-Control",
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
)


def of(*names: str, **components: str) -> Mapping[str, Any]:
    """Return `names`, those of every answer, and headers told by a component of another name."""
    own = {name.replace("_", "-"): component for name, component in components.items()}
    used = {name: name for name in (*names, *_EVERYWHERE)} | own
    return {name: {"$ref": f"#/components/headers/{used[name]}"} for name in used}


def of_the_gateway(*names: str) -> Mapping[str, Any]:
    """Return `names` and those of what the gateway answers by itself."""
    used = (*names, *_OF_THE_GATEWAY)
    return {name: {"$ref": f"#/components/headers/{name}"} for name in used}
