"""
The token that stands for a password where ElastiCache asks IAM: a signed, unsent request.

Its form is ElastiCache's: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html.
Knows no connection. botocore takes 0.1 s to import, so it waits for the first token.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from chalicelib.redis_connection import Refused

LIFE_SECONDS: Final = 900
"""How long ElastiCache takes a token."""
RENEWED_SECONDS: Final = 60
"""So long before its end a new one is made."""


class IamToken:
    """Gives user and token. Raises `Refused` where AWS gives us no credentials."""

    def __init__(
        self,
        cache_arn: str,
        user: str,
        session: Callable[[], Any] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        _, _, _, self._region, _, self._kind, self._cache = cache_arn.split(":")
        self._user = user
        self._session = session or _session
        # The wall's: Lambda stops the other one while it freezes us, and the token ages on.
        self._clock = clock
        self._token = ""
        self._renew_at = 0.0

    def __call__(self) -> tuple[str, str]:
        """Return user and token, the same token until shortly before its end."""
        now = self._clock()
        if now >= self._renew_at:
            self._token = self._signed()
            self._renew_at = now + LIFE_SECONDS - RENEWED_SECONDS
        return self._user, self._token

    def _signed(self) -> str:
        from botocore.exceptions import BotoCoreError
        from botocore.model import ServiceId
        from botocore.signers import RequestSigner

        try:
            session = self._session()
            signer = RequestSigner(
                ServiceId("elasticache"),
                self._region,
                "elasticache",
                "v4",
                session.get_credentials(),
                session.get_component("event_emitter"),
            )
            url: str = signer.generate_presigned_url(
                self._request(), "connect", expires_in=LIFE_SECONDS, region_name=self._region
            )
        except BotoCoreError as error:
            raise Refused(type(error).__name__) from error
        return url.removeprefix("https://")

    def _request(self) -> dict[str, Any]:
        query = {"Action": "connect", "User": self._user}
        if self._kind == "serverlesscache":
            query["ResourceType"] = "ServerlessCache"
        url = f"https://{self._cache}/?{urlencode(query)}"
        return {"method": "GET", "url": url, "body": {}, "headers": {}, "context": {}}


def _session() -> Any:
    import botocore.session

    return botocore.session.get_session()
