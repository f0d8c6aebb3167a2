"""
What the emulator lacks for a plain `chalice deploy`: ImportRestApi and PutRestApi. Tests only.

Stands before the emulator as a proxy: the two calls are made of calls that it has; all others pass.
Chalice also patches an empty `minimumCompressionSize`, which AWS takes and the emulator does not.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Definition = dict[str, Any]
_NOBODY: Definition = {"authorizationType": "NONE"}
_OF_A_CONNECTION = {"connection", "server", "date", "transfer-encoding", "content-length"}


def import_api(apigateway: Any, definition: Definition) -> str:
    """Make an API of its definition, and return its id."""
    api_id: str = apigateway.create_rest_api(name=definition["info"]["title"])["id"]
    put_api(apigateway, api_id, definition)
    return api_id


def put_api(apigateway: Any, api_id: str, definition: Definition) -> None:
    """Make an API what the definition says, in place of what it was."""
    pages = apigateway.get_paginator("get_resources").paginate(restApiId=api_id)
    found = {each["path"]: each["id"] for page in pages for each in page["items"]}
    for path in sorted(found, key=len, reverse=True):
        if path != "/":
            apigateway.delete_resource(restApiId=api_id, resourceId=found[path])
    made = {"": found["/"], "/": found["/"]}
    schemes = _schemes(apigateway, api_id, definition)
    for path, operations in definition["paths"].items():
        resource = _resource(apigateway, api_id, path, made)
        for method, operation in operations.items():
            asked = [schemes[name] for each in operation.get("security", []) for name in each]
            where = {"restApiId": api_id, "resourceId": resource, "httpMethod": method.upper()}
            _put_method(apigateway, where, operation, asked[0] if asked else _NOBODY)


def _resource(apigateway: Any, api_id: str, path: str, made: dict[str, str]) -> str:
    if path not in made:
        parent, _, part = path.rpartition("/")
        parent_id = _resource(apigateway, api_id, parent, made)
        new = apigateway.create_resource(restApiId=api_id, parentId=parent_id, pathPart=part)
        made[path] = new["id"]
    return made[path]


def _schemes(apigateway: Any, api_id: str, definition: Definition) -> dict[str, Definition]:
    """Return what a method says that asks callers for it: a key, a signature, a user's token."""
    schemes = {
        "api_key": _NOBODY | {"apiKeyRequired": True},
        "sigv4": {"authorizationType": "AWS_IAM"},
    }
    pool = definition.get("securityDefinitions", {}).get("cognito")
    if pool:
        made = apigateway.create_authorizer(
            restApiId=api_id,
            name="cognito",
            type="COGNITO_USER_POOLS",
            providerARNs=pool["x-amazon-apigateway-authorizer"]["providerARNs"],
            identitySource="method.request.header.Authorization",
        )
        schemes["cognito"] = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": made["id"]}
    return schemes


def _put_method(apigateway: Any, where: Definition, operation: Any, asked: Definition) -> None:
    apigateway.put_method(**where, **asked)
    integration = operation["x-amazon-apigateway-integration"]
    target = {"uri": integration["uri"]} if "uri" in integration else {}
    apigateway.put_integration(
        **where, **target, type=integration["type"].upper(), integrationHttpMethod="POST"
    )


class _Proxy(BaseHTTPRequestHandler):
    """Of one emulator: `importing` makes the class for it."""

    port: int
    apigateway: Any

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        mode = parse_qs(url.query).get("mode")
        if url.path == "/restapis" and mode == ["import"]:
            self._answer(201, {"id": import_api(self.apigateway, json.loads(body))})
        elif self.command == "PUT" and mode == ["overwrite"]:
            api_id = url.path.rpartition("/")[2]
            put_api(self.apigateway, api_id, json.loads(body))
            self._answer(200, {"id": api_id})
        else:
            self._pass_on(_without_compression(body))

    do_GET = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_POST  # noqa: N815 — the base's way

    def _pass_on(self, body: bytes) -> None:
        headers = {**dict(self.headers.items()), "Content-Length": str(len(body))}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_A_CONNECTION:
                self.send_header(name, value)
        self._end(content)
        connection.close()

    def _answer(self, status: int, content: Any) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self._end(json.dumps(content).encode())

    def _end(self, content: bytes) -> None:
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def importing(port: int, apigateway: Any) -> Iterator[str]:
    """Give the URL of an emulator, at `port`, that can import definitions."""
    proxy = type("Proxy", (_Proxy,), {"port": port, "apigateway": apigateway})
    with ThreadingHTTPServer(("127.0.0.1", 0), proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _without_compression(body: bytes) -> bytes:
    if b"/minimumCompressionSize" not in body:
        return body
    patch = json.loads(body)
    operations = patch["patchOperations"]
    kept = [each for each in operations if each["path"] != "/minimumCompressionSize"]
    return json.dumps({**patch, "patchOperations": kept}).encode()
