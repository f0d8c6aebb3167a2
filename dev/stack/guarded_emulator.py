"""
Runs ministack behind a guard: `python -m dev.stack.guarded_emulator`. Knows ASGI and SigV4 keys.

Ministack accepts every caller that reaches its port, including web pages: it sends
`Access-Control-Allow-Origin: *`, and treats unsigned calls and the key `test` as its root. The
guard answers 403 to

* a `Host` that is not a name of this machine, such as a foreign name that resolves to it (DNS
  rebinding);
* `Origin` or `Sec-Fetch-Site`: browsers send one of them with every request of a page;
* missing credentials, and credentials other than the random pair of this start.

With `AUTH=true` it also accepts keys that the emulator's IAM or STS issued, because the emulator
checks their signatures, and calls of a deployed API, which authenticates its callers itself.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qs

from dev.server import hosts

PID_PATH: Final = "/_guard/pid"
"""The guard answers this path with its process id."""
HEALTH_PATH: Final = "/_ministack/health"
_OTHER_KEYS: Final = "The emulator accepts only the keys of this start: see .local/aws-credentials"
"""Refused with AWS's code for unknown keys, so an API that has them answers 503."""
_API_HOST: Final = re.compile(r"[a-f0-9]{8}\.execute-api\.localhost(:\d+)?")
_API_PATH: Final = re.compile(r"/api(/.*)?", re.DOTALL)
"""The stage of `.chalice/config.json`. Other paths on that host reach the emulator itself."""
_API_BY_PATH: Final = re.compile(r"/restapis/[a-f0-9]+/api/_user_request_(/.*)?", re.DOTALL)
_POOL_KEYS: Final = re.compile(r"/[a-z0-9-]+_[A-Za-z0-9]+/\.well-known/jwks\.json")
"""A user pool's public keys. The emulator's gateway requests them unsigned over HTTP."""

Scope = MutableMapping[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = dict[str, list[str]]
FindKey = Callable[[dict[str, str], dict[str, list[str]]], str]


class Guard:
    """
    An ASGI application in front of another.

    `find_key` must be the emulator's own, because a different parser could be bypassed.
    `is_issued` returns whether the emulator checks a key's signature. It is `None` without IAM.
    """

    def __init__(
        self,
        app: App,
        access_key_id: str,
        find_key: FindKey,
        is_issued: Callable[[str], bool] | None = None,
    ) -> None:
        self._app = app
        self._root = access_key_id
        self._find_key = find_key
        self._is_issued = is_issued

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif reason := self.refusal(scope):
            code = "UnrecognizedClient" if reason == _OTHER_KEYS else "AccessDenied"
            await _answer(send, 403, {"__type": f"{code}Exception", "message": reason})
        elif scope["path"] == PID_PATH:
            await _answer(send, 200, {"pid": os.getpid()})
        else:
            await self._app(scope, receive, send)

    def refusal(self, scope: Scope) -> str | None:
        """Return the reason to refuse a request, or `None`."""
        headers = _headers(scope)
        host_fields = headers.get("host", [])
        if not host_fields or not all(map(hosts.is_local, host_fields)):
            return "The emulator accepts only host names of this machine"
        key = self._key(scope, headers)
        if self._calls_deployed_api(scope, host_fields):
            return self._refusal_of_key(key) if key else None
        if headers.keys() & {"origin", "sec-fetch-site"}:
            return "The emulator refuses requests from browsers"
        if scope["path"] in {PID_PATH, HEALTH_PATH} or self._requests_pool_keys(scope):
            return None
        if key != self._root and scope["path"].startswith("/_"):
            return "Administration requires the keys of this start: see .local/aws-credentials"
        return self._refusal_of_key(key)

    def _refusal_of_key(self, key: str) -> str | None:
        if key == self._root or (self._is_issued is not None and key and self._is_issued(key)):
            return None
        return _OTHER_KEYS

    def _key(self, scope: Scope, headers: Headers) -> str:
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        return self._find_key({name: ", ".join(values) for name, values in headers.items()}, query)

    def _requests_pool_keys(self, scope: Scope) -> bool:
        is_match = scope["method"] == "GET" and _POOL_KEYS.fullmatch(scope["path"])
        return self._is_issued is not None and bool(is_match)

    def _calls_deployed_api(self, scope: Scope, host_fields: list[str]) -> bool:
        if self._is_issued is None:
            return False
        path = scope["path"]
        by_host = _API_HOST.fullmatch(host_fields[0]) and _API_PATH.fullmatch(path)
        return bool(by_host or _API_BY_PATH.fullmatch(path))


def _headers(scope: Scope) -> Headers:
    headers: Headers = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return headers


async def _answer(send: Send, status: int, content: dict[str, Any]) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Run the emulator. The environment has the keys of its root."""
    os.environ.pop("PYTHONPATH", None)  # its functions must not import this project
    from ministack import app as emulator
    from ministack.core.iam_evaluator import (
        ResolvedCredential,
        is_root_access_key,
        resolve_credential,
    )
    from ministack.core.router import extract_access_key_id

    def is_issued(key: str) -> bool:
        known = resolve_credential(key)
        return isinstance(known, ResolvedCredential) and not is_root_access_key(key)

    root = os.environ["AWS_ACCESS_KEY_ID"]
    checks = is_issued if emulator.AUTH else None
    emulator.app = Guard(emulator.app, root, extract_access_key_id, checks)
    emulator.main()


if __name__ == "__main__":
    main()
