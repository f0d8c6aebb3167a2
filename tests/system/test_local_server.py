"""The local server speaks HTTP as API Gateway does, over a real Valkey and the emulator."""

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
from tests.running_stack import JSON, Client, a_product


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the server writes."""
    return tmp_path_factory.mktemp("server") / "log.txt"


@pytest.fixture(scope="module")
def api(log: Path) -> Iterator[Client]:
    """Start the server, and what it needs."""
    with Valkey(log=log.with_name("valkey")) as valkey, Emulator(log=log.with_name("aws")) as aws:
        env = environment.of(valkey, aws)
        create_tables(aws.client("dynamodb"), env)
        with Api(env, log=log) as server:
            yield Client(server.port)


def test_head_is_answered_without_a_body(api: Client) -> None:
    """A body after HEAD would be taken for the next answer on the same connection."""
    path = api.create().headers["Location"]
    first = f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = "HEAD /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    answers = api.send(f"{first}{last}".encode())

    known, unknown, rest = answers.split(b"\r\n\r\n")
    assert known.startswith(b"HTTP/1.1 200")
    assert unknown.startswith(b"HTTP/1.1 404")
    assert b"" == rest


def test_not_modified_and_no_content_have_no_content(api: Client) -> None:
    """304 and 204 bear neither a body nor a content type, and the connection goes on."""
    made = api.create()
    path, tag = made.headers["Location"], made.headers["ETag"]

    unchanged = api.ask("GET", path, headers={"If-None-Match": tag})
    deleted = api.ask("DELETE", path)

    assert (304, b"", None) == (
        unchanged.status,
        unchanged.body,
        unchanged.headers["Content-Type"],
    )
    assert (204, b"", None) == (deleted.status, deleted.body, deleted.headers["Content-Type"])


def test_a_chunked_body_is_read(api: Client) -> None:
    """A client that does not know its body's length can write too."""
    answer = api.ask("POST", "/products", iter([a_product()[:9], a_product()[9:]]), JSON)

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
def test_a_malformed_request_is_refused(api: Client, request_: bytes) -> None:
    """The connection is closed, so that the rest is not taken for a second request."""
    answer = api.send(request_)

    assert answer.startswith(b"HTTP/1.1 4")
    assert 1 == answer.count(b"HTTP/1.1 ")
    assert b"\r\nConnection: close\r\n" in answer


def test_a_client_that_waits_is_asked_for_its_body(api: Client) -> None:
    """With 100 Continue, before the answer."""
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


def test_a_client_that_could_do_http_2_is_answered_in_http_1(api: Client) -> None:
    """Its wish is passed over, its body is not."""
    answer = api.ask(
        "POST", "/products", a_product(), JSON | {"Connection": "Upgrade", "Upgrade": "h2c"}
    )

    assert 201 == answer.status


def test_a_foreign_name_for_this_machine_is_refused(api: Client) -> None:
    """By default the server listens on a loopback address, and asks nobody who they are."""
    answer = api.ask("GET", "/products", headers={"Host": f"evil.example:{api.port}"})

    assert 403 == answer.status
    assert answer.is_problem


def test_pipelined_requests_are_answered_in_order(api: Client) -> None:
    """All are sent before the first is answered. HTTP/1.0 keeps the connection on request."""
    stays = b"GET /docs HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"
    first = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n"

    answers = api.send(first + stays + last)

    assert ["404", "200", "200"] == re.findall(r"HTTP/1\.[01] (\d+)", answers.decode())
    assert [2, 1] == [answers.count(b"Connection: " + each) for each in (b"keep-alive", b"close")]


def test_a_missing_host_is_a_bad_request(api: Client) -> None:
    """The answer is a problem with a request id."""
    answer = api.send(b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n")

    head, body = answer.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nX-Request-Id: " in head
    assert 400 == json.loads(body)["status"]


def test_a_path_is_not_decoded(api: Client) -> None:
    """As in API Gateway: an encoded slash is part of the id."""
    answer = api.ask("GET", "/products/a%2Fb")

    assert (404, "Product with id 'a/b' not found") == (answer.status, answer.json["detail"])


def test_a_full_url_is_a_path(api: Client) -> None:
    """Clients send it to proxies."""
    assert 200 == api.ask("GET", f"http://localhost:{api.port}/products?limit=1").status


def test_many_connections_at_once_lose_nothing(api: Client) -> None:
    """32 clients, each with a connection that it keeps."""
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


def test_a_body_that_is_no_utf8_is_a_bad_request(api: Client) -> None:
    """Broken text is the client's mistake."""
    answer = api.ask("POST", "/products", b'{"name": "\xff"}', JSON)

    assert 400 == answer.status
    assert answer.is_problem


@pytest.mark.parametrize("fields", [b"", b"Expect: 100-continue\r\n"])
def test_a_body_over_ten_megabytes_is_refused_unread(api: Client, fields: bytes) -> None:
    """The answer does not wait for the body."""
    head = b"POST /products HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11000000\r\n"
    with socket.create_connection(("127.0.0.1", api.port), timeout=3) as connection:
        connection.sendall(head + fields + b"\r\n")
        answer = connection.makefile("rb").read(60)

    assert b"HTTP/1.1 413 Content Too Large\r\n" in answer


def test_a_body_whose_end_is_missing_makes_no_product(api: Client) -> None:
    """The client stops before the announced length. What arrived is valid JSON by chance."""
    body = a_product(category="half")
    head = b"POST /products HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", api.port), timeout=10) as connection:
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % (len(body) + 1) + body)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert [] == api.ask("GET", "/products?category=half").json["items"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer é"}])
def test_an_unknown_path_is_not_found(api: Client, headers: dict[str, str]) -> None:
    """With credentials or without: 404, a problem with a request id."""
    answer = api.ask("GET", "/nowhere", headers=headers)

    assert 404 == answer.status
    assert answer.is_problem
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize("method", ["TRACE", "QUERY"])
def test_a_known_method_that_no_path_has_is_not_allowed(api: Client, method: str) -> None:
    """501 would say that it was never heard of (RFC 9110, 15.6.2)."""
    answer = api.ask(method, "/products")

    assert 405 == answer.status
    assert answer.is_problem
    assert {"GET", "HEAD", "POST"} == set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("method", ["CONNECT", "FROBNICATE"])
def test_an_unknown_method_is_a_problem(api: Client, method: str) -> None:
    """It is refused in the API's own shape."""
    answer = api.ask(method, "/products")

    assert answer.status in {405, 501}
    assert answer.is_problem


def test_a_client_that_goes_away_is_no_event(api: Client, log: Path) -> None:
    """A reset in mid-answer leaves no traceback in the output."""
    for _ in range(5):
        connection = socket.create_connection(("127.0.0.1", api.port))
        reset_when_closed = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset_when_closed)
        connection.sendall(b"GET /products HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
        connection.close()

    assert 200 == api.ask("GET", "/health").status
    assert "Traceback" not in log.read_text()
