"""The benchmark's ground: the packed function, run by Lambda's own runtime client."""

import json

import pytest

from benchmarks import counts, rig
from benchmarks.contestants import OURS
from benchmarks.events import event

pytestmark = pytest.mark.deployment


def test_the_packed_function_answers_a_miss_and_then_a_hit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Through awslambdaric, in a fresh process, with no more than a Lambda has."""
    monkeypatch.setattr(rig, "CONTESTANTS", (OURS,))
    monkeypatch.setattr(counts, "CONTESTANTS", (OURS,))
    with rig.rig() as servers:
        read = event("GET", servers.store(OURS))
        with servers.function(OURS) as function:
            (first, seconds), (second, _) = function.cold_start(read), function.invoke(read)
            memory = function.peak_memory()
        counted = counts.measure(servers)

    told = [answer.json() for answer in (first, second)]
    assert ["MISS", "HIT"] == [answer["headers"]["X-Cache"] for answer in told]
    assert "Wireless Mouse" == json.loads(told[1]["body"])["name"]
    assert 0 < seconds
    assert 10_000_000 < memory
    assert {"redis": 1, "dynamodb": 0} == counted["hit"][OURS.name]
    assert {"redis": 3, "dynamodb": 1} == counted["miss"][OURS.name]
