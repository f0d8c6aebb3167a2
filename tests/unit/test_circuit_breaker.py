"""The circuit breaker: when it opens, rests and closes, with a manual clock."""

import pytest

from chalicelib.redis_store.circuit_breaker import CircuitBreaker


class ManualClock:
    """A clock that the test advances."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def breaker(clock: ManualClock) -> CircuitBreaker:
    return CircuitBreaker(failures=3, rest_seconds=1.0, clock=clock)


def _fail(breaker: CircuitBreaker, times: int = 3) -> None:
    for _ in range(times):
        breaker.failed()


def test_a_new_circuit_is_closed(breaker: CircuitBreaker) -> None:
    """Without a failure every call is allowed."""
    assert [True] * 5 == [breaker.allows() for _ in range(5)]


def test_fewer_failures_than_the_limit_keep_it_closed(breaker: CircuitBreaker) -> None:
    """Two of three failures have no effect."""
    _fail(breaker, 2)

    assert breaker.allows()


def test_consecutive_failures_open_it(breaker: CircuitBreaker) -> None:
    """After three failures in a row no call is allowed."""
    _fail(breaker)

    assert not breaker.allows()


def test_a_success_resets_the_count(breaker: CircuitBreaker) -> None:
    """Only failures in a row count."""
    _fail(breaker, 2)
    breaker.succeeded()
    _fail(breaker, 2)

    assert breaker.allows()


def test_it_stays_open_during_the_rest(breaker: CircuitBreaker, clock: ManualClock) -> None:
    """The first call is allowed at the end of the rest."""
    _fail(breaker)

    clock.now += 0.999
    assert not breaker.allows()
    clock.now += 0.001
    assert breaker.allows()


def test_after_the_rest_one_call_is_allowed(breaker: CircuitBreaker, clock: ManualClock) -> None:
    """Other calls wait for another rest."""
    _fail(breaker)
    clock.now += 1

    assert [True, False, False] == [breaker.allows() for _ in range(3)]


def test_a_failed_attempt_starts_another_rest(breaker: CircuitBreaker, clock: ManualClock) -> None:
    """One failure is enough."""
    _fail(breaker)
    clock.now += 1
    breaker.allows()
    breaker.failed()

    clock.now += 0.999
    assert not breaker.allows()


def test_a_successful_attempt_closes_it(breaker: CircuitBreaker, clock: ManualClock) -> None:
    """Then all calls are allowed, and the count starts at zero."""
    _fail(breaker)
    clock.now += 1
    breaker.allows()
    breaker.succeeded()
    _fail(breaker, 2)

    assert breaker.allows()


def test_an_attempt_without_a_result_is_repeated(
    breaker: CircuitBreaker, clock: ManualClock
) -> None:
    """Another call is allowed after a rest."""
    _fail(breaker)
    clock.now += 1
    breaker.allows()
    clock.now += 1

    assert breaker.allows()
