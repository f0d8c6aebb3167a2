"""How AWS is reached: one place for a client's time-outs. Knows no service. botocore is slow."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

from chalicelib.config import Settings

SERVICE_MODELS: Final = Path(__file__).with_name("service_models")
"""Where a package has the part of botocore's data that we need (`dev/deploy/service_models.py`)."""


def connect(service: str, settings: Settings) -> Any:
    """Return a client that tries once, for at most 1 s + 2 s. Who needs more tries makes them."""
    return _session().create_client(
        service,
        region_name=settings.aws_region,
        endpoint_url=settings.aws_endpoint_url,
        config=Config(
            connect_timeout=1,
            read_timeout=2,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=50,
            user_agent="product-catalog",  # botocore puts its own together at each call: 100 µs
        ),
    )


def _session() -> botocore.session.Session:
    session: botocore.session.Session = botocore.session.get_session()
    if SERVICE_MODELS.is_dir():
        loader = Loader([str(SERVICE_MODELS)], include_default_search_paths=False)
        session.register_component("data_loader", loader)
    return session
