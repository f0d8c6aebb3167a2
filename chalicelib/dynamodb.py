"""How DynamoDB is reached: time-outs and retries. Imported on a miss only: botocore is slow."""

from __future__ import annotations

from typing import Any

import botocore.session
from botocore.config import Config

from chalicelib.config import Settings


def connect(settings: Settings) -> Any:
    """
    Return a client that gives up after three tries of at most 1 s + 2 s, pauses in between.

    That is below 12 s, and so below what a Lambda may take (`.chalice/config.json`).
    """
    return botocore.session.get_session().create_client(
        "dynamodb",
        region_name=settings.aws_region,
        endpoint_url=settings.aws_endpoint_url,
        config=Config(
            connect_timeout=1,
            read_timeout=2,
            retries={"mode": "standard", "total_max_attempts": 3},
            max_pool_connections=50,
        ),
    )
