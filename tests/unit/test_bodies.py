"""The local server reads a body whole, or says why not."""

from email.message import Message
from io import BytesIO

import pytest

from dev.bodies import MAX_BYTES, BadBody, read_body


def headers(**fields: str) -> Message:
    message = Message()
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    return message


def read(body: bytes, **fields: str) -> bytes | None:
    return read_body(headers(**fields), BytesIO(body))


def refusal(body: bytes, **fields: str) -> int:
    with pytest.raises(BadBody) as refused:
        read(body, **fields)
    return refused.value.status


def test_no_length_is_no_body() -> None:
    """What follows on the connection is the next request."""
    assert read(b"GET / HTTP/1.1") is None


def test_a_body_ends_where_its_length_says() -> None:
    """The rest is the next request."""
    source = BytesIO(b"{}GET /")

    assert b"{}" == read_body(headers(Content_Length="2"), source)
    assert b"GET /" == source.read()


def test_chunks_are_put_together() -> None:
    """Extensions and trailers are skipped, and the next request is left alone."""
    source = BytesIO(b"2;name=value\r\nab\r\nA\r\ncdefghijkl\r\n0\r\nX-Trailer: 1\r\n\r\nGET /")

    assert b"abcdefghijkl" == read_body(headers(Transfer_Encoding="Chunked"), source)
    assert b"GET /" == source.read()


@pytest.mark.parametrize(
    "body", [b"", b"x\r\n", b"-1\r\n", b"2\r\nabc\r\n0\r\n\r\n", b"5\r\nab", b"1\r\na\r\n0\r\n"]
)
def test_broken_chunks_are_a_bad_request(body: bytes) -> None:
    """Nothing is guessed, and nothing is waited for at the end of the connection."""
    assert 400 == refusal(body, Transfer_Encoding="chunked")


def test_endless_trailers_are_a_bad_request() -> None:
    """A client cannot keep the server reading."""
    assert 400 == refusal(b"0\r\n" + b"X: 1\r\n" * 200, Transfer_Encoding="chunked")


@pytest.mark.parametrize("length", ["", "x", "-1", "1.5", "٣"])
def test_a_length_that_is_no_whole_number_is_a_bad_request(length: str) -> None:
    """Digits of other scripts included."""
    assert 400 == refusal(b"", Content_Length=length)


def test_two_lengths_that_differ_are_a_bad_request() -> None:
    """One of them would make a second request out of the first."""
    message = headers(Content_Length="2")
    message["Content-Length"] = "3"

    with pytest.raises(BadBody):
        read_body(message, BytesIO(b"{}"))


def test_a_length_beside_a_transfer_coding_is_a_bad_request() -> None:
    """For the same reason."""
    assert 400 == refusal(b"0\r\n\r\n", Content_Length="5", Transfer_Encoding="chunked")


def test_a_body_that_ends_early_is_a_bad_request() -> None:
    """Half a body is never passed on."""
    assert 400 == refusal(b"{", Content_Length="2")


def test_another_transfer_coding_is_not_implemented() -> None:
    """It cannot be read."""
    assert 501 == refusal(b"", Transfer_Encoding="gzip, chunked")


def test_too_long_a_body_is_refused_before_it_is_read() -> None:
    """By its length, or at the chunk that makes it too long."""
    chunk = b"%x\r\n" % MAX_BYTES

    assert 413 == refusal(b"", Content_Length=str(MAX_BYTES + 1))
    assert 413 == refusal(b"1\r\na\r\n" + chunk, Transfer_Encoding="chunked")
