"""The IAM token for Redis, checked by the rules of AWS's Signature Version 4."""

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import botocore.session
import pytest
import redis
from botocore.exceptions import ClientError, CredentialRetrievalError

from chalicelib.redis_store.iam import LIFE_SECONDS, RENEWED_SECONDS, IamCredentials

SECRET = "a secret key"
SERVERLESS = "arn:aws:elasticache:eu-central-1:123456789012:serverlesscache:products"
NODES = "arn:aws:elasticache:eu-central-1:123456789012:replicationgroup:products"


class TokenClock:
    """A clock that the test advances."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def _session(*credentials: str) -> Any:
    """Return a botocore session with the given credentials."""
    session = botocore.session.Session()
    if credentials:
        session.set_credentials(*credentials)
    return session


def _iam(
    cache: str = NODES, session: Any = None, clock: TokenClock | None = None
) -> IamCredentials:
    session = session or _session("a key", SECRET, "a session")
    return IamCredentials(cache, "catalog-dev", lambda: session, clock or TokenClock())


def _query(token: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(f"https://{token}").query))


def _signature(token: str, secret: str) -> str:
    """Return the expected signature, step by step as in AWS's documentation."""
    parts = urlsplit(f"https://{token}")
    query = {name: value for name, value in _query(token).items() if name != "X-Amz-Signature"}
    canonical = "&".join(f"{quote(k, '-_.~')}={quote(v, '-_.~')}" for k, v in sorted(query.items()))
    empty = hashlib.sha256(b"").hexdigest()
    request = f"GET\n/\n{canonical}\nhost:{parts.netloc}\n\nhost\n{empty}"
    scope = query["X-Amz-Credential"].split("/", 1)[1]
    hashed = hashlib.sha256(request.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{scope}\n{hashed}"
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), to_sign):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


@pytest.mark.parametrize("cache", [SERVERLESS, NODES])
def test_the_signature_is_that_of_aws(cache: str) -> None:
    """It covers every other part of the token. Another key gives another signature."""
    user, token = _iam(cache).get_credentials()

    assert "catalog-dev" == user
    assert _query(token)["X-Amz-Signature"] == _signature(token, SECRET)
    assert _query(token)["X-Amz-Signature"] != _signature(token, "another key")


def test_the_token_contains_user_cache_and_lifetime() -> None:
    """A `connect` request of the user to the cache, valid for 15 minutes, without its scheme."""
    _, token = _iam().get_credentials()
    query = _query(token)

    assert token.startswith("products/?Action=connect&User=catalog-dev&")
    assert ("900", "a session") == (query["X-Amz-Expires"], query["X-Amz-Security-Token"])
    assert query["X-Amz-Credential"].endswith("/eu-central-1/elasticache/aws4_request")
    assert "ResourceType" not in query


def test_the_token_of_a_serverless_cache_contains_its_type() -> None:
    """ElastiCache requires it."""
    _, token = _iam(SERVERLESS).get_credentials()

    assert "ServerlessCache" == _query(token)["ResourceType"]


def test_a_token_is_reused_until_shortly_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signing takes some ms, so connections share a token. An expiring token is replaced."""
    clock, signed = TokenClock(), []
    iam = _iam(clock=clock)
    sign = iam._sign
    monkeypatch.setattr(iam, "_sign", lambda signer: signed.append(signer) or sign(signer))

    first = iam.get_credentials()
    clock.now += LIFE_SECONDS - RENEWED_SECONDS - 1
    assert first == iam.get_credentials()
    assert 1 == len(signed)

    clock.now += 1
    iam.get_credentials()
    assert 2 == len(signed)


def test_a_token_is_replaced_with_its_credentials() -> None:
    """ElastiCache refuses the token of an expired session."""
    session = _session("a key", SECRET, "a session")
    iam = _iam(session=session)
    _, before = iam.get_credentials()
    session.set_credentials("another key", "another secret", "another session")

    _, after = iam.get_credentials()

    assert "a session" == _query(before)["X-Amz-Security-Token"]
    assert "another session" == _query(after)["X-Amz-Security-Token"]
    assert _query(after)["X-Amz-Signature"] == _signature(after, "another secret")


class _FailingSession:
    """Returns no credentials, or raises."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    def get_credentials(self) -> None:
        if self._error is not None:
            raise self._error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (None, "NoCredentialsError"),
        (CredentialRetrievalError(provider="p", error_msg="e"), "CredentialRetrievalError"),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "AssumeRole"), "ClientError"),
    ],
)
def test_missing_credentials_are_an_authentication_error(
    error: Exception | None, kind: str
) -> None:
    """The cache is unavailable, as with a wrong password. The API works without it."""
    with pytest.raises(redis.AuthenticationError) as caught:
        _iam(session=_FailingSession(error)).get_credentials()

    assert kind == caught.value.status_code
