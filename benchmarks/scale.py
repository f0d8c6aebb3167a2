"""
What a rate of requests needs of Lambda, Redis and DynamoDB: arithmetic over measured figures.

Little's law for the environments, but at least one for ten requests a second, which is what Lambda
grants each. Times on AWS are ours plus the network's, which no machine of ours can measure.
"""

from __future__ import annotations

from typing import Any, Final

from benchmarks.contestants import BARE, OURS

RATES: Final = (10**3, 10**5, 10**7)
READS: Final = 0.95
HITS: Final = 0.95
"""Of reads. A catalogue whose popular tenth fits into Redis sees more."""

_REDIS_MS: Final = 0.5
"""A round trip within a zone, beside the one to its own machine that the bench has."""
_DYNAMODB_MS: Final = 4.0
_A_SECOND_EACH: Final = 10
"""Requests a second that Lambda grants each environment of a function."""
_LINE_BYTES: Final = 640
"""A hit's line in the log, metrics and all."""

Figures = dict[str, Any]


def needs(figures: Figures, rate: float) -> dict[str, float]:
    """Return what `rate` requests a second take, each second."""
    shares = {"hit": READS * HITS, "miss": READS * (1 - HITS), "update": 1 - READS}
    trips = {name: figures["round trips"][name][OURS.name] for name in shares}
    busy = sum(share * _seconds(figures, name) for name, share in shares.items())
    environments = max(rate * busy, rate / _A_SECOND_EACH)
    return {
        "environments": environments,
        "commands": rate * sum(shares[name] * trips[name]["redis"] for name in shares),
        "reads": rate * shares["miss"],
        "writes": rate * shares["update"],
        "log": rate * _LINE_BYTES * 86_400 / 1e9,
    }


def table(figures: Figures) -> str:
    """Return it as Markdown."""
    head = {
        "environments": "Lambda environments, and connections to Redis",
        "commands": "Redis commands a second",
        "reads": "DynamoDB read units a second",
        "writes": "DynamoDB write units a second",
        "log": "log, GB a day",
    }
    wanted = [needs(figures, rate) for rate in RATES]
    rates = " | ".join(f"{rate:,}" for rate in RATES)
    rows = [f"| requests a second | {rates} |", "|---|---|---|---|"]
    rows += [
        f"| {title} | {' | '.join(f'{each[name]:,.0f}' for each in wanted)} |"
        for name, title in head.items()
    ]
    return "\n".join(rows) + "\n"


def _seconds(figures: Figures, operation: str) -> float:
    """Return how long an environment is busy with one request, on AWS."""
    of = figures["warm"]["write" if operation == "update" else operation]
    trips = figures["round trips"][operation][OURS.name]
    own = figures["warm"]["hit"][OURS.name]["median"] if operation == "hit" else _own(figures, of)
    redis, dynamodb = trips["redis"] * _REDIS_MS, trips["dynamodb"] * _DYNAMODB_MS
    return (own + redis + dynamodb) / 1000


def _own(figures: Figures, of: Figures) -> float:
    """Return an operation's time without the emulator's."""
    plain = figures["warm"]["miss"]["GetItem by botocore"]["median"]
    least: float = figures["warm"]["hit"][BARE.name]["median"]
    return max(of[OURS.name]["median"] - plain, least)
