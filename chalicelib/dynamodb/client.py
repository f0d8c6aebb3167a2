"""How AWS is reached: clients and their time-outs. Slow to import, so a cache hit does not."""

from __future__ import annotations

from typing import Any, Literal

import boto3.session
from botocore.config import Config

from chalicelib.settings import Settings

Service = Literal["dynamodb"]
"""The services that the functions call. A package holds botocore's data of these only."""


def connect(service: Service, settings: Settings) -> Any:
    """Return a client that tries once, for at most 1 s + 2 s. Callers make further tries."""
    # boto3.client shares a session, which two threads must not create at once.
    session = boto3.session.Session()
    return session.client(
        service,
        region_name=settings.aws_region,
        endpoint_url=settings.aws_endpoint_url,
        config=Config(
            connect_timeout=1,
            read_timeout=2,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=50,
            user_agent="product-catalog",  # botocore builds its own at each call: 150 µs
            parameter_validation=False,  # of requests that the repository builds: 40 µs
        ),
    )
