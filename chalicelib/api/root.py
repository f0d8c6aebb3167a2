"""`GET /`: the service's name, its version, and where to go on. Knows no product."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from functools import cache
from string import Template
from typing import Final
from urllib.parse import quote

from chalice.app import Response

from chalicelib import VERSION
from chalicelib.api.docs import DIRECTORY
from chalicelib.api.routes import Routes

NAME: Final = "Product catalog"
_DOCS: Final = {"documentation": "docs", "reference": "redoc", "openapi": "openapi.json"}
_DESCRIPTIONS: Final = {
    "documentation": "Read the API and try it, in Swagger UI",
    "reference": "The same to read, in ReDoc",
    "openapi": "The OpenAPI document, for programs",
    "health": "Whether Redis and DynamoDB answer",
}


def paths(resources: Iterable[str], *, with_docs: bool = True) -> dict[str, str]:
    """Return the links, relative to the root."""
    docs = _DOCS if with_docs else {}
    return {**docs, **{name: name for name in resources}, "health": "health"}


class RootRoutes(Routes):
    """`GET /`, with a link to each resource's collection."""

    def __init__(self, resources: Iterable[str], *, with_docs: bool) -> None:
        super().__init__(__name__)
        self._paths = paths(resources, with_docs=with_docs)
        self.route("/", methods=["GET", "HEAD"])(self.root)

    def root(self) -> Response:
        """Return a page where `Accept` names HTML, else JSON."""
        links = self._links()
        if _names_html(self.request.headers.get("accept", "")):
            return _page(links)
        body = json.dumps({"name": NAME, "version": VERSION, "links": links})
        return Response(body, {"Content-Type": "application/json", "Vary": "Accept"})

    def _links(self) -> dict[str, str]:
        """
        Return the links, relative to the request's own URL.

        So they hold behind any prefix. API Gateway answers `/dev` as it does `/dev/`; from the
        former a relative link has to begin with the stage.
        """
        last = quote(self.request.context.get("path", "/").rpartition("/")[2], safe="%")
        return {name: f"{last}/{path}" if last else path for name, path in self._paths.items()}


def _names_html(accept: str) -> bool:
    media_types = (part.partition(";")[0].strip().lower() for part in accept.split(","))
    return "text/html" in media_types


def _page(links: dict[str, str]) -> Response:
    entries = "".join(
        f'<dt><a href="{url}">{name.capitalize()}</a></dt>'
        f"<dd>{_DESCRIPTIONS.get(name, 'The first page')}</dd>"
        for name, url in links.items()
    )
    headers: dict[str, str | list[str]] = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _policy(),
        "Vary": "Accept",
    }
    page = _template().substitute(name=NAME, version=VERSION, links=entries)
    return Response(page, headers)


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
