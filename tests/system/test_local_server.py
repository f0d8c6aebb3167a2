"""The local server's HTTP behaves like API Gateway's, with a real Valkey and the emulator."""

import http.client
import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dev.stack import environment
from dev.stack.servers import Api, Emulator, Valkey
from dev.stack.table import create_tables
from tests.running_stack import JSON, StackClient, a_product


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the server's log file."""
    return tmp_path_factory.mktemp("server") / "log.txt"


@pytest.fixture(scope="module")
def api(log: Path) -> Iterator[StackClient]:
    """Start the server with Valkey and the emulator."""
    with Valkey(log=log.with_name("valkey")) as valkey, Emulator(log=log.with_name("aws")) as aws:
        env = environment.of(valkey, aws)
        create_tables(aws.client("dynamodb"), env)
        with Api(env, log=log) as server:
            yield StackClient(server.port)


def test_head_is_answered_without_a_body(api: StackClient) -> None:
    """A body after HEAD would be read as the next response on the connection."""
    path = api.create().headers["Location"]
    first = f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = "HEAD /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    answers = api.send(f"{first}{last}".encode())

    known, unknown, rest = answers.split(b"\r\n\r\n")
    assert known.startswith(b"HTTP/1.1 200")
    assert unknown.startswith(b"HTTP/1.1 404")
    assert b"" == rest


def test_not_modified_and_no_content_have_no_content(api: StackClient) -> None:
    """304 and 204 have neither a body nor a content type, and keep the connection."""
    made = api.create()
    path, tag = made.headers["Location"], made.headers["ETag"]

    unchanged = api.request("GET", path, headers={"If-None-Match": tag})
    deleted = api.request("DELETE", path)

    assert (304, b"", None) == (
        unchanged.status,
        unchanged.body,
        unchanged.headers["Content-Type"],
    )
    assert (204, b"", None) == (deleted.status, deleted.body, deleted.headers["Content-Type"])


def test_a_chunked_body_is_read(api: StackClient) -> None:
    """A client need not know the length of its body."""
    answer = api.request("POST", "/products", iter([a_product()[:9], a_product()[9:]]), JSON)

    assert 201 == answer.status


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /health\r\n\r\n",
        b"GET /health HTTP/2.0\r\nHost: localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"POST /products HTTP/1.1\r\nHost: localhost\r\nContent-Length: abc\r\n\r\n",
        b"POST /products HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /products HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        b"GET /" + b"a" * 9_000,
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 9_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
    ],
)
def test_a_malformed_request_is_refused(api: StackClient, request_: bytes) -> None:
    """The connection is closed, so that the rest is not read as a second request."""
    answer = api.send(request_)

    assert answer.startswith(b"HTTP/1.1 4")
    assert 1 == answer.count(b"HTTP/1.1 ")
    assert b"\r\nConnection: close\r\n" in answer


def test_expect_100_continue_is_answered(api: StackClient) -> None:
    """Before the response."""
    head = b"POST /products HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    head += b"Content-Type: application/json\r\n"
    body = a_product()
    with socket.create_connection(("127.0.0.1", api.port), timeout=10) as connection:
        connection.sendall(head + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        invitation = connection.recv(65536)
        connection.sendall(body)
        answer = connection.recv(65536)

    assert b"HTTP/1.1 100 Continue\r\n\r\n" == invitation
    assert answer.startswith(b"HTTP/1.1 201 ")


def test_an_upgrade_to_http_2_is_ignored(api: StackClient) -> None:
    """The body is read."""
    answer = api.request(
        "POST", "/products", a_product(), JSON | {"Connection": "Upgrade", "Upgrade": "h2c"}
    )

    assert 201 == answer.status


def test_a_foreign_host_name_is_refused(api: StackClient) -> None:
    """The server listens on a loopback address by default, and requires no credentials."""
    answer = api.request("GET", "/products", headers={"Host": f"evil.example:{api.port}"})

    assert 403 == answer.status
    assert answer.is_problem


def test_pipelined_requests_are_answered_in_order(api: StackClient) -> None:
    """All are sent before the first response. HTTP/1.0 keeps the connection on request."""
    stays = b"GET /docs HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"
    first = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n"

    answers = api.send(first + stays + last)

    assert ["404", "200", "200"] == re.findall(r"HTTP/1\.[01] (\d+)", answers.decode())
    assert [2, 1] == [answers.count(b"Connection: " + each) for each in (b"keep-alive", b"close")]


def test_a_missing_host_is_a_bad_request(api: StackClient) -> None:
    """The response is a problem with a request id."""
    answer = api.send(b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n")

    head, body = answer.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nX-Request-Id: " in head
    assert 400 == json.loads(body)["status"]


def test_a_path_is_not_decoded(api: StackClient) -> None:
    """As in API Gateway: an encoded slash is part of the id."""
    answer = api.request("GET", "/products/a%2Fb")

    assert (404, "Product with id 'a/b' not found") == (answer.status, answer.json["detail"])


def test_a_full_url_is_accepted(api: StackClient) -> None:
    """Clients send it to proxies."""
    assert 200 == api.request("GET", f"http://localhost:{api.port}/products?limit=1").status


def test_32_connections_are_served_concurrently(api: StackClient) -> None:
    """Each client keeps its connection."""
    path = api.create().headers["Location"]

    def statuses(_: int) -> set[int]:
        connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
        seen = {_status(connection, path) for _ in range(20)}
        connection.close()
        return seen

    with ThreadPoolExecutor(32) as clients:
        assert [{200}] * 32 == list(clients.map(statuses, range(32)))


def _status(connection: http.client.HTTPConnection, path: str) -> int:
    connection.request("GET", path)
    with connection.getresponse() as answer:
        answer.read()
        return answer.status


def test_invalid_utf_8_is_a_bad_request(api: StackClient) -> None:
    """It is a client error."""
    answer = api.request("POST", "/products", b'{"name": "\xff"}', JSON)

    assert 400 == answer.status
    assert answer.is_problem


@pytest.mark.parametrize("fields", [b"", b"Expect: 100-continue\r\n"])
def test_a_body_over_ten_megabytes_is_refused_unread(api: StackClient, fields: bytes) -> None:
    """The response does not wait for the body."""
    head = b"POST /products HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11000000\r\n"
    with socket.create_connection(("127.0.0.1", api.port), timeout=3) as connection:
        connection.sendall(head + fields + b"\r\n")
        answer = connection.makefile("rb").read(60)

    assert b"HTTP/1.1 413 Content Too Large\r\n" in answer


def test_an_incomplete_body_creates_no_product(api: StackClient) -> None:
    """The client stops before the announced length. The part sent is valid JSON."""
    body = a_product(category="half")
    head = b"POST /products HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", api.port), timeout=10) as connection:
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % (len(body) + 1) + body)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert [] == api.request("GET", "/products?category=half").json["items"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer é"}])
def test_an_unknown_path_is_not_found(api: StackClient, headers: dict[str, str]) -> None:
    """With or without credentials: 404, a problem with a request id."""
    answer = api.request("GET", "/nowhere", headers=headers)

    assert 404 == answer.status
    assert answer.is_problem
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize("method", ["TRACE", "QUERY"])
def test_an_unsupported_standard_method_is_a_405(api: StackClient, method: str) -> None:
    """501 is for unknown methods (RFC 9110, 15.6.2)."""
    answer = api.request(method, "/products")

    assert 405 == answer.status
    assert answer.is_problem
    assert {"GET", "HEAD", "POST"} == set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("method", ["CONNECT", "FROBNICATE"])
def test_an_unknown_method_is_a_problem(api: StackClient, method: str) -> None:
    """The refusal has the API's problem format."""
    answer = api.request(method, "/products")

    assert answer.status in {405, 501}
    assert answer.is_problem


def test_a_disconnected_client_is_not_logged(api: StackClient, log: Path) -> None:
    """A reset during the response leaves no traceback in the output."""
    for _ in range(5):
        connection = socket.create_connection(("127.0.0.1", api.port))
        reset_when_closed = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset_when_closed)
        connection.sendall(b"GET /products HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
        connection.close()

    assert 200 == api.request("GET", "/health").status
    assert "Traceback" not in log.read_text()
