"""
Reads requests out of the bytes that a client sends: their limits, and what is wrong with them.

The parser is httptools, Node's llhttp: strict where a lax one would make two requests out of one.
Knows no sockets, and of the API only how long a body may be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import httptools

from chalicelib.api import inputs
from dev import hosts

MAX_BODY_BYTES: Final = 10 * 1024 * 1024
"""What API Gateway lets through."""
MAX_INVITED_BYTES: Final = inputs.MAX_BODY_BYTES
"""What the API takes: a client that asks before it sends is told so, and sends nothing."""
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
        self._in_head = self._is_underway = self._body_came = False

    def feed(self, data: bytes) -> list[Request | Refused]:
        """Return the requests that `data` completes; a refusal is the last of the list."""
        self._complete = []
        self._body_came = False
        refusal = self._parse(data) or self._unfinished(len(data))
        return [*self._complete, refusal] if refusal else [*self._complete]

    def invites_body(self) -> bool:
        """Tell, once, whether the client waits to be asked for its body (RFC 9110, 10.1.1)."""
        invited, self._is_waited_for = self._is_waited_for, False
        return invited

    @property
    def is_underway(self) -> bool:
        """Whether a request has begun of which not all is here."""
        return self._is_underway

    def _unfinished(self, received: int) -> Refused | None:
        """Bound what the parser holds back, or drops, before there is anything to tell of."""
        if self._complete or self._body_came or not self._is_underway:
            self._untold_bytes = 0
            return None
        self._untold_bytes += received
        if self._untold_bytes <= MAX_HEAD_BYTES:
            return None
        if self._in_head:
            return self._too_long_a_head()
        return Refused(400, "There is too much between the chunks")

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
        self._in_head = self._is_underway = True
        self._head_bytes = 0
        self._untold_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._trailers = 0
        self._is_waited_for = False

    def on_url(self, url: bytes) -> None:
        """Take in the target, or a part of it."""
        self._request.target += url.decode("latin-1")
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header field; pass over a trailer."""
        if self._in_head:
            self._count_head(len(name) + len(value) + len(": \r\n"))
            self._take_field(name.decode("latin-1").lower(), value.decode("latin-1"))
            return
        self._trailers += 1
        if self._trailers > _MAX_TRAILERS:
            raise Refused(400, "There are too many trailers")

    def on_headers_complete(self) -> None:
        """Refuse by the head what need not be read."""
        request, self._in_head, self._untold_bytes = self._request, False, 0
        request.method = self._parser.get_method().decode("ascii")
        request.version = self._parser.get_http_version()
        if request.version not in _VERSIONS:
            raise Refused(505, "HTTP/1.1 and HTTP/1.0 are spoken here")
        if request.headers.get("transfer-encoding", "chunked").lower() != "chunked":
            raise Refused(501, "The only transfer coding known here is chunked")
        length = int(request.headers.get("content-length", 0))
        waits = request.headers.get("expect", "").lower() == "100-continue"
        limit = MAX_INVITED_BYTES if waits else MAX_BODY_BYTES
        if length > limit:
            raise _too_long_a_body(limit)
        if request.version == "1.1" and "host" not in request.headers:
            raise Refused(400, "There is no Host")
        self._is_waited_for = waits

    def on_body(self, part: bytes) -> None:
        """Take in a part of the body."""
        self._is_waited_for, self._body_came = False, True
        self._body_bytes += len(part)
        if self._body_bytes > MAX_BODY_BYTES:
            raise _too_long_a_body(MAX_BODY_BYTES)
        self._body.append(part)

    def on_message_complete(self) -> None:
        """Hand the request out."""
        self._is_waited_for = self._is_underway = False
        self._request.body = b"".join(self._body)
        self._request.keeps_alive = self._parser.should_keep_alive()
        self._complete.append(self._request)

    def _take_field(self, name: str, value: str) -> None:
        headers = self._request.headers
        if name == "host" and (name in headers or not hosts.is_well_formed(value)):
            raise Refused(400, "Host is malformed, or given twice")  # RFC 9112, 3.2
        headers[name] = value

    def _count_head(self, received: int) -> None:
        self._head_bytes += received
        if self._head_bytes > MAX_HEAD_BYTES:
            raise self._too_long_a_head()

    def _too_long_a_head(self) -> Refused:
        limit = f"over {MAX_HEAD_BYTES // 1024} KiB"
        if len(self._request.target) > MAX_HEAD_BYTES:
            return Refused(414, f"The request target is {limit}")
        return Refused(431, f"The header fields are {limit}")


def _too_long_a_body(limit: int) -> Refused:
    return Refused(413, f"The body is over {limit // 1024} KiB")
