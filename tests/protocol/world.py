"""
The rules of the exploration: every move that may come next, a step of one actor or a fault.

The wall clock is in it as what it does: a value, a lease, or the mark of a writer that is no more
may vanish at any time (its TTL is over, or the stream's invalidation came), and that is no fault.
A Redis that refuses writes does so to the end, unless the stream takes part: what was written
meanwhile is stale afterwards until the stream has delivered it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from tests.protocol.model import Content, fence_of, tokens
from tests.protocol.operations import results
from tests.protocol.points import VERSION_OF, Ended, Graph, Point, Protocol
from tests.protocol.states import (
    FINISHED,
    REFUSES_WRITES,
    TAKES_WRITES,
    TAKES_WRITES_AGAIN,
    Actor,
    Late,
    Move,
    Setup,
    Shared,
    State,
    Stream,
    name_of,
    owner_of,
    with_actor,
)
from tests.protocol.tape import GONE, TOKEN, Op
from tests.protocol.telling import key_holds, telling, version_name


class _Way(NamedTuple):
    """What may come of an operation, and the point to which it leads."""

    what: str
    is_fault: bool
    shared: Shared
    late: Late
    point: int


class World:
    """
    One protocol in one setup. With `spread`, no write is hit by two faults; with `delivered`, a
    read must show only what the stream has delivered before it began: promise 3.
    """

    def __init__(
        self,
        protocol: Protocol,
        setup: Setup,
        *,
        polls: int,
        spread: bool = False,
        delivered: bool = False,
    ) -> None:
        self._graph = Graph(protocol, polls)
        self._scripts = protocol.scripts
        self._spread = spread
        self._delivered = delivered
        self._has_stream = setup.stream
        self._calls = setup.readers + setup.writers
        self._readers = len(setup.readers)
        self._ways: dict[tuple[int, int, int, Shared], tuple[_Way, ...]] = {}

    def starts(self, faults: int) -> Iterator[State]:
        """Go through the states before anybody did anything: the cache is empty, or it is not."""
        actors = tuple(Actor(self._graph.starts[calls[0]]) for calls in self._calls)
        yield State(Shared(None, 1), 1, faults, actors)
        yield State(Shared(next(iter(VERSION_OF)), 1), 1, faults, actors)

    def moves(self, state: State) -> Iterator[Move]:
        """Go through all that may happen next."""
        for number, actor in enumerate(state.actors):
            if actor.point != FINISHED:
                yield from self._steps(state, number, actor)
            if actor.late:
                yield from self._arrivals(state, number, actor)
        yield from self._vanishings(state)
        yield from self._refusals(state)
        yield from self._deliveries(state)
        yield from self._late_deliveries(state)

    def title(self, number: int | None) -> str:
        """Return what an actor is called in a history."""
        if number is None:
            return ""
        if number == len(self._calls):
            return "stream"
        return f"{'reader' if number < self._readers else 'writer'} {name_of(number)}"

    def _steps(self, state: State, number: int, actor: Actor) -> Iterator[Move]:
        hit = self._hit(state, {number})
        for way in self._ways_of(number, actor.call, actor.point, state.shared):
            if not way.is_fault:
                yield self._step(state, number, way)
            elif hit:
                yield self._step(hit, number, way)
        if hit:
            yield Move(number, "dies", with_actor(hit, number, Actor(FINISHED, late=actor.late)))

    def _step(self, state: State, number: int, way: _Way) -> Move:
        actor, point = state.actors[number], self._graph.points[way.point]
        floor = (actor.floor or self._floor(state)) if number < self._readers else 0
        late = actor.late + way.late if way.late else actor.late
        acknowledged, broken = state.acknowledged, ""
        if isinstance(point, Point):
            after = Actor(way.point, actor.call, floor, late, actor.spoilt)
        else:
            after = self._next_call(number, actor, late)
            acknowledged, broken = self._judged(number, point, floor, acknowledged)
        actors = (*state.actors[:number], after, *state.actors[number + 1 :])
        stream = self._recorded(state, way.shared)
        following = State(way.shared, acknowledged, state.left, actors, stream)
        return Move(number, way.what, following, broken)

    def _recorded(self, state: State, after: Shared) -> Stream:
        """Return the stream with a record of what was committed, if anything was."""
        if not self._has_stream or after.version == state.shared.version:
            return state.stream
        return state.stream._replace(pending=(*state.stream.pending, after.version))

    def _floor(self, state: State) -> int:
        """
        Return what a read that begins now may not be older than.

        What was written while Redis refused both the fence and the release, or was hit by two
        faults, is the stream's to repair: by promise 3, not 1.
        """
        is_late = self._delivered or state.shared.redis == TAKES_WRITES_AGAIN
        return 1 if is_late and state.stream.pending else state.acknowledged

    def _judged(self, number: int, ended: Ended, floor: int, acknowledged: int) -> tuple[int, str]:
        """Return what is acknowledged now, and the promise that a read broke."""
        if ended.version is None:
            return acknowledged, ""
        if number >= self._readers:
            return max(acknowledged, ended.version), ""
        stale = ended.version < floor
        returned, known = version_name(ended.version), version_name(floor)
        broken = f"a read returns {returned}; {known} was acknowledged before it began"
        return acknowledged, broken if stale else ""

    def _next_call(self, number: int, actor: Actor, late: Late) -> Actor:
        calls, following = self._calls[number], actor.call + 1
        if following == len(calls):
            return Actor(FINISHED, 0, 0, late, actor.spoilt)
        return Actor(self._graph.starts[calls[following]], following, 0, late, actor.spoilt)

    def _ways_of(self, number: int, call: int, point: int, shared: Shared) -> tuple[_Way, ...]:
        known = (number, call, point, shared)
        if known not in self._ways:
            self._ways[known] = tuple(self._follow(*known))
        return self._ways[known]

    def _follow(self, number: int, call: int, at: int, shared: Shared) -> Iterator[_Way]:
        point = self._graph.points[at]
        op = _owned(point.op, f"{name_of(number)}{call}")
        for fault, answer, after, late in results(op, shared, self._scripts):
            what = telling(op, fault, answer, self._scripts)
            yield _Way(what, bool(fault), after, ((call, at),) * late, point.then[answer])

    def _arrivals(self, state: State, number: int, actor: Actor) -> Iterator[Move]:
        """Go through the operations given up that now take effect after all."""
        for late in actor.late:
            due = self._ways_of(number, *late, state.shared)[0]
            left = tuple(other for other in actor.late if other != late)
            after = with_actor(state, number, actor._replace(late=left))
            what = f"given up, takes effect: {due.what}"
            stream = self._recorded(state, due.shared)
            yield Move(number, what, after._replace(shared=due.shared, stream=stream))

    def _refusals(self, state: State) -> Iterator[Move]:
        """Let Redis begin to refuse writes, and take them again where the stream repairs."""
        redis = state.shared.redis
        if redis == TAKES_WRITES and (hit := self._hit(state, ())):
            shared = state.shared._replace(redis=REFUSES_WRITES)
            yield Move(None, "Redis begins to refuse writes", hit._replace(shared=shared))
        if redis == REFUSES_WRITES and self._has_stream:
            shared = state.shared._replace(redis=TAKES_WRITES_AGAIN)
            yield Move(None, "Redis takes writes again", state._replace(shared=shared))

    def _deliveries(self, state: State) -> Iterator[Move]:
        """Have the stream deliver a batch, of as many records as it likes; one that fails stays."""
        pending, late = state.stream
        for size in range(1, len(pending) + 1):
            records = pending[:size]
            batch = self._graph.batch(records)
            for fault, answer, after, is_late in results(batch.op, state.shared, self._scripts):
                hit = self._hit(state, ()) if fault else state
                if hit:
                    left = pending[size:] if batch.is_done[answer] else pending
                    stream = Stream(left, (*late, records) if is_late else late)
                    what = _of(records) + telling(batch.op, fault, answer, self._scripts)
                    following = hit._replace(shared=after, stream=stream)
                    yield Move(len(self._calls), what, following)

    def _late_deliveries(self, state: State) -> Iterator[Move]:
        for records in state.stream.late:
            op = self._graph.batch(records).op
            _, answer, after, _ = next(results(op, state.shared, self._scripts))
            left = tuple(other for other in state.stream.late if other != records)
            stream = state.stream._replace(late=left)
            what = f"given up, takes effect: {telling(op, '', answer, self._scripts)}"
            following = state._replace(shared=after, stream=stream)
            yield Move(len(self._calls), what, following)

    def _vanishings(self, state: State) -> Iterator[Move]:
        """Let a value or lease go at any time, a living writer's mark only by a fault."""
        content = state.shared.content
        held = tokens(content)
        if content is not None and not held:
            yield _change(state, None, f"{key_holds(content)} expires")
        for token in held:
            owner = owner_of(token)
            after = state if _is_over(state, owner) else self._hit(state, {owner})
            if after:
                what = f"the fence of {name_of(owner)} expires or is evicted"
                yield _change(after, fence_of(held - {token}), what)
        if len(held) > 1:
            after = self._hit(state, {owner_of(token) for token in held})
            if after:
                yield _change(after, None, "the whole fence is evicted")

    def _hit(self, state: State, numbers: Collection[int]) -> State | None:
        """Return the state with one fault less to come, or `None` where none may hit these."""
        if not state.left:
            return None
        hit = state._replace(left=state.left - 1)
        if self._spread:
            for number in numbers:
                if number >= self._readers:
                    actor = hit.actors[number]
                    if actor.spoilt:
                        return None
                    hit = with_actor(hit, number, actor._replace(spoilt=True))
        return hit


def _is_over(state: State, number: int) -> bool:
    """Tell whether an actor does nothing more, be it late: only then has its fence's time come."""
    actor = state.actors[number]
    return actor.point == FINISHED and not actor.late


def stale_at_rest(state: State) -> str:
    """Tell of a value older than the table's, left where all is quiet and nothing hides it."""
    left = VERSION_OF.get(state.shared.content, GONE)
    hidden = state.shared.redis == REFUSES_WRITES or state.stream.pending
    busy = any(actor.point != FINISHED for actor in state.actors)
    if left >= state.shared.version or busy or hidden:
        return ""
    known = version_name(state.shared.version)
    return f"{version_name(left)} is left in the cache for good, where the table has {known}"


def _owned(op: Op, owner: str) -> Op:
    """Name the tokens of `op` after their owner."""
    return op._replace(args=tuple(arg.replace(TOKEN.encode(), owner.encode()) for arg in op.args))


def _change(state: State, content: Content, what: str) -> Move:
    return Move(None, what, state._replace(shared=state.shared._replace(content=content)))


def _of(records: tuple[int, ...]) -> str:
    return f"records of {', '.join(map(version_name, records))}: "
