"""When the circuit opens, rests, and closes again. Time is ours."""

import pytest

from chalicelib.redis_store.circuit_breaker import CircuitBreaker


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(failures=3, rest_seconds=1.0, clock=clock)


def _fail(breaker: CircuitBreaker, times: int = 3) -> None:
    for _ in range(times):
        breaker.failed()


def test_a_new_circuit_is_closed(breaker: CircuitBreaker) -> None:
    """Without a failure every call is allowed."""
    assert [True] * 5 == [breaker.allows() for _ in range(5)]


def test_fewer_failures_than_the_limit_leave_it_closed(breaker: CircuitBreaker) -> None:
    """Two of three failures change nothing."""
    _fail(breaker, 2)

    assert breaker.allows()


def test_the_last_failure_of_a_row_opens_it(breaker: CircuitBreaker) -> None:
    """Three failures in a row: no call for a while."""
    _fail(breaker)

    assert not breaker.allows()


def test_a_success_in_between_starts_the_count_anew(breaker: CircuitBreaker) -> None:
    """Only failures in a row count."""
    _fail(breaker, 2)
    breaker.succeeded()
    _fail(breaker, 2)

    assert breaker.allows()


def test_it_stays_open_until_the_rest_is_over(breaker: CircuitBreaker, clock: Clock) -> None:
    """Just before the rest's end the answer is no, at its end yes."""
    _fail(breaker)

    clock.now += 0.999
    assert not breaker.allows()
    clock.now += 0.001
    assert breaker.allows()


def test_after_the_rest_one_may_try_and_the_others_wait(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    """The one who tries keeps the others out for another rest."""
    _fail(breaker)
    clock.now += 1

    assert [True, False, False] == [breaker.allows() for _ in range(3)]


def test_a_try_that_fails_opens_it_for_another_rest(breaker: CircuitBreaker, clock: Clock) -> None:
    """One failure is enough now."""
    _fail(breaker)
    clock.now += 1
    breaker.allows()
    breaker.failed()

    clock.now += 0.999
    assert not breaker.allows()


def test_a_try_that_succeeds_closes_it(breaker: CircuitBreaker, clock: Clock) -> None:
    """From then on all are allowed, and a row of failures is needed anew."""
    _fail(breaker)
    clock.now += 1
    breaker.allows()
    breaker.succeeded()
    _fail(breaker, 2)

    assert breaker.allows()


def test_who_tries_and_never_reports_does_not_shut_it_for_good(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    """A try whose outcome is never told is repeated after a rest."""
    _fail(breaker)
    clock.now += 1
    breaker.allows()
    clock.now += 1

    assert breaker.allows()
