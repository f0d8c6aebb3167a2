"""The figures as a table for people. Knows no measuring."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

_PARTS: Final = {
    "whole": "request, as the client sees it",
    "dynamodb": "  in DynamoDB (here: the emulator)",
    "own": "  all else: HTTP, the API, Redis",
}
_NOTE: Final = """\
The number after a call is of the items that it read, which is what DynamoDB takes time and bills
for. The emulator itself sorts and filters the whole category for each Query, and the whole table
for each Scan, wherever the page stands: its time says nothing of DynamoDB's."""


def text(figures: dict[str, Any]) -> str:
    """Return what is printed."""
    return "\n".join([*_walks(figures), "", *_pages(figures), _NOTE])


def _walks(figures: dict[str, Any]) -> Iterator[str]:
    yield f"{'visited by cursor':<18}products  visited  twice  missing  DynamoDB calls of its pages"
    for name, walk in figures["walks"].items():
        counts = f"{walk['expected']:>8} {walk['visited']:>8}{walk['twice']:>7}{walk['missing']:>9}"
        yield f"{name:<18}{counts}  {_reads(walk['reads'])}"


def _pages(figures: dict[str, Any]) -> Iterator[str]:
    plan = figures["plan"]
    yield (
        f"Pages of {plan['limit']}: the first {plan['ends']} and the last {plan['ends']}, "
        f"{plan['rounds']} rounds by turns; medians in ms"
    )
    for name, compared in figures["pages"].items():
        yield ""
        yield f"{name:<36}   first    last   last/first (of single rounds)"
        yield from _times(compared)
        yield f"  DynamoDB calls, first: {_reads(compared['first']['reads'])}"
        yield f"  DynamoDB calls, last:  {_reads(compared['last']['reads'])}"
    yield ""


def _times(compared: dict[str, Any]) -> Iterator[str]:
    for part, words in _PARTS.items():
        ratio = compared["ratio"][part]
        first, last = compared["first"][part], compared["last"][part]
        spread = f"({ratio['least']:.2f} to {ratio['most']:.2f})"
        yield f"{words:<36}{first:>8.2f}{last:>8.2f}   {ratio['median']:.2f} {spread}"


def _reads(reads: dict[str, int]) -> str:
    return ", ".join(f"{pages} × ({calls})" for calls, pages in reads.items())
