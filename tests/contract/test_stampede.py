"""A burst of readers of one cold product makes one DynamoDB call."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.caching.entries import Fetched, Outcome, Policy
from chalicelib.caching.item_cache import ItemCache
from chalicelib.caching.protocol import Cache
from chalicelib.products.cache import CODEC
from chalicelib.products.catalog import Catalog
from chalicelib.products.model import represent
from chalicelib.resources.representation import Representation
from dev.stack.servers import Valkey
from tests import examples
from tests.doubles.caching import a_client
from tests.doubles.recording import Recorder, RecordingTable
from tests.doubles.wiring import Wire
from tests.examples import SOME_ID, a_draft

READERS = 50


@pytest.fixture
def catalog(
    wire: Wire, real_redis: Recorder, valkey: Valkey, moto_table: RecordingTable
) -> Catalog:
    """Return the catalog with a real Valkey and a long time-out."""
    real_redis.flushall()
    settings = examples.settings(
        REDIS_HOST="127.0.0.1", REDIS_PORT=str(valkey.port), REDIS_TIMEOUT_SECONDS="1"
    )
    store = wire(redis=a_client(settings)).redis
    # On a busy machine a load may take longer than readers wait, so they wait ten times as long.
    times = {"sleep": lambda seconds: time.sleep(10 * seconds), "clock": lambda: 0.0}
    cache = Cache(store, CODEC, Policy(3600, 15, strict=False), **times)
    repository = examples.repository(moto_table.client, moto_table.name)
    return Catalog(ItemCache(cache, CODEC), lambda: repository)


def _read_at_once(catalog: Catalog, product_id: str) -> list[Fetched[Representation]]:
    start = threading.Barrier(READERS)

    def read() -> Fetched[Representation]:
        start.wait()
        return catalog.get(product_id)

    with ThreadPoolExecutor(READERS) as readers:
        return [each.result() for each in [readers.submit(read) for _ in range(READERS)]]


def test_fifty_readers_of_a_cold_product_cost_one_query(
    catalog: Catalog, moto_table: RecordingTable
) -> None:
    """One takes the lease and loads; the others wait for its fill."""
    mouse = catalog.create(a_draft())

    with moto_table.calls() as calls:
        answers = _read_at_once(catalog, mouse.id)

    assert {represent(mouse)} == {answer.item for answer in answers}
    assert ["GetItem"] == calls
    assert Counter({Outcome.HIT: READERS - 1, Outcome.MISS: 1}) == Counter(
        answer.outcome for answer in answers
    )


def test_fifty_readers_of_an_unknown_id_cost_one_query(
    catalog: Catalog, moto_table: RecordingTable
) -> None:
    """A negative entry is filled once."""
    with moto_table.calls() as calls:
        answers = _read_at_once(catalog, SOME_ID)

    assert {None} == {answer.item for answer in answers}
    assert ["GetItem"] == calls
