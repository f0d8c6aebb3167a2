"""The emulator refuses attackers' requests, and Valkey refuses HTTP."""

import http.client
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import redis
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Keys
from botocore.exceptions import ClientError

from chalicelib.dynamodb.errors import Meaning, meaning_of
from dev.stack.credentials import Credentials
from dev.stack.programs import StartFailed
from dev.stack.servers import Emulator, Valkey

MAKE_A_STACK = "Action=CreateStack&StackName=evil&TemplateBody=%7B%7D&Version=2010-05-15"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def guarded() -> Iterator[Emulator]:
    """Start an emulator with random keys."""
    with Emulator() as emulator:
        yield emulator


def _status(emulator: Emulator, method: str, path: str, body: str = "", **headers: str) -> int:
    connection = http.client.HTTPConnection(emulator.host, emulator.port, timeout=10)
    try:
        connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        return connection.getresponse().status
    finally:
        connection.close()


def _signed(emulator: Emulator, keys: Credentials, query: str) -> str:
    request = AWSRequest("GET", f"{emulator.url}/?{query}")
    SigV4QueryAuth(Keys(*keys), "cloudformation", "us-east-1").add_auth(request)
    return request.prepare().url.removeprefix(emulator.url)


def test_a_call_with_the_keys_is_served(guarded: Emulator) -> None:
    """And the enabled service works."""
    assert [] == guarded.client("dynamodb").list_tables()["TableNames"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost:9000"},
        {"Sec_Fetch_Site": "same-site"},
        {"Host": "evil.example"},
        {},
    ],
)
def test_pages_and_unsigned_calls_are_refused(guarded: Emulator, headers: dict[str, str]) -> None:
    """A form, a link, another host name, a call without keys."""
    assert 403 == _status(guarded, "POST", "/", MAKE_A_STACK, **FORM, **headers)
    assert 403 == _status(guarded, "GET", f"/?{MAKE_A_STACK}", **headers)
    assert 403 == _status(guarded, "POST", "/_ministack/reset", **headers)
    assert 403 == _status(guarded, "OPTIONS", "/", **headers)


def test_a_link_signed_with_the_well_known_keys_is_refused(guarded: Emulator) -> None:
    """The same link with this start's keys passes the guard; CloudFormation is not enabled."""
    well_known = Credentials("test", "test")

    assert 403 == _status(guarded, "GET", _signed(guarded, well_known, MAKE_A_STACK))
    assert 403 != _status(guarded, "GET", _signed(guarded, guarded.credentials, MAKE_A_STACK))


@pytest.mark.parametrize("service", ["cloudformation", "lambda", "apigateway", "s3", "iam"])
def test_no_service_that_runs_code_is_enabled(guarded: Emulator, service: str) -> None:
    """Not even with the keys can a stack or a function be created."""
    keys = guarded.credentials.access_key_id
    authorization = f"AWS4-HMAC-SHA256 Credential={keys}/20261127/us-east-1/{service}/aws4_request"

    assert 400 == _status(guarded, "POST", "/", MAKE_A_STACK, Authorization=authorization)


def test_another_emulator_on_the_port_is_detected(guarded: Emulator) -> None:
    """It answers, but has another process id."""
    with pytest.raises(StartFailed, match="The AWS emulator ended"):
        Emulator(guarded.port).start()


def test_each_emulator_has_its_own_keys(guarded: Emulator, emulator: Emulator) -> None:
    """The keys of one start are not valid at another: the API answers 503 with them, not 500."""
    stranger = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=guarded.url,
        aws_access_key_id=emulator.credentials.access_key_id,
        aws_secret_access_key=emulator.credentials.secret_access_key,
    )

    with pytest.raises(ClientError, match="only the keys of this start") as caught:
        stranger.list_tables()
    assert Meaning.BUSY == meaning_of(caught.value)


def test_the_credentials_file_is_private_and_temporary(tmp_path: Path) -> None:
    """It is never readable for others, and is not written through a symbolic link."""
    path, elsewhere = tmp_path / "aws-credentials", tmp_path / "elsewhere"
    path.symlink_to(elsewhere)
    keys = Credentials.random()

    with keys.file(path):
        assert 0o600 == stat.S_IMODE(path.lstat().st_mode)
        assert keys.secret_access_key in path.read_text()

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "request_",
    [
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nFLUSHALL\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nFLUSHALL\r\n",
        b"PUT / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\nFLUSHALL\r\n",
    ],
)
def test_valkey_executes_no_command_in_an_http_request(valkey: Valkey, request_: bytes) -> None:
    """It disconnects at `POST` and at `Host:`, before the body."""
    client = redis.Redis(port=valkey.port)
    client.set("kept", "1")
    with socket.create_connection((valkey.host, valkey.port), 10) as connection:
        connection.sendall(request_)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))

    assert b"+OK" not in answer
    assert b"1" == client.get("kept")


def test_both_listen_on_loopback_only(valkey: Valkey, guarded: Emulator) -> None:
    """On 127.0.0.1 only."""
    for port in (valkey.port, guarded.port):
        with socket.create_server(("127.0.0.2", port)):
            pass  # fails if the server listens on every address
