"""
What a month costs: `python -m dev.cost --reads 10e6 --writes 1e6 --hits 0.9 --kilobytes 1`.

Prices are of us-east-1, without free tiers; `docs/cost.md` names their sources and what is left
out. The times of the functions are assumptions, to be replaced by what the access log tells.
"""

from __future__ import annotations

import argparse
import math
import sys
from typing import Final, NamedTuple

PRICES: Final = {
    "API Gateway, a million requests": 3.50,
    "Lambda, a million requests": 0.20,
    "Lambda on arm64, a million GB-seconds": 13.3334,
    "DynamoDB, a million read units": 0.125,
    "DynamoDB, a million write units": 0.625,
    "DynamoDB, a GB a month": 0.25,
    "DynamoDB, a GB restorable a month": 0.20,
    "ElastiCache Serverless, a GB-hour": 0.084,
    "ElastiCache Serverless, a million units": 0.0023,
    "ElastiCache cache.t4g.micro, an hour": 0.0128,
    "CloudWatch, a GB of logs": 0.50,
    "CloudWatch, an alarm a month": 0.10,
    "CloudWatch, a metric a month": 0.30,
    "Secrets Manager, a secret a month": 0.40,
}
"""US dollars."""
_HOURS: Final = 730
_LEAST_CACHED_GB: Final = 0.1
_FUNCTION_GB: Final = 0.5
_HIT_MS, _MISS_MS, _WRITE_MS, _STREAM_MS = 5, 15, 25, 5
_LOGGED_GB: Final = 1.4e-6
"""A request: a line of ours with its metrics, one of API Gateway's, and Lambda's own three."""
_UNITS_OF_A_WRITE: Final = 3
"""Commands to Redis: fence, release, and the stream's invalidation."""
_SECRETS, _ALARMS, _METRICS = 2, 8, 21


class Usage(NamedTuple):
    """A month. `hits` is the part of the reads that Redis answers; `cache` is as the template's."""

    reads: float
    writes: float
    hits: float
    kilobytes: float
    products: float
    cache: str = "serverless"


def bill(usage: Usage) -> dict[str, float]:
    """Return what each service costs."""
    hits = usage.hits * usage.reads if usage.cache != "none" else 0.0
    misses = usage.reads - hits
    requests = usage.reads + usage.writes
    gigabytes = usage.products * usage.kilobytes / 1e6
    times = (hits * _HIT_MS, misses * _MISS_MS, usage.writes * (_WRITE_MS + _STREAM_MS))
    return {
        "API Gateway": _price("API Gateway, a million requests", requests / 1e6),
        "Lambda": _price("Lambda, a million requests", (requests + usage.writes) / 1e6)
        + _price("Lambda on arm64, a million GB-seconds", sum(times) / 1e9 * _FUNCTION_GB),
        "DynamoDB": _table(misses, usage.writes, usage.kilobytes)
        + _price("DynamoDB, a GB a month", gigabytes)
        + _price("DynamoDB, a GB restorable a month", gigabytes),
        "ElastiCache": _redis(usage, hits, misses, gigabytes),
        "Logs, alarms": _price("CloudWatch, a GB of logs", requests * _LOGGED_GB)
        + _price("CloudWatch, an alarm a month", _ALARMS)
        + _price("CloudWatch, a metric a month", _METRICS)
        + _price("Secrets Manager, a secret a month", _SECRETS),
    }


def break_even(usage: Usage) -> float:
    """
    Return the reads a month above which the cache costs less than it saves; infinity for never.

    Every part of the bill is linear in the reads, so two points tell.
    """
    idle, busy = usage._replace(reads=0.0), usage._replace(reads=1e6)
    fixed = _saved(idle)
    a_read = (_saved(busy) - fixed) / 1e6
    return math.inf if a_read <= 0 else max(0.0, -fixed / a_read)


def _saved(usage: Usage) -> float:
    """Return what the cache spares; less than nothing where it costs more."""
    without = bill(usage._replace(cache="none"))
    return sum(without.values()) - sum(bill(usage).values())


def _table(reads: float, writes: float, kilobytes: float) -> float:
    """
    Return the cost of consistent reads, of 4 KB a unit, and of writes, of 1 KB a unit.

    A write of a price or a category is one of the index too; each is counted as such.
    """
    read_units = reads * math.ceil(kilobytes / 4)
    write_units = writes * (math.ceil(kilobytes) + 1)
    return _price("DynamoDB, a million read units", read_units / 1e6) + _price(
        "DynamoDB, a million write units", write_units / 1e6
    )


def _redis(usage: Usage, hits: float, misses: float, gigabytes: float) -> float:
    if usage.cache == "none":
        return 0.0
    if usage.cache == "nodes":
        return _price("ElastiCache cache.t4g.micro, an hour", 2 * _HOURS)
    units = hits * max(1.0, usage.kilobytes)
    units += misses * (2 + max(1.0, usage.kilobytes)) + usage.writes * _UNITS_OF_A_WRITE
    held = max(_LEAST_CACHED_GB, gigabytes)
    return _price("ElastiCache Serverless, a GB-hour", held * _HOURS) + _price(
        "ElastiCache Serverless, a million units", units / 1e6
    )


def _price(name: str, amount: float) -> float:
    return PRICES[name] * amount


def main(words: list[str]) -> None:
    """Print the bill, and the break-even."""
    parser = argparse.ArgumentParser(prog="python -m dev.cost", description=__doc__)
    parser.add_argument("--reads", type=float, default=10e6, help="a month")
    parser.add_argument("--writes", type=float, default=1e6, help="a month")
    parser.add_argument("--hits", type=float, default=0.9, help="0 to 1")
    parser.add_argument("--kilobytes", type=float, default=1.0, help="of a product")
    parser.add_argument("--products", type=float, default=100e3)
    parser.add_argument("--cache", choices=("serverless", "nodes", "none"), default="serverless")
    usage = Usage(**vars(parser.parse_args(words)))
    lines = bill(usage)
    for name, dollars in lines.items():
        print(f"{name:<18} ${dollars:10.2f}")
    print(f"{'A month':<18} ${sum(lines.values()):10.2f}")
    if usage.cache != "none":
        print(f"Redis pays above {break_even(usage) / 1e6:,.1f} million reads a month")


if __name__ == "__main__":
    main(sys.argv[1:])
