"""A client of the API in the same process."""

import json
from types import ModuleType
from typing import Any

from chalice.test import Client

Body = dict[str, Any] | list[Any] | bytes | str | None


class ApiResponse:
    """The status, the headers by lower-case name, and the body of a response."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers: dict[str, str] = {k.lower(): v for k, v in response.headers.items()}
        self.body: bytes = response.body

    @property
    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"{self.status} {self.headers} {self.body[:500]!r}"


class ApiClient:
    """Sends requests to `module.app` with Chalice's test client, one request at a time."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def send(self, method: str, path: str, body: Body = None, **headers: str) -> ApiResponse:
        """Send a request. `If_Match="…"` sets the header If-Match. A body is JSON by default."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            given = {"Content-Type": "application/json", **given}
        return ApiResponse(
            Client(self._module.app).http.request(method, path, given, as_bytes(body))
        )

    def get(self, path: str, **headers: str) -> ApiResponse:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Body = None, **headers: str) -> ApiResponse:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Body = None, **headers: str) -> ApiResponse:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> ApiResponse:
        return self.send("DELETE", path, **headers)

    def create(self, **fields: Any) -> tuple[str, ApiResponse]:
        """Create a product; return its path and the response."""
        product = {"name": "Mouse", "description": "Small", "price": 24.99, "stock_quantity": 1}
        answer = self.post("/products", {**product, **fields})
        assert answer.status == 201, answer
        return f"/products/{answer.json['id']}", answer


def as_bytes(body: Body) -> bytes:
    if isinstance(body, bytes):
        return body
    text = body if isinstance(body, str) else json.dumps(body)
    return b"" if body is None else text.encode()
