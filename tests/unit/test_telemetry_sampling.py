"""Sampled hits: not every hit has a line, and the metrics stay exact."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import telemetry
from chalicelib.telemetry.metrics import MAX_VALUES, Tally
from chalicelib.telemetry.sampling import LATE_SECONDS, Sampling
from tests.cloudwatch import metrics
from tests.doubles.journal import SleepClock
from tests.doubles.log import CapturedLog, Line, capture_log


@pytest.fixture
def log() -> Iterator[CapturedLog]:
    """Capture the log of a stage that writes one hit in four."""
    with capture_log(LOG_HITS="0.25") as log:
        _answer("miss")  # the first line of a container is always written
        log.text()
        yield log


def _answer(cache: str, status: int = 200) -> None:
    telemetry.begin(request_id="r")
    telemetry.looked_up(cache)
    telemetry.answered("GET", "/products/{product_id}", status)


def _hit() -> Tally:
    tally = Tally()
    tally.count("CacheHits")
    tally.time("HitLatency", 0.5)
    return tally


def _total(lines: list[Line], name: str) -> float:
    return sum(point.value for point in metrics.read(lines) if point.metric[1] == name)


def test_a_share_of_hits_is_written(log: CapturedLog) -> None:
    """With LOG_HITS=0.25 every fourth line contains the counts and times of four hits."""
    for _ in range(8):
        _answer("hit")

    lines = log.lines()
    assert [4, 4] == [line["CacheHits"] for line in lines]
    assert [4, 4] == [len(line["HitLatency"]) for line in lines]


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.4, 0.7, 0.95, 1.0])
def test_the_written_share_is_exact(share: float) -> None:
    """Also if it is no whole fraction: of 1,000 hits, LOG_HITS=0.7 writes 700."""
    sampling, written = Sampling(share, SleepClock()), 0
    for _ in range(1000):
        if not sampling.passes_over(_hit()):
            sampling.hand_over(Tally())
            written += 1

    assert round(1000 * share) == written


def test_other_outcomes_are_always_written(log: CapturedLog) -> None:
    """Misses and bypasses. Waiting hits are added to the next line."""
    for outcome in ("hit", "negative hit", "miss", "bypass", "hit"):
        _answer(outcome)

    miss, bypass = log.lines()
    assert (2, 1, 1) == (miss["CacheHits"], miss["NegativeHits"], miss["CacheMisses"])
    assert 1 == bypass["CacheBypasses"]
    assert "CacheHits" not in bypass


def test_misses_do_not_change_the_share_of_hits(log: CapturedLog) -> None:
    """The share applies to hits only."""
    for _ in range(12):
        _answer("hit")
        _answer("miss")

    assert 3 == sum(line["cache"] == "hit" for line in log.lines())


def test_a_hit_with_other_metrics_is_written(log: CapturedLog) -> None:
    """Such as an opened breaker, or an error response."""
    telemetry.begin(request_id="r")
    telemetry.looked_up("hit")
    telemetry.count("BreakerOpened")
    telemetry.answered("GET", "/products/{product_id}", 200)
    _answer("hit", status=500)

    assert [1, 1] == [line["CacheHits"] for line in log.lines()]


def test_a_line_has_at_most_100_values() -> None:
    """So LOG_HITS=0.01 is the minimum."""
    with capture_log(LOG_HITS="0.01") as log:
        for _ in range(1 + 5 * MAX_VALUES):
            _answer("hit")
        lines = log.lines()

    assert [1] + [MAX_VALUES] * 5 == [line["CacheHits"] for line in lines]
    for line in lines:
        metrics.check(line)


def test_sums_are_exact_for_any_mix(log: CapturedLog) -> None:
    """One more miss adds the waiting hits."""
    mix = (["hit"] * 7 + ["miss"] + ["negative hit"] * 3 + ["bypass"]) * 25
    for outcome in mix:
        _answer(outcome)
    _answer("miss")

    lines = log.lines()
    assert 250 == _total(lines, "CacheHits")
    assert 75 == _total(lines, "NegativeHits")
    assert 250 == sum(point.metric[1] == "HitLatency" for point in metrics.read(lines))
    assert 26 == _total(lines, "CacheMisses")


def test_no_hit_waits_longer_than_allowed() -> None:
    """The first hit after `LATE_SECONDS` is written, with those that waited."""
    clock = SleepClock()
    sampling = Sampling(0.01, clock)
    assert sampling.passes_over(_hit())

    clock.sleep(LATE_SECONDS + 1)
    last = _hit()

    assert not sampling.passes_over(last)
    sampling.hand_over(last)
    assert {"CacheHits": 2, "HitLatency": [0.5, 0.5]} == last.members()


def test_threads_lose_no_hit() -> None:
    """All threads together write every hit."""
    sampling, total = Sampling(0.1), Tally()
    lock = threading.Lock()

    def serve(_: Any = None) -> None:
        for _ in range(500):
            tally = _hit()
            if not sampling.passes_over(tally):
                sampling.hand_over(tally)
                assert len(tally.times["HitLatency"]) <= MAX_VALUES
                with lock:
                    total.add(tally)

    threads = [threading.Thread(target=serve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sampling.hand_over(total)

    assert 2000 == total.counts["CacheHits"] == len(total.times["HitLatency"])
