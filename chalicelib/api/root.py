"""`GET /`: the service's name, its version, and where to go on. Knows no product."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from string import Template
from typing import Final
from urllib.parse import quote

from chalice.app import Request, Response

from chalicelib import VERSION, wiring
from chalicelib.api.docs import DIRECTORY
from chalicelib.api.routes import Routes

routes = Routes(__name__)

NAME: Final = "Product catalog"
PATHS: Final = {
    "documentation": "docs",
    "reference": "redoc",
    "openapi": "openapi.json",
    "products": "products",
    "health": "health",
}
"""Where each link leads, seen from the root."""
DOCS: Final = ("documentation", "reference", "openapi")
"""Those that the setting `DOCS` takes away."""
_LINKS_TO_DOCS: Final = re.compile(r"\s*<!-- docs -->.*<!-- /docs -->", re.DOTALL)


@routes.route("/", methods=["GET", "HEAD"])
def root() -> Response:
    """Return a page where `Accept` names HTML, else JSON."""
    request = routes.request
    links = _links(request)
    if _names_html(request.headers.get("accept", "")):
        return _page(links)
    body = json.dumps({"name": NAME, "version": VERSION, "links": links})
    return Response(body, {"Content-Type": "application/json", "Vary": "Accept"})


def _links(request: Request) -> dict[str, str]:
    """
    Return the links, relative to the request's own URL.

    So they hold behind any prefix. API Gateway answers `/dev` as it does `/dev/`; from the former
    a relative link has to begin with the stage.
    """
    last = quote(request.context.get("path", "/").rpartition("/")[2], safe="%")
    left_out = () if wiring.container().settings.docs else DOCS
    return {
        name: f"{last}/{path}" if last else path
        for name, path in PATHS.items()
        if name not in left_out
    }


def _names_html(accept: str) -> bool:
    media_types = (part.partition(";")[0].strip().lower() for part in accept.split(","))
    return "text/html" in media_types


def _page(links: dict[str, str]) -> Response:
    headers: dict[str, str | list[str]] = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _policy(),
        "Vary": "Accept",
    }
    template = _template()
    if DOCS[0] not in links:
        template = Template(_LINKS_TO_DOCS.sub("", template.template))
    return Response(template.substitute(links, name=NAME, version=VERSION), headers)


@cache
def _template() -> Template:
    return Template((DIRECTORY / "assets" / "root.html").read_text(encoding="utf-8"))


@cache
def _policy() -> str:
    """Return what the page may load: its own style, by digest, and nothing else."""
    (style,) = re.findall(r"<style>(.*)</style>", _template().template, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
