"""While the cache is switched, containers differ: some ask Redis, some do not. No read is stale."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.caching.entries import Outcome
from tests.doubles.recording import Recorder
from tests.doubles.wiring import Wire
from tests.examples import a_draft


@pytest.mark.parametrize("writer_asks", ["true", "false"])
def test_a_reader_never_fills_over_a_write(wire: Wire, redis: Recorder, writer_asks: str) -> None:
    """A write between its load and its fill wipes its lease, whichever way the writer is set."""
    reader = wire(redis=redis).products.catalog
    writer = wire(redis=redis, CACHE_ENABLED=writer_asks).products.catalog
    mouse = reader.create(a_draft())
    reader._load = _then(reader._load, lambda: writer.update(mouse.id, {"name": "Ball"}))

    overtaken = reader.get(mouse.id)
    after = reader.get(mouse.id)

    assert (Outcome.MISS, Outcome.MISS) == (overtaken.outcome, after.outcome)
    assert after.item is not None
    assert '"Ball"' in after.item.body


@pytest.mark.parametrize("reader_asks", ["true", "false"])
@pytest.mark.parametrize("writer_asks", ["true", "false"])
def test_a_write_is_seen_by_every_container(
    wire: Wire, redis: Recorder, writer_asks: str, reader_asks: str
) -> None:
    """Over an entry that was cached before it."""
    reader = wire(redis=redis, CACHE_ENABLED=reader_asks).products.catalog
    mouse = wire(redis=redis).products.catalog.create(a_draft())
    wire(redis=redis).products.catalog.get(mouse.id)

    wire(redis=redis, CACHE_ENABLED=writer_asks).products.catalog.update(mouse.id, {"name": "Ball"})

    item, _ = reader.get(mouse.id)
    assert item is not None
    assert '"Ball"' in item.body


def _then(load: Callable[..., Any], act: Callable[[], Any]) -> Any:
    """Return a load after which, once, something else happens."""
    acts = iter([act])

    def loaded(product_id: str) -> Any:
        item = load(product_id)
        next(acts, lambda: None)()
        return item

    return loaded
