"""Maps states that differ only in interchangeable actors to one state."""

from __future__ import annotations

from itertools import groupby

from chalicelib.caching.entries import LEASE
from tests.protocol.model import Content, fence_of, tokens
from tests.protocol.states import Setup, WorldState, name_of


class Symmetry:
    """The interchangeable actors of one setup."""

    def __init__(self, setup: Setup) -> None:
        calls = setup.readers + setup.writers
        self._group = [
            slice(numbers[0], numbers[-1] + 1)
            for numbers in (
                list(same) for _, same in groupby(range(len(calls)), key=calls.__getitem__)
            )
            if len(numbers) > 1
        ]
        self._renamed: dict[tuple[Content, tuple[int, ...]], Content] = {}

    def representative(self, state: WorldState) -> WorldState:
        """Return the representative of all states equivalent to `state`."""
        actors = state.actors
        if all(list(actors[group]) == sorted(actors[group]) for group in self._group):
            return state
        order = list(range(len(actors)))
        for group in self._group:
            order[group] = sorted(order[group], key=actors.__getitem__)
        content = self._rename(state.shared.content, tuple(order))
        shared = state.shared._replace(content=content)
        return state._replace(shared=shared, actors=tuple(actors[number] for number in order))

    def _rename(self, content: Content, order: tuple[int, ...]) -> Content:
        known = (content, order)
        if known not in self._renamed:
            self._renamed[known] = _renamed(content, order)
        return self._renamed[known]


def _renamed(content: Content, order: tuple[int, ...]) -> Content:
    names = {name_of(old).encode(): name_of(new).encode() for new, old in enumerate(order)}
    if content and content[:1] == LEASE:
        return LEASE + names[content[1:2]] + content[2:]
    held = tokens(content)
    return fence_of(frozenset(names[token[:1]] + token[1:] for token in held)) if held else content
