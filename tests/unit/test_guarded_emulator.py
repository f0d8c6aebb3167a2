"""The guard of the emulator, with an application that records the requests that pass."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from ministack.core.router import extract_access_key_id

from dev.stack.guarded_emulator import HEALTH_PATH, PID_PATH, Guard

ROOT_KEY, ISSUED_KEY = "AKIAROOTROOTROOTROOT", "AKIAISSUEDISSUEDISSU"
FORM = "application/x-www-form-urlencoded"
API = "0a1b2c3d.execute-api.localhost:4566"


def signed(key: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential={key}/20261127/us-east-1/dynamodb/aws4_request"


class RecordingApp:
    """The application behind the guard."""

    def __init__(self, issued: Callable[[str], bool] | None = None) -> None:
        self.reached: list[str] = []
        self._guard = Guard(self._called, ROOT_KEY, extract_access_key_id, issued)

    def status(self, path: str = "/", query: str = "", kind: str = "http", **headers: str) -> int:
        """Return the status of the response: 200 if the request passed."""
        named = {"Host": "127.0.0.1:4566", **headers}
        pairs = [(k.replace("_", "-").lower().encode(), v.encode()) for k, v in named.items() if v]
        scope = {
            "type": kind,
            "method": "GET",
            "path": path,
            "query_string": query.encode(),
            "headers": pairs,
        }
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        async def receive() -> dict[str, Any]:
            return {}

        with suppress(StopIteration):  # without an event loop, which opens a socket
            self._guard(scope, receive, send).send(None)
        return int(sent[0].get("status") or sent[0]["code"])

    async def _called(self, scope: Any, _receive: Any, send: Any) -> None:
        self.reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})


@pytest.fixture
def plain() -> RecordingApp:
    """Return the guard of `make run`, without IAM."""
    return RecordingApp()


@pytest.fixture
def with_iam() -> RecordingApp:
    """Return the guard of `make deploy-local`, with one key issued by IAM."""
    return RecordingApp(lambda key: key == ISSUED_KEY)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": signed(ROOT_KEY)},
        {"Authorization": signed(ROOT_KEY), "Host": "localhost:4566"},
        {"Authorization": signed(ROOT_KEY), "Host": "[::1]:4566"},
    ],
)
def test_the_keys_of_this_start_are_accepted(plain: RecordingApp, headers: dict[str, str]) -> None:
    """With any host name of this machine."""
    assert 200 == plain.status(**headers)
    assert ["/"] == plain.reached


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": signed("test")},
        {"Authorization": signed("123456789012")},
        {"Authorization": signed(ISSUED_KEY)},
        {"Authorization": "AWS test:c2lnbmF0dXJl"},
        {"Authorization": signed(ROOT_KEY), "Origin": "http://evil.example"},
        {"Authorization": signed(ROOT_KEY), "Origin": "null"},
        {"Authorization": signed(ROOT_KEY), "Sec_Fetch_Site": "same-site"},
        {"Authorization": signed(ROOT_KEY), "Sec_Fetch_Site": "none"},
        {"Authorization": signed(ROOT_KEY), "Host": "evil.example:4566"},
        {"Authorization": signed(ROOT_KEY), "Host": "127.0.0.1.evil.example"},
        {"Authorization": signed(ROOT_KEY), "Host": ""},
    ],
)
def test_other_requests_are_refused(plain: RecordingApp, headers: dict[str, str]) -> None:
    """No key, well-known and foreign keys, web pages, foreign host names."""
    for path in ("/", "/_ministack/reset", "/restapis/0a1b2c3d/api/_user_request_/products"):
        assert 403 == plain.status(path, "Action=CreateStack", **headers)
    assert [] == plain.reached


@pytest.mark.parametrize("name", ["X-Amz-Credential", "x-amz-credential", "AWSAccessKeyId"])
def test_a_link_signed_with_well_known_keys_is_refused(plain: RecordingApp, name: str) -> None:
    """The key may be in the query of a link. The key of this start is accepted there."""
    tail = "" if name == "AWSAccessKeyId" else "%2F20261127%2Fus-east-1%2Fs3%2Faws4_request"

    assert 403 == plain.status("/", f"Action=CreateStack&{name}=test{tail}")
    assert 200 == plain.status("/", f"Action=ListStacks&{name}={ROOT_KEY}{tail}")


def test_the_guard_finds_the_same_key_as_the_emulator(plain: RecordingApp) -> None:
    """A header comes before the query, and the first value before the second."""
    query = f"X-Amz-Credential={ROOT_KEY}%2Fa&X-Amz-Credential=test%2Fa"

    assert 403 == plain.status("/", query, Authorization=signed("test"))
    assert 200 == plain.status("/", query)


def test_health_needs_no_key(plain: RecordingApp) -> None:
    """But not for pages or foreign host names."""
    for path in (HEALTH_PATH, PID_PATH):
        assert 200 == plain.status(path)
        assert 403 == plain.status(path, Origin="http://evil.example")
        assert 403 == plain.status(path, Host="evil.example")
    assert [HEALTH_PATH] == plain.reached


def test_the_public_keys_of_a_pool_need_no_key(plain: RecordingApp, with_iam: RecordingApp) -> None:
    """The gateway requests them unsigned. Pages are refused."""
    path = "/us-east-1_aB3dE5gH7/.well-known/jwks.json"

    assert 200 == with_iam.status(path)
    assert 403 == with_iam.status(path, Origin="http://evil.example")
    assert 403 == with_iam.status(f"/bucket{path}")
    assert 403 == plain.status(path)


def test_websockets_are_refused(plain: RecordingApp, with_iam: RecordingApp) -> None:
    """A page may open a WebSocket to any port. 1008 is the code of a policy violation."""
    for emulator in (plain, with_iam):
        assert 1008 == emulator.status(kind="websocket", Authorization=signed(ROOT_KEY))
        assert [] == emulator.reached


def test_issued_keys_are_accepted_with_iam(with_iam: RecordingApp) -> None:
    """The emulator checks their signatures. Paths without that check need the root key."""
    assert 200 == with_iam.status(Authorization=signed(ISSUED_KEY))
    assert 200 == with_iam.status("/_ministack/reset", Authorization=signed(ROOT_KEY))
    assert 403 == with_iam.status("/_ministack/reset", Authorization=signed(ISSUED_KEY))
    for key in ("test", "123456789012", "AKIAUNKNOWNUNKNOWNUN"):
        assert 403 == with_iam.status(Authorization=signed(key))


@pytest.mark.parametrize(
    ("host", "path"),
    [
        (API, "/api/products"),
        (API, "/api"),
        ("localhost:4566", "/restapis/0a1b2c3d/api/_user_request_/products"),
        ("localhost:4566", "/restapis/0a1b2c3d/api/_user_request_"),
    ],
)
def test_a_deployed_api_is_open_to_every_caller(
    with_iam: RecordingApp, host: str, path: str
) -> None:
    """Also to pages. The gateway and the API authenticate callers. Well-known keys are refused."""
    assert 200 == with_iam.status(path, Host=host)
    assert 200 == with_iam.status(path, Host=host, Origin="http://localhost:9000")
    assert 200 == with_iam.status(path, Host=host, Sec_Fetch_Site="cross-site")
    assert 200 == with_iam.status(path, Host=host, Authorization=signed(ISSUED_KEY))
    assert 403 == with_iam.status(path, Host=host, Authorization=signed("test"))


@pytest.mark.parametrize(
    ("host", "path"),
    [
        (API, "/_ministack/reset"),
        (API, "/"),
        (API, "/apis"),
        (API, "/oauth2/authorize"),
        (f"{API}.evil.example", "/api/products"),
        ("evil.example", "/restapis/0a1b2c3d/api/_user_request_/products"),
        ("localhost:4566", "/restapis/0a1b2c3d"),
        ("localhost:4566", "/restapis/0a1b2c3d/api/_user_request_s"),
        ("localhost:4566", "/a/restapis/0a1b2c3d/api/_user_request_/products"),
    ],
)
def test_only_the_paths_of_an_api_are_open(with_iam: RecordingApp, host: str, path: str) -> None:
    """Foreign host names are refused too."""
    assert 403 == with_iam.status(path, Host=host)
    assert [] == with_iam.reached
