"""
`python -m tests.protocol.report` explores every protocol and prints the number of states. For a
broken protocol it prints a shortest history. Exits with status 1 if the real protocol breaks.

`--full` uses the real number of polls (a minute or two), and adds two faults at a time.
"""

from __future__ import annotations

import sys
from itertools import product
from typing import Final

import click

from chalicelib.caching.protocol import POLLS
from tests.protocol.cases import (
    REAL,
    SETUPS,
    STREAM,
    STRICT,
    THREE_WRITERS,
    TWO_WRITERS,
    WEAKENED,
    WEAKENED_STREAMS,
)
from tests.protocol.explore import Exploration, Explorer
from tests.protocol.points import FEW_POLLS, Protocol
from tests.protocol.states import Setup

_ROW: Final = "{:<29} {:<38} {:<24} {:>9}  {}"


def first_violation(protocol: Protocol) -> tuple[Setup, int, Exploration]:
    """Search for a violation without faults, then with one. Return the last search."""
    setups = (STREAM,) if protocol in WEAKENED_STREAMS else (TWO_WRITERS, THREE_WRITERS)
    for faults in (0, 1):
        for setup in setups:
            found = Explorer(protocol, setup).explore(faults)
            if found.broken:
                return setup, faults, found
    return setup, faults, found


def _show(protocol: Protocol, setup: Setup, faults: str, found: Exploration) -> bool:
    verdict = f"BROKEN in {len(found.steps) - 1} steps" if found.broken else "holds"
    click.echo(_ROW.format(protocol.name, setup.name, faults, f"{found.states:,}", verdict))
    return not found.broken


def _explain(found: Exploration) -> None:
    for number, step in enumerate(found.steps):
        click.echo(f"    {number or '':>2}  {step}")
    click.echo(f"        {found.broken}\n")


def _show_real(polls: int) -> bool:
    holds = True
    for protocol, setup in product((REAL, STRICT), SETUPS):
        found = Explorer(protocol, setup, polls=polls).explore(1)
        holds = _show(protocol, setup, "any one", found) and holds
    return holds


def _show_two_faults() -> None:
    for protocol in (REAL, STRICT):
        apart = Explorer(protocol, THREE_WRITERS, spread=True).explore(2)
        _show(protocol, THREE_WRITERS, "two, in different writes", apart)
        repaired = Explorer(protocol, STREAM, delivered=True).explore(2)
        _show(protocol, STREAM, "any two, once delivered", repaired)
        found = Explorer(protocol, TWO_WRITERS).explore(2)
        _show(protocol, TWO_WRITERS, "any two", found)
        _explain(found)


def _show_weakened() -> None:
    for protocol in WEAKENED + WEAKENED_STREAMS:
        setup, faults, found = first_violation(protocol)
        _show(protocol, setup, "any one" if faults else "none", found)
        _explain(found)


@click.command()
@click.option("--full", is_flag=True, help="Poll as often as the real code, and add two faults.")
def report(*, full: bool) -> None:
    """Explore every interleaving of readers, writers, the stream and faults."""
    click.echo(_ROW.format("protocol", "setup", "faults", "states", "promise 1"))
    holds = _show_real(POLLS if full else FEW_POLLS)
    if full:
        _show_two_faults()
    _show_weakened()
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    report()
