"""Reads a request's body: by length or in chunks, never more than the limit. Knows no API."""

from __future__ import annotations

import re
from email.message import Message
from typing import BinaryIO, Final

MAX_BYTES: Final = 10 * 1024 * 1024
"""What API Gateway lets through."""
_MAX_TRAILERS: Final = 100
_LINE_BYTES: Final = 1024


class BadBody(Exception):
    """A body that is not read to its end, so the connection is of no more use."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def read_body(headers: Message, source: BinaryIO) -> bytes | None:
    """Return the body, `None` where there is none. Raise `BadBody`."""
    coding = headers.get("transfer-encoding")
    if coding is None:
        length = body_length(headers)
        return _exactly(source, length) if length else None
    if "content-length" in headers:
        raise BadBody(400, "Content-Length and Transfer-Encoding exclude each other")
    if coding.strip().lower() != "chunked":
        raise BadBody(501, "The only transfer coding known here is chunked")
    return _chunks(source)


def body_length(headers: Message) -> int:
    """Return what Content-Length says, 0 without one. Raise `BadBody`."""
    lengths = {length.strip() for length in headers.get_all("content-length", ["0"])}
    length = lengths.pop()
    if lengths or not re.fullmatch(r"[0-9]{1,18}", length):
        raise BadBody(400, "Content-Length must be a whole number")
    if int(length) > MAX_BYTES:
        raise _too_long()
    return int(length)


def _chunks(source: BinaryIO) -> bytes:
    body = bytearray()
    while size := _chunk_size(source):
        if len(body) + size > MAX_BYTES:
            raise _too_long()
        body += _exactly(source, size)
        if source.readline(_LINE_BYTES) not in {b"\r\n", b"\n"}:
            raise _broken_chunk()
    for _ in range(_MAX_TRAILERS):
        if source.readline(_LINE_BYTES) in {b"\r\n", b"\n"}:
            return bytes(body)
    raise _broken_chunk()


def _chunk_size(source: BinaryIO) -> int:
    digits = source.readline(_LINE_BYTES).split(b";")[0].strip()
    if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", digits):
        raise _broken_chunk()
    return int(digits, 16)


def _exactly(source: BinaryIO, length: int) -> bytes:
    body = source.read(length)
    if len(body) < length:
        raise BadBody(400, "The body is shorter than announced")
    return body


def _broken_chunk() -> BadBody:
    return BadBody(400, "The chunked body is malformed")


def _too_long() -> BadBody:
    return BadBody(413, f"The body is over {MAX_BYTES // 1024 // 1024} MiB")
