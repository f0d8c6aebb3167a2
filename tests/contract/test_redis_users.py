"""The Redis user of the application, with a real server that accepts only listed users."""

from collections.abc import Iterator

import pytest
import redis

from chalicelib.caching.entries import Outcome
from tests import examples
from tests.doubles.caching import CountingLoader, a_cache, a_client
from tests.doubles.tls import Certificates, RelayedValkey, TlsServer

CACHE = "arn:aws:elasticache:eu-central-1:123456789012:serverlesscache:products"
RIGHTS = ["on", "~*", "-@all", "+getex", "+get", "+set", "+eval"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    """Start a server with TLS."""
    with RelayedValkey(Certificates(tmp_path_factory.mktemp("certificates"))) as server:
        yield server


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set AWS credentials as Lambda does."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a session")


def _client(server: TlsServer, **variables: str) -> redis.Redis:
    patient = {"REDIS_TIMEOUT_SECONDS": "1", "REDIS_USERNAME": "catalog-dev"}
    return a_client(examples.settings(**server.settings, **patient, **variables))


def _allow(server: TlsServer, secret: str) -> None:
    server.client().execute_command("ACL", "SETUSER", "catalog-dev", "reset", f">{secret}", *RIGHTS)


def _outcome(client: redis.Redis) -> Outcome:
    """Read twice; return the second outcome."""
    cache = a_cache(client)
    return [cache.fetch("k", CountingLoader("x")).outcome for _ in range(2)][1]


def test_iam_authentication_sends_the_token(server: TlsServer) -> None:
    """ElastiCache checks the token with IAM."""
    client = _client(server, REDIS_IAM_CACHE=CACHE)
    provider = client.connection_pool.connection_kwargs["credential_provider"]
    _, token = provider.get_credentials()

    _allow(server, token)
    assert Outcome.HIT == _outcome(client)
    _allow(server, "another")
    client.connection_pool.disconnect()
    assert Outcome.BYPASS == _outcome(client)
