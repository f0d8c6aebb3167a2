"""
Visits every interleaving breadth first, so the first violation found is a shortest one.

Knows neither protocols nor rules. `python -m tests.protocol.report` prints the results.
"""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from tests.protocol.points import FEW_POLLS, Protocol
from tests.protocol.states import Move, Setup, WorldState
from tests.protocol.symmetry import Symmetry
from tests.protocol.wording import key_content
from tests.protocol.world import World, stale_at_rest


class Exploration(NamedTuple):
    """The number of visited states, and a shortest history of a violation, if there is one."""

    states: int
    steps: tuple[str, ...] = ()
    broken: str = ""


class Explorer:
    """Explores the states of one world. `World` describes the options."""

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
        self._came_from: dict[WorldState, WorldState | None] = {}

    def explore(self, faults: int) -> Exploration:
        """Visit every state reachable with up to `faults` faults, or stop at a violation."""
        self._came_from = dict.fromkeys(self._world.starts(faults))
        queue = list(self._came_from)
        for state in queue:
            broken = stale_at_rest(state) or self._expand(state, queue)
            if broken:
                return Exploration(len(self._came_from), self._history(state, broken), broken)
        return Exploration(len(self._came_from))

    def _expand(self, state: WorldState, queue: list[WorldState]) -> str:
        for move in self._world.moves(state):
            if move.broken:
                return move.broken
            after = self._symmetry.representative(move.after)
            if after not in self._came_from:
                self._came_from[after] = state
                queue.append(after)
        return ""

    def _history(self, last: WorldState, broken: str) -> tuple[str, ...]:
        """Return the steps from the start to `last`, and the step that breaks a promise, if any."""
        at, *rest = self._path(last)
        lines = [_line("start", "", at)]
        for target in rest:
            move = next(
                move
                for move in self._world.moves(at)
                if self._symmetry.representative(move.after) == target
            )
            lines.append(self._history_line(move, at))
            at = move.after
        breaking = (move for move in self._world.moves(at) if move.broken == broken)
        return (*lines, *(self._history_line(move, at) for move in islice(breaking, 1)))

    def _path(self, last: WorldState) -> list[WorldState]:
        path = [last]
        while (before := self._came_from[path[-1]]) is not None:
            path.append(before)
        return path[::-1]

    def _history_line(self, move: Move, before: WorldState) -> str:
        acknowledged = move.after.acknowledged > before.acknowledged
        return _line(
            self._world.title(move.actor),
            move.what + (", and is acknowledged" if acknowledged else ""),
            move.after,
        )


def _line(who: str, what: str, after: WorldState) -> str:
    return f"{who:<9} {what:<62} key: {key_content(after.shared.content)}"
