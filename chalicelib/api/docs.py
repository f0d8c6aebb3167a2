"""
The API's own documentation: the OpenAPI document, Swagger UI and ReDoc. Knows no product.

All of it are files beside this module, read when first asked for, so a start pays nothing. The
pages' libraries are vendored from npm (`assets/README.md`): a fresh clone with only Python serves
them, the Lambda's zip holds these few files and no package's whole tree, and they are text, which
API Gateway passes on as it is. Links are relative: they hold under any stage.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from chalice.app import Request, Response

from chalicelib.api import preconditions
from chalicelib.api.problems import Problem
from chalicelib.api.routes import Routes

DIRECTORY: Final = Path(__file__).parent
NO_PREFLIGHT: Final = False
"""A browser opens these itself, so no page of another origin asks first."""
_MEDIA_TYPES: Final = {
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
ASSETS: Final = (
    "docs.js",
    "redoc-2.5.4.js",
    "redoc.css",
    "redoc.js",
    "swagger-ui-5.35.0.css",
    "swagger-ui-5.35.0.js",
)
"""What `/assets/` serves. The content behind a name with a version never changes."""

_VERSIONED: Final = re.compile(r".+-[0-9.]+\.(?:css|js)")
_A_YEAR: Final = "public, max-age=31536000, immutable"
_OWN_FILES: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_POLICIES: Final = {"docs.html": _OWN_FILES, "redoc.html": f"{_OWN_FILES}; worker-src blob:"}
"""Both libraries write styles into the page; ReDoc's search runs in a worker made of a blob."""


class _File(NamedTuple):
    text: str
    tag: str


class DocsRoutes(Routes):
    """The document and the pages, read from files. `enabled`: else each is a 404."""

    def __init__(self, *, enabled: bool) -> None:
        super().__init__(__name__)
        self._enabled = enabled
        page = {"methods": ["GET", "HEAD"], "cors": NO_PREFLIGHT}
        self.route("/openapi.json", methods=["GET", "HEAD"])(self.openapi)
        self.route("/docs", **page)(self.swagger_ui)
        self.route("/redoc", **page)(self.redoc)
        self.route("/assets/{name}", **page)(self.asset)

    def openapi(self) -> Response:
        """Return the document, as `make openapi` wrote it."""
        return self._file("openapi.json", DIRECTORY / "openapi.json")

    def swagger_ui(self) -> Response:
        """Return the page to read and to try."""
        return self._page("docs")

    def redoc(self) -> Response:
        """Return the page to read."""
        return self._page("redoc")

    def asset(self, name: str) -> Response:
        """Return a file of the pages."""
        if name not in ASSETS:
            raise Problem(404, "No such file")
        return self._file(name, DIRECTORY / "assets" / name)

    def _page(self, name: str) -> Response:
        """
        Return a page, under its one path: its links are relative.

        API Gateway takes `/docs/` for `/docs`, where `assets/` would mean `/docs/assets/`.
        """
        if self._enabled and self.request.context.get("path", "").endswith("/"):
            return Response("", {"Location": f"../{name}"}, 308)
        return self._file(f"{name}.html", DIRECTORY / "assets" / f"{name}.html")

    def _file(self, name: str, path: Path) -> Response:
        if not self._enabled:
            raise Problem(404, "No such file")
        return _answer(self.request, name, path)


def _answer(request: Request, name: str, path: Path) -> Response:
    file = _read(path)
    headers: dict[str, str | list[str]] = {"ETag": preconditions.etag(file.tag)}
    if _VERSIONED.fullmatch(name):
        headers["Cache-Control"] = _A_YEAR
    if name in _POLICIES:
        headers["Content-Security-Policy"] = _POLICIES[name]
    if preconditions.is_known(request, file.tag):
        return Response("", headers, 304)
    headers["Content-Type"] = _MEDIA_TYPES[Path(name).suffix]
    return Response(file.text, headers)


@cache
def _read(path: Path) -> _File:
    content = path.read_bytes()
    return _File(content.decode(), hashlib.sha256(content).hexdigest()[:16])
