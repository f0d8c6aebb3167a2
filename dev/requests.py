"""
Reads requests out of the bytes that a client sends: their limits, and what is wrong with them.

The parser is httptools, Node's llhttp: strict where a lax one would make two requests out of one.
Knows neither sockets nor the API.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import httptools

from dev import hosts

MAX_BODY_BYTES: Final = 10 * 1024 * 1024
"""What API Gateway lets through."""
MAX_HEAD_BYTES: Final = 64 * 1024
"""Of request line and header fields. API Gateway lets 10 KiB through."""
_MAX_TRAILERS: Final = 100
_VERSIONS: Final = ("1.0", "1.1")


class Refused(Exception):
    """What cannot be understood, so that what follows it cannot be either."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(slots=True)
class Request:
    """A request. Header names are in lower case; of a name sent twice the last value counts."""

    method: str = ""
    target: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    version: str = ""
    keeps_alive: bool = False


class RequestReader:
    """The requests of one connection. Methods that begin with `on_` are the parser's to call."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._complete: list[Request] = []
        self.on_message_begin()
        self._in_head = False

    def feed(self, data: bytes) -> list[Request | Refused]:
        """Return the requests that `data` completes; a refusal is the last of the list."""
        self._complete = []
        refusal = self._parse(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                refusal = refusal or self._too_long_a_head()
        return [*self._complete, refusal] if refusal else [*self._complete]

    def invites_body(self) -> bool:
        """Tell, once, whether the client waits to be asked for its body (RFC 9110, 10.1.1)."""
        invited, self._is_waited_for = self._is_waited_for, False
        return invited

    def _parse(self, data: bytes) -> Refused | None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            if isinstance(error.__context__, Refused):
                return error.__context__
            raise
        except httptools.HttpParserUpgrade as upgrade:
            return self._parse_anew(data[upgrade.args[0] :])
        except httptools.HttpParserInvalidMethodError:
            return Refused(501, "The method is not known here")
        except httptools.HttpParserError as error:
            return Refused(400, f"The request is malformed: {error}")
        return None

    def _parse_anew(self, rest: bytes) -> Refused | None:
        """
        Pass over `Upgrade`, as a server may: HTTP/1.1 is all that is spoken here.

        Clients that could do HTTP/2 ask for it (Java's does). The parser then takes what follows
        for another protocol, body included, so it gets the head once more, without that field.
        """
        request = self._complete.pop()
        if request.method == "CONNECT":
            return Refused(501, "This is no proxy")
        self._parser = httptools.HttpRequestParser(self)
        fields = [f"{k}: {v}\r\n" for k, v in request.headers.items() if k != "upgrade"]
        head = f"{request.method} {request.target} HTTP/{request.version}\r\n{''.join(fields)}\r\n"
        return self._parse(head.encode("latin-1") + rest)

    def on_message_begin(self) -> None:
        """Begin with nothing."""
        self._request = Request()
        self._in_head = True
        self._head_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._trailers = 0
        self._is_waited_for = False

    def on_url(self, url: bytes) -> None:
        """Take in the target, or a part of it."""
        self._request.target += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header field; pass over a trailer."""
        if self._in_head:
            self._take_field(name.decode("latin-1").lower(), value.decode("latin-1"))
            return
        self._trailers += 1
        if self._trailers > _MAX_TRAILERS:
            raise Refused(400, "There are too many trailers")

    def on_headers_complete(self) -> None:
        """Refuse by the head what need not be read."""
        request, self._in_head = self._request, False
        request.method = self._parser.get_method().decode("ascii")
        request.version = self._parser.get_http_version()
        if request.version not in _VERSIONS:
            raise Refused(505, "HTTP/1.1 and HTTP/1.0 are spoken here")
        if request.headers.get("transfer-encoding", "chunked").lower() != "chunked":
            raise Refused(501, "The only transfer coding known here is chunked")
        if int(request.headers.get("content-length", 0)) > MAX_BODY_BYTES:
            raise _too_long_a_body()
        if request.version == "1.1" and "host" not in request.headers:
            raise Refused(400, "There is no Host")
        self._is_waited_for = request.headers.get("expect", "").lower() == "100-continue"

    def on_body(self, part: bytes) -> None:
        """Take in a part of the body."""
        self._is_waited_for = False
        self._body_bytes += len(part)
        if self._body_bytes > MAX_BODY_BYTES:
            raise _too_long_a_body()
        self._body.append(part)

    def on_message_complete(self) -> None:
        """Hand the request out."""
        self._is_waited_for = False
        self._request.body = b"".join(self._body)
        self._request.keeps_alive = self._parser.should_keep_alive()
        self._complete.append(self._request)

    def _take_field(self, name: str, value: str) -> None:
        headers = self._request.headers
        if name == "host" and (name in headers or not hosts.is_well_formed(value)):
            raise Refused(400, "Host is malformed, or given twice")  # RFC 9112, 3.2
        headers[name] = value

    def _too_long_a_head(self) -> Refused:
        limit = f"over {MAX_HEAD_BYTES // 1024} KiB"
        if self._request.headers:
            return Refused(431, f"The header fields are {limit}")
        return Refused(414, f"The request target is {limit}")


def _too_long_a_body() -> Refused:
    return Refused(413, f"The body is over {MAX_BODY_BYTES // 1024 // 1024} MiB")
