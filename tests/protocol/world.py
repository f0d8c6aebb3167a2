"""
The rules of the exploration: every possible next move, a step of one actor or a fault.

Time is modelled by its effects: a value, a lease or a dead writer's token may disappear at any
time, by its TTL or by the stream. That is no fault. A Redis that refuses writes never accepts them
again unless the stream takes part: writes during the refusal are stale until the stream delivers
them.
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
    SharedState,
    StreamState,
    WorldState,
    name_of,
    owner_of,
    with_actor,
)
from tests.protocol.tape import GONE, TOKEN, Op
from tests.protocol.wording import describe, key_content, version_name


class _Transition(NamedTuple):
    """A possible result of an operation, and the next point."""

    what: str
    is_fault: bool
    shared: SharedState
    late: Late
    point: int


class World:
    """
    One protocol in one setup.

    With `spread`, no write is hit by two faults. With `delivered`, reads must include only writes
    that the stream delivered before: promise 3.
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
        self._known_transitions: dict[
            tuple[int, int, int, SharedState], tuple[_Transition, ...]
        ] = {}

    def starts(self, faults: int) -> Iterator[WorldState]:
        """Yield the initial states: with an empty cache, and with a cached product."""
        actors = tuple(Actor(self._graph.starts[calls[0]]) for calls in self._calls)
        yield WorldState(SharedState(None, 1), 1, faults, actors)
        yield WorldState(SharedState(next(iter(VERSION_OF)), 1), 1, faults, actors)

    def moves(self, state: WorldState) -> Iterator[Move]:
        """Yield every possible next move."""
        for number, actor in enumerate(state.actors):
            if actor.point != FINISHED:
                yield from self._steps(state, number, actor)
            if actor.late:
                yield from self._arrivals(state, number, actor)
        yield from self._expirations(state)
        yield from self._refusals(state)
        yield from self._deliveries(state)
        yield from self._late_deliveries(state)

    def title(self, number: int | None) -> str:
        """Return an actor's name in histories."""
        if number is None:
            return ""
        if number == len(self._calls):
            return "stream"
        return f"{'reader' if number < self._readers else 'writer'} {name_of(number)}"

    def _steps(self, state: WorldState, number: int, actor: Actor) -> Iterator[Move]:
        hit = self._hit(state, {number})
        for step in self._transitions(number, actor.call, actor.point, state.shared):
            if not step.is_fault:
                yield self._step(state, number, step)
            elif hit:
                yield self._step(hit, number, step)
        if hit:
            yield Move(number, "dies", with_actor(hit, number, Actor(FINISHED, late=actor.late)))

    def _step(self, state: WorldState, number: int, step: _Transition) -> Move:
        actor, point = state.actors[number], self._graph.points[step.point]
        floor = (actor.floor or self._floor(state)) if number < self._readers else 0
        late = actor.late + step.late if step.late else actor.late
        acknowledged, broken = state.acknowledged, ""
        if isinstance(point, Point):
            after = Actor(step.point, actor.call, floor, late, actor.faulted)
        else:
            after = self._next_call(number, actor, late)
            acknowledged, broken = self._judged(number, point, floor, acknowledged)
        actors = (*state.actors[:number], after, *state.actors[number + 1 :])
        stream = self._recorded(state, step.shared)
        following = WorldState(step.shared, acknowledged, state.left, actors, stream)
        return Move(number, step.what, following, broken)

    def _recorded(self, state: WorldState, after: SharedState) -> StreamState:
        """Return the stream with a record of the commit, if there was one."""
        if not self._has_stream or after.version == state.shared.version:
            return state.stream
        return state.stream._replace(pending=(*state.stream.pending, after.version))

    def _floor(self, state: WorldState) -> int:
        """
        Return the oldest version that a read which begins now may return.

        Writes whose fence and release were both refused, or were hit by two faults, are repaired by
        the stream: promise 3, not 1.
        """
        is_late = self._delivered or state.shared.redis == TAKES_WRITES_AGAIN
        return 1 if is_late and state.stream.pending else state.acknowledged

    def _judged(self, number: int, ended: Ended, floor: int, acknowledged: int) -> tuple[int, str]:
        """Return the acknowledged version, and the promise that a read broke."""
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
            return Actor(FINISHED, 0, 0, late, actor.faulted)
        return Actor(self._graph.starts[calls[following]], following, 0, late, actor.faulted)

    def _transitions(
        self, number: int, call: int, point: int, shared: SharedState
    ) -> tuple[_Transition, ...]:
        known = (number, call, point, shared)
        if known not in self._known_transitions:
            self._known_transitions[known] = tuple(self._follow(*known))
        return self._known_transitions[known]

    def _follow(
        self, number: int, call: int, at: int, shared: SharedState
    ) -> Iterator[_Transition]:
        point = self._graph.points[at]
        op = _with_owner(point.op, f"{name_of(number)}{call}")
        for fault, answer, after, late in results(op, shared, self._scripts):
            what = describe(op, fault, answer, self._scripts)
            yield _Transition(what, bool(fault), after, ((call, at),) * late, point.then[answer])

    def _arrivals(self, state: WorldState, number: int, actor: Actor) -> Iterator[Move]:
        """Yield the operations that take effect after their time-out."""
        for late in actor.late:
            due = self._transitions(number, *late, state.shared)[0]
            left = tuple(other for other in actor.late if other != late)
            after = with_actor(state, number, actor._replace(late=left))
            what = f"after its time-out, takes effect: {due.what}"
            stream = self._recorded(state, due.shared)
            yield Move(number, what, after._replace(shared=due.shared, stream=stream))

    def _refusals(self, state: WorldState) -> Iterator[Move]:
        """Yield the moves in which Redis refuses writes, and accepts them again."""
        redis = state.shared.redis
        if redis == TAKES_WRITES and (hit := self._hit(state, ())):
            shared = state.shared._replace(redis=REFUSES_WRITES)
            yield Move(None, "Redis begins to refuse writes", hit._replace(shared=shared))
        if redis == REFUSES_WRITES and self._has_stream:
            shared = state.shared._replace(redis=TAKES_WRITES_AGAIN)
            yield Move(None, "Redis accepts writes again", state._replace(shared=shared))

    def _deliveries(self, state: WorldState) -> Iterator[Move]:
        """Yield deliveries of batches of any size. The records of a failed batch stay."""
        pending, late = state.stream
        for size in range(1, len(pending) + 1):
            records = pending[:size]
            batch = self._graph.batch(records)
            for fault, answer, after, is_late in results(batch.op, state.shared, self._scripts):
                hit = self._hit(state, ()) if fault else state
                if hit:
                    left = pending[size:] if batch.is_done[answer] else pending
                    stream = StreamState(left, (*late, records) if is_late else late)
                    what = _of(records) + describe(batch.op, fault, answer, self._scripts)
                    following = hit._replace(shared=after, stream=stream)
                    yield Move(len(self._calls), what, following)

    def _late_deliveries(self, state: WorldState) -> Iterator[Move]:
        for records in state.stream.late:
            op = self._graph.batch(records).op
            _, answer, after, _ = next(results(op, state.shared, self._scripts))
            left = tuple(other for other in state.stream.late if other != records)
            stream = state.stream._replace(late=left)
            what = f"after its time-out, takes effect: {describe(op, '', answer, self._scripts)}"
            following = state._replace(shared=after, stream=stream)
            yield Move(len(self._calls), what, following)

    def _expirations(self, state: WorldState) -> Iterator[Move]:
        """Yield expirations of values and leases, and, as faults, of a living writer's token."""
        content = state.shared.content
        held = tokens(content)
        if content is not None and not held:
            yield _change(state, None, f"{key_content(content)} expires")
        for token in held:
            owner = owner_of(token)
            after = state if _has_ended(state, owner) else self._hit(state, {owner})
            if after:
                what = f"the fence of {name_of(owner)} expires or is evicted"
                yield _change(after, fence_of(held - {token}), what)
        if len(held) > 1:
            after = self._hit(state, {owner_of(token) for token in held})
            if after:
                yield _change(after, None, "the whole fence is evicted")

    def _hit(self, state: WorldState, numbers: Collection[int]) -> WorldState | None:
        """Return the state with one fault less, or `None` if these actors may not be hit."""
        if not state.left:
            return None
        hit = state._replace(left=state.left - 1)
        if self._spread:
            for number in numbers:
                if number >= self._readers:
                    actor = hit.actors[number]
                    if actor.faulted:
                        return None
                    hit = with_actor(hit, number, actor._replace(faulted=True))
        return hit


def _has_ended(state: WorldState, number: int) -> bool:
    """Return whether an actor has ended, with its late operations, so its fence may expire."""
    actor = state.actors[number]
    return actor.point == FINISHED and not actor.late


def stale_at_rest(state: WorldState) -> str:
    """Describe a value older than the table's that stays in the cache at rest, else return ""."""
    left = VERSION_OF.get(state.shared.content, GONE)
    hidden = state.shared.redis == REFUSES_WRITES or state.stream.pending
    busy = any(actor.point != FINISHED for actor in state.actors)
    if left >= state.shared.version or busy or hidden:
        return ""
    known = version_name(state.shared.version)
    return f"{version_name(left)} stays in the cache, and the table has {known}"


def _with_owner(op: Op, owner: str) -> Op:
    """Put the owner's name into the tokens of `op`."""
    return op._replace(args=tuple(arg.replace(TOKEN.encode(), owner.encode()) for arg in op.args))


def _change(state: WorldState, content: Content, what: str) -> Move:
    return Move(None, what, state._replace(shared=state.shared._replace(content=content)))


def _of(records: tuple[int, ...]) -> str:
    return f"records of {', '.join(map(version_name, records))}: "
