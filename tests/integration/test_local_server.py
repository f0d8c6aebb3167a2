"""The local server speaks HTTP as API Gateway does, over a real Valkey and the emulator."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.config import Settings
from dev import environment
from dev.servers import Api, Emulator, Valkey
from dev.table import create_table
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
        create_table(Settings.from_env(env))
        with Api(env, log=log) as server:
            yield Client(server.port)


def test_head_is_answered_without_a_body(api: Client) -> None:
    """A body after HEAD would be taken for the next answer on the same connection."""
    path = api.create().headers["Location"]
    head = f"HEAD {path} HTTP/1.1\r\n\r\nHEAD /nowhere HTTP/1.1\r\nConnection: close\r\n\r\n"

    answers = api.send(head.encode())

    first, second, rest = answers.split(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 200")
    assert second.startswith(b"HTTP/1.1 404")
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


@pytest.mark.parametrize("length", ["abc", "-1", "1e3", ""])
def test_a_bad_content_length_is_a_bad_request(api: Client, length: str) -> None:
    """It is told as a problem, with a request id, and not by a dropped connection."""
    answer = api.ask("POST", "/products", b"{}", JSON | {"Content-Length": length})

    assert 400 == answer.status
    assert answer.is_problem
    assert answer.headers["X-Request-Id"]


def test_a_body_that_is_no_utf8_is_a_bad_request(api: Client) -> None:
    """Broken text is the client's mistake."""
    answer = api.ask("POST", "/products", b'{"name": "\xff"}', JSON)

    assert 400 == answer.status
    assert answer.is_problem


def test_a_body_over_ten_megabytes_is_refused_unread(api: Client) -> None:
    """The answer comes though the body never does."""
    head = b"POST /products HTTP/1.1\r\nContent-Length: 11000000\r\n"

    assert api.send(head + b"\r\n{").startswith(b"HTTP/1.1 413 ")
    assert api.send(head + b"Expect: 100-continue\r\n\r\n").startswith(b"HTTP/1.1 413 ")


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
        connection.sendall(b"GET /products HTTP/1.1\r\n\r\n" * 20)
        connection.close()

    assert 200 == api.ask("GET", "/health").status
    assert "Traceback" not in log.read_text()
