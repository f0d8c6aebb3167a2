"""While the cache is switched on or off, containers differ. No read is stale."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.caching.entries import Outcome
from tests.doubles.recording import Recorder
from tests.doubles.wiring import Wire
from tests.examples import a_draft


@pytest.mark.parametrize("writer_caches", ["true", "false"])
def test_a_reader_never_fills_over_a_write(wire: Wire, redis: Recorder, writer_caches: str) -> None:
    """A write between load and fill deletes the lease, whether its own cache is on or off."""
    reader = wire(redis=redis).products.catalog
    writer = wire(redis=redis, CACHE_ENABLED=writer_caches).products.catalog
    mouse = reader.create(a_draft())
    reader._load = _then(reader._load, lambda: writer.update(mouse.id, {"name": "Ball"}))

    overtaken = reader.get(mouse.id)
    after = reader.get(mouse.id)

    assert (Outcome.MISS, Outcome.MISS) == (overtaken.outcome, after.outcome)
    assert after.item is not None
    assert '"Ball"' in after.item.body


@pytest.mark.parametrize("reader_caches", ["true", "false"])
@pytest.mark.parametrize("writer_caches", ["true", "false"])
def test_every_container_returns_the_last_write(
    wire: Wire, redis: Recorder, writer_caches: str, reader_caches: str
) -> None:
    """Also if an older entry was cached."""
    reader = wire(redis=redis, CACHE_ENABLED=reader_caches).products.catalog
    mouse = wire(redis=redis).products.catalog.create(a_draft())
    wire(redis=redis).products.catalog.get(mouse.id)

    wire(redis=redis, CACHE_ENABLED=writer_caches).products.catalog.update(
        mouse.id, {"name": "Ball"}
    )

    item, _ = reader.get(mouse.id)
    assert item is not None
    assert '"Ball"' in item.body


def _then(load: Callable[..., Any], act: Callable[[], Any]) -> Any:
    """Return a load function that calls `act` once after the load."""
    acts = iter([act])

    def loaded(product_id: str) -> Any:
        item = load(product_id)
        next(acts, lambda: None)()
        return item

    return loaded
