"""Who is measured, in which order, and what each can do. Knows no measuring."""

from __future__ import annotations

from typing import Final, NamedTuple


class Contestant(NamedTuple):
    """A Lambda function: the project, a peer, or one of the two limits."""

    name: str
    label: str
    handler: str = "app.handler"
    is_api: bool = True
    """The limits cannot miss or write."""
    is_compiled: bool = False


OURS: Final = Contestant("catalog", "(b) this project", "app.app", is_compiled=True)
NOTHING: Final = Contestant("nothing", "(0) a constant", is_api=False, is_compiled=True)
BARE: Final = Contestant("bare", "(a) a bare GET", is_api=False, is_compiled=True)
CHALICE: Final = Contestant("chalice_tutorial", "(c) Chalice's tutorial", "app.app")
POWERTOOLS: Final = Contestant("powertools", "(d) Powertools")
FASTAPI: Final = Contestant("fastapi_mangum", "(e) FastAPI, Mangum")

CONTESTANTS: Final = (NOTHING, BARE, OURS, CHALICE, POWERTOOLS, FASTAPI)
PEERS: Final = (CHALICE, POWERTOOLS, FASTAPI)
