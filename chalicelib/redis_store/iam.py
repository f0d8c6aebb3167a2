"""
IAM authentication to ElastiCache: the password is a token, a signed request that is never sent.

Its form: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html. botocore takes
0.1 s to import, so it waits for the first token.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

import redis

LIFE_SECONDS: Final = 900
"""How long ElastiCache accepts a token."""
RENEWED_SECONDS: Final = 60
"""How long before its end a token is replaced."""


class IamCredentials(redis.CredentialProvider):
    """
    Gives user and token. Raises `redis.AuthenticationError` where AWS gives no credentials.

    A token lives no longer than the credentials that signed it, so it is replaced with them.
    """

    def __init__(
        self,
        cache_arn: str,
        user: str,
        session: Callable[[], Any] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        _, _, _, self._region, _, kind, cache = cache_arn.split(":")
        query = {"Action": "connect", "User": user}
        if kind == "serverlesscache":
            query["ResourceType"] = "ServerlessCache"
        self._url = f"https://{cache}/?{urlencode(query)}"
        self._user = user
        self._new_session = session or _new_session
        self._session: Any = None
        self._clock = clock  # the wall clock: a monotonic one may stop while Lambda is frozen
        self._token = ""
        self._signed_by: Any = None
        self._renew_at = 0.0

    def get_credentials(self) -> tuple[str, str]:
        """Return user and token: the same token until shortly before its end."""
        now = self._clock()
        signer = self._aws_credentials()
        if now >= self._renew_at or signer != self._signed_by:
            self._token = self._sign(signer)
            self._signed_by = signer
            self._renew_at = now + LIFE_SECONDS - RENEWED_SECONDS
        return self._user, self._token

    def _aws_credentials(self) -> Any:
        """Return the current credentials. botocore renews those that are about to expire."""
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

        try:
            self._session = self._session or self._new_session()
            credentials = self._session.get_credentials()
            if credentials is None:
                raise NoCredentialsError
            return credentials.get_frozen_credentials()
        except (BotoCoreError, ClientError) as error:
            kind = type(error).__name__
            raise redis.AuthenticationError("AWS gave no credentials", status_code=kind) from error

    def _sign(self, credentials: Any) -> str:
        from botocore.auth import SigV4QueryAuth
        from botocore.awsrequest import AWSRequest

        request = AWSRequest("GET", self._url)
        SigV4QueryAuth(credentials, "elasticache", self._region, LIFE_SECONDS).add_auth(request)
        url: str = request.url
        return url.removeprefix("https://")


def _new_session() -> Any:
    import botocore.session

    return botocore.session.get_session()
