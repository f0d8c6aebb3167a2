"""A client of a deployed API: by its host name as on AWS, signed or with other credentials."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from dev.stack.environment import REGION
from tests.running_stack import HttpResponse, eventually

if TYPE_CHECKING:
    from tests.deploy.deployment import Site

MOUSE = {
    "name": "Wireless Mouse",
    "description": "Adjustable DPI",
    "price": 24.99,
    "stock_quantity": 150,
    "category": "accessories",
}


class Caller:
    """A client with `credentials` to sign by, or with headers such as an API key."""

    def __init__(self, site: Site, credentials: Credentials | None = None, **headers: str) -> None:
        self._site = site
        self._credentials = credentials
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> HttpResponse:
        port = self._site.aws.port
        host = f"{self._site.outputs['RestAPIId']}.execute-api.localhost:{port}"
        sent = {"Host": host, **self._headers, **(headers or {})}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        request = AWSRequest(method, f"http://{host}/api{path}", headers=sent, data=data)
        if self._credentials is not None:
            SigV4Auth(self._credentials, "execute-api", REGION).add_auth(request)
        return _answer(port, method, f"/api{path}", data, dict(request.headers.items()))

    def create(self, **fields: Any) -> Any:
        """Create a product and return it."""
        answer = self.ask("POST", "/products", MOUSE | fields)
        assert 201 == answer.status, answer
        return answer.json

    def is_cached(self, product_id: str) -> bool:
        """Read until the response comes from Redis: another reader may be loading."""
        path = f"/products/{product_id}"
        eventually(lambda: self.ask("GET", path).headers["X-Cache"] == "HIT")
        return True


def _answer(port: int, method: str, path: str, body: bytes | None, headers: Any) -> HttpResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return HttpResponse(response.status, response.headers, response.read())
    finally:
        connection.close()
