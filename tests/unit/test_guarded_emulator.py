"""Who may call the emulator: the guard, over an application that only notes what gets through."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from ministack.core.router import extract_access_key_id

from dev.stack.guarded_emulator import HEALTH_PATH, PID_PATH, Guard

OURS, ISSUED = "AKIAOURSOURSOURSOURS", "AKIAISSUEDISSUEDISSU"
FORM = "application/x-www-form-urlencoded"
API = "0a1b2c3d.execute-api.localhost:4566"


def signed(key: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential={key}/20261127/us-east-1/dynamodb/aws4_request"


class Emulator:
    """What stands behind the guard."""

    def __init__(self, issued: Callable[[str], bool] | None = None) -> None:
        self.reached: list[str] = []
        self._guard = Guard(self._called, OURS, extract_access_key_id, issued)

    def status(self, path: str = "/", query: str = "", kind: str = "http", **headers: str) -> int:
        """Return the answer's status, 200 where the request got through."""
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

        with suppress(StopIteration):  # nothing here waits, so no loop is needed: it opens a socket
            self._guard(scope, receive, send).send(None)
        return int(sent[0].get("status") or sent[0]["code"])

    async def _called(self, scope: Any, _receive: Any, send: Any) -> None:
        self.reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})


@pytest.fixture
def plain() -> Emulator:
    """As `make run` has it: no IAM."""
    return Emulator()


@pytest.fixture
def with_iam() -> Emulator:
    """As `make deploy-local` has it: IAM has issued one key."""
    return Emulator(lambda key: key == ISSUED)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": signed(OURS)},
        {"Authorization": signed(OURS), "Host": "localhost:4566"},
        {"Authorization": signed(OURS), "Host": "[::1]:4566"},
    ],
)
def test_this_starts_keys_open_it(plain: Emulator, headers: dict[str, str]) -> None:
    """By any name of this machine."""
    assert 200 == plain.status(**headers)
    assert ["/"] == plain.reached


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": signed("test")},
        {"Authorization": signed("123456789012")},
        {"Authorization": signed(ISSUED)},
        {"Authorization": "AWS test:c2lnbmF0dXJl"},
        {"Authorization": signed(OURS), "Origin": "http://evil.example"},
        {"Authorization": signed(OURS), "Origin": "null"},
        {"Authorization": signed(OURS), "Sec_Fetch_Site": "same-site"},
        {"Authorization": signed(OURS), "Sec_Fetch_Site": "none"},
        {"Authorization": signed(OURS), "Host": "evil.example:4566"},
        {"Authorization": signed(OURS), "Host": "127.0.0.1.evil.example"},
        {"Authorization": signed(OURS), "Host": ""},
    ],
)
def test_all_else_is_refused(plain: Emulator, headers: dict[str, str]) -> None:
    """No key, well-known and foreign ones, web pages, foreign names for this machine."""
    for path in ("/", "/_ministack/reset", "/restapis/0a1b2c3d/api/_user_request_/products"):
        assert 403 == plain.status(path, "Action=CreateStack", **headers)
    assert [] == plain.reached


@pytest.mark.parametrize("name", ["X-Amz-Credential", "x-amz-credential", "AWSAccessKeyId"])
def test_a_link_signed_with_well_known_keys_is_refused(plain: Emulator, name: str) -> None:
    """The key may stand in the query, where a page's link can put it; ours is taken there too."""
    tail = "" if name == "AWSAccessKeyId" else "%2F20261127%2Fus-east-1%2Fs3%2Faws4_request"

    assert 403 == plain.status("/", f"Action=CreateStack&{name}=test{tail}")
    assert 200 == plain.status("/", f"Action=ListStacks&{name}={OURS}{tail}")


def test_a_key_of_two_readings_is_the_one_that_the_emulator_reads(plain: Emulator) -> None:
    """A header goes before the query, and the first value before the second."""
    query = f"X-Amz-Credential={OURS}%2Fa&X-Amz-Credential=test%2Fa"

    assert 403 == plain.status("/", query, Authorization=signed("test"))
    assert 200 == plain.status("/", query)


def test_health_is_told_without_a_key(plain: Emulator) -> None:
    """But to no page, and by no foreign name."""
    for path in (HEALTH_PATH, PID_PATH):
        assert 200 == plain.status(path)
        assert 403 == plain.status(path, Origin="http://evil.example")
        assert 403 == plain.status(path, Host="evil.example")
    assert [HEALTH_PATH] == plain.reached


def test_a_pools_public_keys_are_told_to_the_gateway(plain: Emulator, with_iam: Emulator) -> None:
    """Which asks for them without a key; pages get none."""
    path = "/us-east-1_aB3dE5gH7/.well-known/jwks.json"

    assert 200 == with_iam.status(path)
    assert 403 == with_iam.status(path, Origin="http://evil.example")
    assert 403 == with_iam.status(f"/bucket{path}")
    assert 403 == plain.status(path)


def test_no_socket_is_opened(plain: Emulator, with_iam: Emulator) -> None:
    """A page may open a WebSocket to any port; 1008 is its code for a policy."""
    for emulator in (plain, with_iam):
        assert 1008 == emulator.status(kind="websocket", Authorization=signed(OURS))
        assert [] == emulator.reached


def test_with_iam_issued_keys_open_it_too(with_iam: Emulator) -> None:
    """Their signatures are the emulator's to check; what it does not check is root's alone."""
    assert 200 == with_iam.status(Authorization=signed(ISSUED))
    assert 200 == with_iam.status("/_ministack/reset", Authorization=signed(OURS))
    assert 403 == with_iam.status("/_ministack/reset", Authorization=signed(ISSUED))
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
def test_a_deployed_api_is_called_by_anybody(with_iam: Emulator, host: str, path: str) -> None:
    """Pages included, Swagger's among them: the gateway and the API ask who it is. Not root."""
    assert 200 == with_iam.status(path, Host=host)
    assert 200 == with_iam.status(path, Host=host, Origin="http://localhost:9000")
    assert 200 == with_iam.status(path, Host=host, Sec_Fetch_Site="cross-site")
    assert 200 == with_iam.status(path, Host=host, Authorization=signed(ISSUED))
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
def test_the_way_to_an_api_leads_nowhere_else(with_iam: Emulator, host: str, path: str) -> None:
    """Nor do another's names for this machine lead to it."""
    assert 403 == with_iam.status(path, Host=host)
    assert [] == with_iam.reached
