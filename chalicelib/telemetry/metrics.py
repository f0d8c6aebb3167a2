"""
The metrics: their names, and how a log line contains them in CloudWatch's embedded metric format.

CloudWatch reads them out of the line; no call is made. One dimension, the stage, and never a
product: each name times each dimension's value is a metric that is paid for by the month. Zero
values are not emitted, so what never happens costs nothing.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Final

NAMESPACE: Final = "product-catalog"
DIMENSION: Final = "Stage"
MAX_VALUES: Final = 100
"""So many values of one metric CloudWatch takes from one line."""

COUNTS: Final = {
    "CacheHits": "items found in the cache, as an entry or as a cached 404",
    "NegativeHits": "those of CacheHits that were a cached 404",
    "CacheMisses": "items looked up in the cache and not found",
    "CacheBypasses": "items read past the cache, because Redis failed or the circuit was open",
    "FillsRefused": "loaded items not cached because of a write in between",
    "FencesLost": "writes whose fence could not be placed",
    "BreakerOpened": "times the circuit breaker opened",
    "StreamInvalidations": "out-of-date entries deleted because of a stream record",
    "InvalidationsDelayed": "stream batches retried because Redis was unavailable",
    "MalformedRecords": "stream records without an id, or of no known table",
    "DynamoDBCalls": "calls of DynamoDB, retries included",
    "ReadUnits": "read capacity units that DynamoDB reports",
    "WriteUnits": "write capacity units that DynamoDB reports",
    "ServerErrors": "answers with status 500 and above",
    "ColdStarts": "containers that were started",
}
MILLISECONDS: Final = {
    "HitLatency": "a read of one item that was a hit",
    "MissLatency": "a read of one item that was a miss",
    "BypassLatency": "a read of one item that was a bypass",
    "WriteLatency": "a creation, an update, a deletion",
    "OtherLatency": "any other answer: lists, health, documentation",
    "InvalidationLag": "from a write until its stream record was handled",
}
UNITS: Final = {**dict.fromkeys(COUNTS, "Count"), **dict.fromkeys(MILLISECONDS, "Milliseconds")}


@lru_cache(maxsize=256)
def directive(names: tuple[str, ...]) -> str:
    """Return, as JSON, the directive that names the members of a line that are metrics."""
    metrics = [{"Name": name, "Unit": UNITS[name]} for name in names]
    return json.dumps(
        [{"Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": metrics}],
        separators=(",", ":"),
    )


def latency_of(method: str, outcome: str | None) -> str:
    """Return the name of the metric for an answer's time."""
    if method not in ("GET", "HEAD"):
        return "WriteLatency"
    return _OUTCOMES.get(outcome or "", "OtherLatency")


_OUTCOMES: Final = {
    "hit": "HitLatency",
    "negative hit": "HitLatency",
    "miss": "MissLatency",
    "bypass": "BypassLatency",
}


class Tally:
    """What was counted, and what was timed in ms, under the names above."""

    __slots__ = ("counts", "times")

    def __init__(self) -> None:
        self.counts: dict[str, float] = {}
        self.times: dict[str, list[float]] = {}

    def count(self, name: str, number: float = 1) -> None:
        """Add to a count. Zero is not emitted."""
        if number:
            self.counts[name] = self.counts.get(name, 0) + number

    def time(self, name: str, milliseconds: float) -> None:
        """Note how long something took."""
        self.times.setdefault(name, []).append(milliseconds)

    def add(self, other: Tally) -> None:
        """Take in all that another has."""
        for name, number in other.counts.items():
            self.count(name, number)
        for name, times in other.times.items():
            self.times.setdefault(name, []).extend(times)

    def members(self) -> dict[str, float | list[float]]:
        """Return it as the members of a line, exact and in full."""
        return {**self.counts, **self.times}
