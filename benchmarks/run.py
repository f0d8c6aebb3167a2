"""The whole run, part by part: what is measured, and how much of it."""

from __future__ import annotations

import sys
from typing import Any, Final, NamedTuple

from benchmarks import cold, counts, growth, http, machine, targets, warm
from benchmarks.contestants import CONTESTANTS
from benchmarks.rig import Rig, rig
from benchmarks.samples import Samples

Figures = dict[str, Any]


class Plan(NamedTuple):
    """How often and how long."""

    cold_rounds: int = 10
    warm_rounds: int = 15
    warm_hits: int = 200
    growth_rounds: int = 5
    growth_hits: int = 100
    most_keys: int = 1_000_000
    http_rounds: int = 5
    http_seconds: float = 3.0


WHOLE: Final = Plan()
QUICK: Final = Plan(2, 3, 50, 2, 10, 10_000, 1, 1.0)


def run(plan: Plan) -> Figures:
    """Return all figures: times in milliseconds, sizes in bytes."""
    head = {**machine.description(), "plan": plan._asdict()}
    with rig() as functions:
        _say("packed; cold starts")
        cold_ones = cold.measure(functions, plan.cold_rounds)
        of_functions = _functions(functions, plan, cold_ones)
    _say("HTTP")
    served = http.measure(plan.http_rounds, plan.http_seconds)
    met = [*of_functions.pop("targets"), *(each.told() for each in targets.of_server(served))]
    return {**head, **of_functions, "http": served, "targets": met}


def _functions(functions: Rig, plan: Plan, cold_ones: dict[str, Samples]) -> Figures:
    _say("warm requests")
    warm_ones = warm.measure(functions, plan.warm_rounds, plan.warm_hits)
    samples = warm_ones["samples"]
    _say("round trips, sizes, numbers of keys")
    return {
        "packages": {each.name: functions.packages[each.name].sizes() for each in CONTESTANTS},
        "cold": _summaries(cold_ones),
        "warm": _summaries(samples),
        "memory": warm_ones["memory"],
        "round trips": counts.measure(functions),
        "by size": _summaries(growth.by_size(functions, plan.growth_rounds, plan.growth_hits)),
        "by keys": _summaries(
            growth.by_keys(functions, plan.growth_rounds, 10 * plan.growth_hits, plan.most_keys)
        ),
        "targets": [each.told() for each in targets.of_functions(samples, cold_ones)],
    }


def _summaries(samples: dict[Any, Samples]) -> Figures:
    return {str(of): each.summary() for of, each in samples.items()}


def _say(what: str) -> None:
    sys.stderr.write(f"bench: {what} …\n")
