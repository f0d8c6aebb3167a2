"""What is measured, in which order, and what each target can do."""

from __future__ import annotations

from typing import Final, NamedTuple


class Target(NamedTuple):
    """A Lambda function: the project, a peer, or a limit."""

    name: str
    label: str
    package: str
    handler: str = "app.handler"
    operations: frozenset[str] = frozenset({"hit", "miss", "write"})


OURS: Final = Target("ours", "this project", "catalog", "app.app")
LIMIT_HIT: Final = Target("a", "(a) GET", "limits", "hit.handler", frozenset({"hit"}))
LIMIT_MISS: Final = Target("b", "(b) + boto3", "limits", "miss.handler", frozenset({"hit", "miss"}))
LIMIT_WRITE: Final = Target("c", "(c) + Pydantic", "limits", "write.handler")
PEERS: Final = (
    Target("chalice", "Chalice tutorial", "chalice_tutorial", "app.app"),
    Target("powertools", "Powertools", "powertools"),
    Target("fastapi", "FastAPI, Mangum", "fastapi_mangum"),
)
TARGETS: Final = (LIMIT_HIT, LIMIT_MISS, LIMIT_WRITE, OURS, *PEERS)
