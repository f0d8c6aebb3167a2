"""What a state of the exploration consists of, and what leads from one to the next. No rules."""

from __future__ import annotations

from typing import Final, NamedTuple

from tests.protocol.model import Content

FINISHED: Final = -1
"""The point of an actor that has made all its calls, or is dead."""

TAKES_WRITES, REFUSES_WRITES, TAKES_WRITES_AGAIN = range(3)

Late = tuple[tuple[int, int], ...]
"""Operations that their caller has given up, and that may yet take effect: of which call, where."""


class Setup(NamedTuple):
    """Who takes part, and the calls that each one makes. The same calls: interchangeable."""

    name: str
    readers: tuple[tuple[str, ...], ...]
    writers: tuple[tuple[str, ...], ...]
    stream: bool = False
    """Whether the table's stream takes part. Without it, what it deletes may expire at any time."""


class Shared(NamedTuple):
    """What all actors share: the key in Redis, and the product's version in the table."""

    content: Content
    version: int
    redis: int = TAKES_WRITES
    """Whether Redis takes writes. It answers reads in any case."""


class Actor(NamedTuple):
    """A reader or writer: at which point of which of its calls."""

    point: int
    call: int = 0
    floor: int = 0
    """The newest version acknowledged before its read began: it may return nothing older."""
    late: Late = ()
    spoilt: bool = False
    """A fault has hit its write. Noted only where faults must hit different writes."""


class Stream(NamedTuple):
    """The table's stream."""

    pending: tuple[int, ...] = ()
    """The versions that were committed and are not delivered, oldest first."""
    late: tuple[tuple[int, ...], ...] = ()
    """Batches whose command was given up, and may yet take effect."""


class State(NamedTuple):
    """All there is."""

    shared: Shared
    acknowledged: int
    left: int
    """How many faults may still happen."""
    actors: tuple[Actor, ...]
    stream: Stream = Stream()


class Move(NamedTuple):
    """Who did what (`None`: nobody, it happened to the key), and what promise that broke."""

    actor: int | None
    what: str
    after: State
    broken: str = ""


def name_of(number: int) -> str:
    """Return the letter by which an actor is known, and its tokens."""
    return chr(ord("A") + number)


def owner_of(token: bytes) -> int:
    """Return the number of the actor that drew `token`."""
    return token[0] - ord("A")


def with_actor(state: State, number: int, actor: Actor) -> State:
    """Return `state` with one actor replaced."""
    actors = (*state.actors[:number], actor, *state.actors[number + 1 :])
    return State(state.shared, state.acknowledged, state.left, actors, state.stream)
