"""The local server reads a request whole, or says why not."""

import pytest

from dev.requests import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    MAX_INVITED_BYTES,
    Refused,
    Request,
    RequestReader,
)

CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"


def requests(*data: bytes) -> list[Request]:
    reader = RequestReader()
    read = [each for part in data for each in reader.feed(part)]
    assert all(isinstance(each, Request) for each in read), read
    return [each for each in read if isinstance(each, Request)]


def refusal(*data: bytes) -> int:
    reader = RequestReader()
    last = [each for part in data for each in reader.feed(part)][-1]
    assert isinstance(last, Refused)
    return last.status


def test_a_request_is_read() -> None:
    """Method, target, fields, body; names of fields in lower case."""
    (request,) = requests(
        b"PUT /a?b=c HTTP/1.1\r\nHost: a\r\nX-Name: Value\r\nContent-Length: 2\r\n\r\n{}"
    )

    assert ("PUT", "/a?b=c", b"{}") == (request.method, request.target, request.body)
    assert {"host": "a", "x-name": "Value", "content-length": "2"} == request.headers
    assert request.keeps_alive


def test_a_request_may_come_byte_by_byte() -> None:
    """Networks cut where they like."""
    sent = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"

    (request,) = requests(*(bytes([each]) for each in sent))

    assert ("/a", b"{}") == (request.target, request.body)


def test_requests_in_a_row_are_told_apart() -> None:
    """What follows a body is the next request, with nothing left over from the one before."""
    post = b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nX: 1\r\n\r\n{}"

    first, second = requests(post + b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")

    assert (b"{}", b"") == (first.body, second.body)
    assert ("/2", {"host": "a"}) == (second.target, second.headers)


@pytest.mark.parametrize(
    ("head", "keeps_alive"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", False),
        (b"GET / HTTP/1.0\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n", True),
    ],
)
def test_the_client_says_whether_the_connection_goes_on(
    head: bytes,
    keeps_alive: bool,  # noqa: FBT001 — a column of the table above
) -> None:
    """By default it does since HTTP/1.1."""
    assert [keeps_alive] == [each.keeps_alive for each in requests(head + b"\r\n")]


def test_chunks_are_put_together() -> None:
    """Extensions and trailers are skipped, and the next request is left alone."""
    chunks = b"2;name=value\r\nab\r\nA\r\ncdefghijkl\r\n0\r\nX-Trailer: 1\r\n\r\n"

    first, second = requests(CHUNKED + chunks + b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")

    assert b"abcdefghijkl" == first.body
    assert "x-trailer" not in first.headers
    assert "/2" == second.target


@pytest.mark.parametrize("body", [b"x\r\n", b"-1\r\n", b"2\r\nabc\r\n0\r\n\r\n"])
def test_broken_chunks_are_a_bad_request(body: bytes) -> None:
    """Nothing is guessed."""
    assert 400 == refusal(CHUNKED + body)


def test_endless_trailers_are_a_bad_request() -> None:
    """A client cannot keep the server reading."""
    assert 400 == refusal(CHUNKED + b"0\r\n" + b"X: 1\r\n" * 200)


@pytest.mark.parametrize("length", ["", "x", "-1", "1.5", "2, 2", "9" * 30])
def test_a_length_that_is_no_whole_number_is_a_bad_request(length: str) -> None:
    """It would have to be guessed where the next request begins."""
    assert 400 == refusal(
        f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n".encode()
    )


@pytest.mark.parametrize("other", [b"Content-Length: 3", b"Transfer-Encoding: chunked"])
def test_two_ways_to_tell_the_length_are_a_bad_request(other: bytes) -> None:
    """One of them would make a second request out of the first."""
    assert 400 == refusal(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n" + other + b"\r\n\r\n{}"
    )


def test_another_transfer_coding_is_not_implemented() -> None:
    """It cannot be read."""
    assert 501 == refusal(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")


@pytest.mark.parametrize("line", [b"GET / HTTP/2.0", b"GET /"])
def test_another_version_is_told_so(line: bytes) -> None:
    """Neither older nor newer ones have answers of the same form."""
    assert 505 == refusal(line + b"\r\n\r\n")


def test_what_is_no_http_is_a_bad_request() -> None:
    """TLS, for example."""
    assert refusal(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03") in {400, 501}


def test_too_long_a_body_is_refused_before_it_is_read() -> None:
    """By its length, or at the chunk that makes it too long."""
    length = f"Content-Length: {MAX_BODY_BYTES + 1}".encode()
    chunk = b"%x\r\n" % MAX_BODY_BYTES + b"x" * MAX_BODY_BYTES + b"\r\n"

    assert 413 == refusal(b"POST / HTTP/1.1\r\nHost: a\r\n" + length + b"\r\n\r\n")
    assert 413 == refusal(CHUNKED + b"1\r\na\r\n", chunk)


def test_too_long_a_head_is_refused_before_it_ends() -> None:
    """Be it the target or the fields."""
    long = b"a" * MAX_HEAD_BYTES

    assert 414 == refusal(b"GET /" + long)
    assert 431 == refusal(b"GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-B: " + long)


@pytest.mark.parametrize("cut", [130_000, 1000])
def test_a_head_is_as_long_in_one_piece_as_in_many(cut: int) -> None:
    """What counts is the head, not what the network makes of it; one field may be all of it."""
    head = b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 130_000 + b"\r\n\r\n"

    assert 431 == refusal(*(head[at : at + cut] for at in range(0, len(head), cut)))


def test_a_head_may_begin_in_the_buffer_that_ends_a_long_body() -> None:
    """The body is not taken for a part of it."""
    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % MAX_HEAD_BYTES
    get = b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"

    assert 2 == len(requests(post, b"x" * MAX_HEAD_BYTES + get[:9], get[9:]))


def test_an_endless_chunk_extension_is_a_bad_request() -> None:
    """It is skipped, and so nothing else would end it."""
    assert 400 == refusal(CHUNKED + b"1;", *[b"a" * MAX_HEAD_BYTES] * 2)


def test_a_body_that_only_can_be_too_long_is_not_asked_for() -> None:
    """The API takes less than the gateway; who waits is told so before sending anything."""
    length = b"Content-Length: %d\r\n\r\n" % (MAX_INVITED_BYTES + 1)
    head = b"POST / HTTP/1.1\r\nHost: a\r\n"

    assert 413 == refusal(head + b"Expect: 100-continue\r\n" + length)
    assert [] == requests(head + length)


def test_a_request_is_underway_until_it_is_whole() -> None:
    """So the server knows for what it waits."""
    reader = RequestReader()
    seen = []
    for part in (b"", b"GET / HTTP/1.1\r\n", b"Host: a\r\n\r\n", b"G"):
        reader.feed(part)
        seen.append(reader.is_underway)

    assert [False, True, False, True] == seen


def test_a_client_that_waits_to_be_asked_for_its_body_is_told_of_once() -> None:
    """And not where the body has come already."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    patient, eager = RequestReader(), RequestReader()

    patient.feed(head)
    eager.feed(head + b"{}")

    assert [True, False] == [patient.invites_body() for _ in range(2)]
    assert not eager.invites_body()


@pytest.mark.parametrize("length", [0, 2])
def test_a_wish_for_another_protocol_is_passed_over(length: int) -> None:
    """Clients that could do HTTP/2 send it, with a body too; the next request is read as well."""
    head = b"POST /1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    head += b"Content-Length: %d\r\n\r\n" % length
    sent = head + b"{}"[:length] + b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"

    first, second = requests(sent)

    assert ("/1", b"{}"[:length]) == (first.target, first.body)
    assert "/2" == second.target


def test_a_proxy_is_not_implemented() -> None:
    """CONNECT would begin another protocol."""
    assert 501 == refusal(b"CONNECT example.com:80 HTTP/1.1\r\nHost: a\r\n\r\n")


@pytest.mark.parametrize("fields", [b"", b"Host: a\r\nhost: a\r\n", b"Host: a b/@\r\n"])
def test_a_request_names_one_host(fields: bytes) -> None:
    """None, two, and what is no name are bad requests (RFC 9112, 3.2)."""
    assert 400 == refusal(b"GET / HTTP/1.1\r\n" + fields + b"\r\n")
