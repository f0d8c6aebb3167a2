"""A client of the API in process. Knows how to send; what to expect is the tests' affair."""

import json
from types import ModuleType
from typing import Any

from chalice.test import Client

Body = dict[str, Any] | list[Any] | bytes | str | None


class Answer:
    """Status, headers by lower-case name, and body of an answer."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers: dict[str, str] = {k.lower(): v for k, v in response.headers.items()}
        self.body: bytes = response.body

    @property
    def json(self) -> Any:
        """Return the body, decoded."""
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"{self.status} {self.headers} {self.body[:500]!r}"


class Api:
    """Sends requests to `module.app` by Chalice's own test client. One request at a time."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def send(self, method: str, path: str, body: Body = None, **headers: str) -> Answer:
        """Send a request; `If_Match="…"` sets the header If-Match, a body is JSON unless told."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            given = {"Content-Type": "application/json", **given}
        return Answer(Client(self._module.app).http.request(method, path, given, as_bytes(body)))

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Body = None, **headers: str) -> Answer:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Body = None, **headers: str) -> Answer:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.send("DELETE", path, **headers)

    def create(self, **fields: Any) -> tuple[str, Answer]:
        """Make a product; return its path and the answer."""
        product = {"name": "Mouse", "description": "Small", "price": 24.99, "stock_quantity": 1}
        answer = self.post("/products", {**product, **fields})
        assert answer.status == 201, answer
        return f"/products/{answer.json['id']}", answer


def as_bytes(body: Body) -> bytes:
    if isinstance(body, bytes):
        return body
    text = body if isinstance(body, str) else json.dumps(body)
    return b"" if body is None else text.encode()
