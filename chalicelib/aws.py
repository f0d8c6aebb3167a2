"""How AWS is reached: one place for a client's time-outs. Knows no service. botocore is slow."""

from __future__ import annotations

from typing import Any

import botocore.session
from botocore.config import Config

from chalicelib.config import Settings


def connect(service: str, settings: Settings) -> Any:
    """Return a client that tries once, for at most 1 s + 2 s. Who needs more tries makes them."""
    return botocore.session.get_session().create_client(
        service,
        region_name=settings.aws_region,
        endpoint_url=settings.aws_endpoint_url,
        config=Config(
            connect_timeout=1,
            read_timeout=2,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=50,
        ),
    )
