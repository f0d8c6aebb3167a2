"""The parts of a state of the exploration, and the moves between states. Contains no rules."""

from __future__ import annotations

from typing import Final, NamedTuple

from tests.protocol.model import Content

FINISHED: Final = -1
"""The point of an actor that has ended its calls or has died."""

TAKES_WRITES, REFUSES_WRITES, TAKES_WRITES_AGAIN = range(3)

Late = tuple[tuple[int, int], ...]
"""Operations that timed out and may still take effect: the call and the point of each."""


class Setup(NamedTuple):
    """The actors and their calls. Actors with the same calls are interchangeable."""

    name: str
    readers: tuple[tuple[str, ...], ...]
    writers: tuple[tuple[str, ...], ...]
    stream: bool = False
    """Whether the table's stream takes part. Without it, entries may expire at any time."""


class SharedState(NamedTuple):
    """The state that all actors share: the key in Redis, and the product's version."""

    content: Content
    version: int
    redis: int = TAKES_WRITES
    """Whether Redis accepts writes. It always answers reads."""


class Actor(NamedTuple):
    """A reader or writer, with its current call and point."""

    point: int
    call: int = 0
    floor: int = 0
    """The newest version acknowledged before its read began. An older result breaks promise 1."""
    late: Late = ()
    faulted: bool = False
    """Whether a fault has hit its write. Set only if faults must hit different writes."""


class StreamState(NamedTuple):
    """The table's stream."""

    pending: tuple[int, ...] = ()
    """Committed versions without delivery, oldest first."""
    late: tuple[tuple[int, ...], ...] = ()
    """Batches whose command timed out and may still take effect."""


class WorldState(NamedTuple):
    """The complete state."""

    shared: SharedState
    acknowledged: int
    left: int
    """The number of faults that may still happen."""
    actors: tuple[Actor, ...]
    stream: StreamState = StreamState()


class Move(NamedTuple):
    """An event, its actor (`None` if the key or Redis changes by itself), and a broken promise."""

    actor: int | None
    what: str
    after: WorldState
    broken: str = ""


def name_of(number: int) -> str:
    """Return the letter that names an actor and its tokens."""
    return chr(ord("A") + number)


def owner_of(token: bytes) -> int:
    """Return the number of the actor that created `token`."""
    return token[0] - ord("A")


def with_actor(state: WorldState, number: int, actor: Actor) -> WorldState:
    """Return `state` with one actor replaced."""
    actors = (*state.actors[:number], actor, *state.actors[number + 1 :])
    return WorldState(state.shared, state.acknowledged, state.left, actors, state.stream)
