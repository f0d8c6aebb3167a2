"""
The run: a stack of its own, the walks, then first and last pages by turns. Knows the measuring.

First and last pages are asked for one after the other, in changing order, so that whatever the
machine does meanwhile meets both.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

import redis
from tqdm import tqdm

from benchmarks.listing import catalogue, metered_api, pages
from benchmarks.listing.catalogue import CATEGORY, PriceRange
from benchmarks.listing.pages import Page
from chalicelib.resources import PRODUCTS
from chalicelib.settings import Settings
from dev.faults.client import Client
from dev.stack import environment
from dev.stack.servers import Api, Emulator, Valkey
from dev.stack.table import create_table

PARTS: Final = ("whole", "dynamodb", "own")
_MODULE: Final = "benchmarks.listing.metered_api"

Figures = dict[str, Any]
Reads = Mapping[str, str]
Rounds = list[dict[str, list[Page]]]
"""In each round, the pages of either end: `first` and `last`."""


class Plan(NamedTuple):
    """How much is measured: `ends` pages at either end, in each of `rounds`."""

    products: int = 100_000
    limit: int = 100
    ends: int = 5
    rounds: int = 7
    seed: int = 1


class Rig(NamedTuple):
    """What the run asks, and what it reads the reads from."""

    client: Client
    valkey: redis.Redis
    log: Path


def run(plan: Plan) -> Figures:
    """Return the figures, all in milliseconds."""
    products = catalogue.generate(plan.products, plan.seed)
    with tempfile.TemporaryDirectory() as logs, _rig(products, Path(logs)) as rig:
        listed = {entry.item_id for entry in products if PriceRange().has(entry)}
        by_price = _walked(rig, _category(plan), len(listed) // plan.limit)
        every = _walked(rig, {"limit": plan.limit}, plan.products // plan.limit)
        samples = {
            "category, not cached": _by_turns(by_price, plan, partial(_unread, rig)),
            "category, cached": _by_turns(by_price, plan, partial(pages.get, rig.client)),
            "all products": _by_turns(every, plan, partial(pages.get, rig.client)),
        }
        reads = metered_api.reads_of(rig.log, _ids(by_price, every, samples))
    return {
        "plan": plan._asdict(),
        "walks": {
            "category": account(by_price, listed, reads) | {"in_order": _in_order(by_price)},
            "all products": account(every, {entry.item_id for entry in products}, reads),
        },
        "pages": {name: _compared(rounds, reads) for name, rounds in samples.items()},
    }


def is_as_promised(figures: Figures) -> bool:
    """Tell whether all was visited once, and no page's reads depend on where it stands."""
    walks, compared = figures["walks"].values(), figures["pages"].values()
    return (
        figures["walks"]["category"]["in_order"]
        and not any(walk["twice"] or walk["missing"] or walk["foreign"] for walk in walks)
        and all(each["first"]["reads"] == each["last"]["reads"] for each in compared)
    )


@contextmanager
def _rig(products: list[catalogue.Entry], logs: Path) -> Iterator[Rig]:
    with Valkey(log=logs / "valkey") as valkey, Emulator(log=logs / "aws") as aws:
        env = environment.of(valkey, aws, {"PATH": os.environ["PATH"], "LOG_FORMAT": "json"})
        dynamodb = aws.client("dynamodb")
        create_table(dynamodb, PRODUCTS, env["PRODUCTS_TABLE"])
        catalogue.store(products, Settings.from_env(env), dynamodb)
        with Api(env, _MODULE, logs / "api") as api:
            yield Rig(Client(api.url), redis.Redis(port=valkey.port), logs / "api")


def _category(plan: Plan) -> dict[str, object]:
    low, high = PriceRange()
    asked = {"category": CATEGORY, "min_price": low, "max_price": high, "sort": "price"}
    return {**asked, "limit": plan.limit}


def _walked(rig: Rig, query: Mapping[str, object], expected: int) -> list[Page]:
    return list(tqdm(pages.walk(rig.client, query), total=expected, unit=" pages", disable=None))


def _ids(
    by_price: Sequence[Page], every: Sequence[Page], samples: Mapping[str, Rounds]
) -> set[str]:
    ends = (pages for rounds in samples.values() for each in rounds for pages in each.values())
    return {page.request_id for page in chain(by_price, every, *ends)}


def _unread(rig: Rig, path: str) -> Page:
    """Return a page of which Redis knows no product."""
    rig.valkey.flushall()
    return pages.get(rig.client, path)


def _by_turns(walked: Sequence[Page], plan: Plan, get: Callable[[str], Page]) -> Rounds:
    """
    Return the first and the last pages of each round, after one round to warm up.

    Of those that have a next one: the very last page reads less.
    """
    full = [page.path for page in walked if page.next_cursor is not None]
    ends = min(plan.ends, len(full) // 2)
    pairs = list(zip(full[:ends], full[-ends:], strict=True))
    return [_round(pairs, get, last_first=n % 2 == 1) for n in range(plan.rounds + 1)][1:]


def _round(
    pairs: Iterable[tuple[str, str]], get: Callable[[str], Page], *, last_first: bool
) -> dict[str, list[Page]]:
    order = ("last", "first") if last_first else ("first", "last")
    got: dict[str, list[Page]] = {"first": [], "last": []}
    for first, last in pairs:
        paths = {"first": first, "last": last}
        for end in order:
            got[end].append(get(paths[end]))
    return got


def _compared(rounds: Sequence[Mapping[str, list[Page]]], reads: Reads) -> Figures:
    return {
        "first": _summary([page for each in rounds for page in each["first"]], reads),
        "last": _summary([page for each in rounds for page in each["last"]], reads),
        "ratio": {part: _ratio(rounds, part) for part in PARTS},
    }


def _summary(got: Sequence[Page], reads: Reads) -> Figures:
    times = {part: 1000 * _median(got, part) for part in PARTS}
    return {**times, "reads": _counted(got, reads)}


def _ratio(rounds: Sequence[Mapping[str, list[Page]]], part: str) -> Figures:
    """Return last/first: of all rounds together, and how far single rounds are apart."""
    every = {end: list(chain.from_iterable(each[end] for each in rounds)) for end in rounds[0]}
    single = [_median(each["last"], part) / _median(each["first"], part) for each in rounds]
    of_all = _median(every["last"], part) / _median(every["first"], part)
    return {"median": of_all, "least": min(single), "most": max(single)}


def _median(got: Iterable[Page], part: str) -> float:
    return median(getattr(page, part) for page in got)


def account(walked: Sequence[Page], expected: set[str], reads: Reads) -> Figures:
    """Hold what the pages of a walk show to what is `expected`."""
    visits = Counter(chain.from_iterable(page.ids for page in walked))
    return {
        "expected": len(expected),
        "visited": visits.total(),
        "twice": sum(count > 1 for count in visits.values()),
        "missing": len(expected - visits.keys()),
        "foreign": len(visits.keys() - expected),
        "reads": _counted(walked, reads),
    }


def _counted(got: Iterable[Page], reads: Reads) -> dict[str, int]:
    """Return how many pages cost which reads."""
    return dict(Counter(reads[page.request_id] for page in got))


def _in_order(walked: Sequence[Page]) -> bool:
    prices = list(chain.from_iterable(page.prices for page in walked))
    return prices == sorted(prices)
