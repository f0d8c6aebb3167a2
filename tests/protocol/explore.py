"""
Goes through every interleaving, breadth first, so that the first bad history is a shortest one.

Knows neither protocols nor rules; `python -m tests.protocol.report` prints what comes out.
"""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from tests.protocol.points import FEW_POLLS, Protocol
from tests.protocol.states import Move, Setup, State
from tests.protocol.symmetry import Symmetry
from tests.protocol.telling import key_holds
from tests.protocol.world import World, stale_at_rest


class Exploration(NamedTuple):
    """How many states were visited, and a shortest history that breaks a promise, if any does."""

    states: int
    steps: tuple[str, ...] = ()
    broken: str = ""


class Explorer:
    """The states of one world, as they are discovered: `World` has the options."""

    def __init__(
        self,
        protocol: Protocol,
        setup: Setup,
        *,
        polls: int = FEW_POLLS,
        spread: bool = False,
        delivered: bool = False,
    ) -> None:
        self._world = World(protocol, setup, polls=polls, spread=spread, delivered=delivered)
        self._symmetry = Symmetry(setup)
        self._came_from: dict[State, State | None] = {}

    def explore(self, faults: int) -> Exploration:
        """Visit every state that can be reached with up to so many faults, or the first bad one."""
        self._came_from = dict.fromkeys(self._world.starts(faults))
        queue = list(self._came_from)
        for state in queue:
            broken = stale_at_rest(state) or self._expand(state, queue)
            if broken:
                return Exploration(len(self._came_from), self._history(state, broken), broken)
        return Exploration(len(self._came_from))

    def _expand(self, state: State, queue: list[State]) -> str:
        for move in self._world.moves(state):
            if move.broken:
                return move.broken
            after = self._symmetry.representative(move.after)
            if after not in self._came_from:
                self._came_from[after] = state
                queue.append(after)
        return ""

    def _history(self, last: State, broken: str) -> tuple[str, ...]:
        """Walk from the start to `last`, and on to the move that breaks something there, if any."""
        at, *rest = self._path(last)
        lines = [_line("at first", "", at)]
        for target in rest:
            move = next(
                move
                for move in self._world.moves(at)
                if self._symmetry.representative(move.after) == target
            )
            lines.append(self._told(move, at))
            at = move.after
        breaking = (move for move in self._world.moves(at) if move.broken == broken)
        return (*lines, *(self._told(move, at) for move in islice(breaking, 1)))

    def _path(self, last: State) -> list[State]:
        path = [last]
        while (before := self._came_from[path[-1]]) is not None:
            path.append(before)
        return path[::-1]

    def _told(self, move: Move, before: State) -> str:
        acknowledged = move.after.acknowledged > before.acknowledged
        return _line(
            self._world.title(move.actor),
            move.what + (", and is acknowledged" if acknowledged else ""),
            move.after,
        )


def _line(who: str, what: str, after: State) -> str:
    return f"{who:<9} {what:<62} key: {key_holds(after.shared.content)}"
