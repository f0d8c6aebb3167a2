"""Makes states one that differ only in who is who. Knows how tokens are named, and no rules."""

from __future__ import annotations

from itertools import groupby

from chalicelib.caching.entries import LEASE
from tests.protocol.model import Content, fence_of, tokens
from tests.protocol.states import Setup, State, name_of


class Symmetry:
    """The interchangeable actors of one setup."""

    def __init__(self, setup: Setup) -> None:
        calls = setup.readers + setup.writers
        self._alike = [
            slice(numbers[0], numbers[-1] + 1)
            for numbers in (
                list(group) for _, group in groupby(range(len(calls)), key=calls.__getitem__)
            )
            if len(numbers) > 1
        ]
        self._renamed: dict[tuple[Content, tuple[int, ...]], Content] = {}

    def representative(self, state: State) -> State:
        """Return the one state that stands for all those like `state`."""
        actors = state.actors
        if all(list(actors[alike]) == sorted(actors[alike]) for alike in self._alike):
            return state
        order = list(range(len(actors)))
        for alike in self._alike:
            order[alike] = sorted(order[alike], key=actors.__getitem__)
        content = self._rename(state.shared.content, tuple(order))
        shared = state.shared._replace(content=content)
        return state._replace(shared=shared, actors=tuple(actors[number] for number in order))

    def _rename(self, content: Content, order: tuple[int, ...]) -> Content:
        known = (content, order)
        if known not in self._renamed:
            self._renamed[known] = _renamed(content, order)
        return self._renamed[known]


def _renamed(content: Content, order: tuple[int, ...]) -> Content:
    names = {name_of(was).encode(): name_of(now).encode() for now, was in enumerate(order)}
    if content and content[:1] == LEASE:
        return LEASE + names[content[1:2]] + content[2:]
    held = tokens(content)
    return fence_of(frozenset(names[token[:1]] + token[1:] for token in held)) if held else content
