"""`make run`: its behaviour, also under faults."""

import json
import os
import re
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.faults.timeline import Timeline
from dev.watch.load import LiveLoad
from tests.running_stack import JSON, RunningStack, eventually, is_alive, running


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Start one stack for all tests. It must survive each test."""
    with running(tmp_path_factory.mktemp("stack")) as started:
        yield started


def test_health_is_connected(stack: RunningStack) -> None:
    """Redis and DynamoDB are connected."""
    answer = stack.request("GET", "/health")

    assert 200 == answer.status
    assert ("connected", "connected") == (answer.json["redis"], answer.json["dynamodb"])


def test_the_samples_are_listed(stack: RunningStack) -> None:
    """An empty table gets at least 20 products in 5 categories."""
    items = stack.request("GET", "/products?limit=100").json["items"]

    assert 20 <= len(items)
    assert 5 <= len({item["category"] for item in items if "category" in item})


def test_the_second_read_of_a_product_is_a_hit(stack: RunningStack) -> None:
    """From the real Valkey."""
    made = stack.create().json

    first, second = (stack.x_cache(made["id"]) for _ in range(2))

    assert ("MISS", "HIT") == (first, second)


def test_the_state_file_names_running_processes(stack: RunningStack) -> None:
    """Tools find each server by URL and pid."""
    facts = stack.facts

    assert f"http://127.0.0.1:{stack.port}" == facts["api"]["url"]
    assert {"host", "port", "pid"} == facts["redis"].keys()
    assert {"url", "pid"} == facts["aws"].keys()
    assert "products" == facts["tables"]["products"]
    assert all(map(is_alive, stack.pids))


def test_the_live_page_counts_each_request(stack: RunningStack) -> None:
    """As the client does by `X-Cache`. No log line is lost."""
    product_id = stack.create().json["id"]
    before = _settled(stack)

    counted = Counter(str(stack.x_cache(product_id)).lower() for _ in range(100))

    eventually(lambda: _shown(stack) == before + counted)
    assert 100 == counted.total()


def test_a_forgotten_load_ends_by_itself(stack: RunningStack) -> None:
    """It keeps its writes in memory. Its products are deleted."""
    load = LiveLoad(f"http://127.0.0.1:{stack.port}", Timeline(), max_seconds=1)

    load.start(100)

    eventually(lambda: load.shown()["rate"] == 0)
    eventually(lambda: [] == stack.request("GET", "/products?category=load").json["items"])
    shown = load.shown()
    assert shown["sent"] > shown["checked"] > 0
    assert 0 == shown["stale"]


def test_an_edit_without_the_api_is_read(stack: RunningStack) -> None:
    """The stream deletes the cached product."""
    made = stack.create().json
    eventually(lambda: stack.x_cache(made["id"]) == "HIT")

    _set_stock_without_the_api(stack, made["id"], 77)

    eventually(lambda: _stock(stack, made["id"]) == 77, 10)


def test_a_busy_port_is_reported_in_one_line(stack: RunningStack, tmp_path: Path) -> None:
    """The second stack exits with status 1, starts nothing, and does not affect the first."""
    facts = stack.facts

    second = RunningStack(tmp_path, port=stack.port)

    assert 1 == second.process.wait(30)
    (message,) = second.output.splitlines()
    (free,) = re.findall(r"API_PORT=(\d+)", message)
    assert stack.port != int(free)
    assert not (tmp_path / ".local").exists()
    assert facts == stack.facts


def test_a_second_stack_in_one_directory_is_refused(stack: RunningStack) -> None:
    """Even on another port: it would overwrite the first one's state file and data."""
    facts = stack.facts

    second = RunningStack(stack.place)

    assert 1 == second.process.wait(30)
    assert facts == stack.facts
    assert 200 == stack.request("GET", "/health").status


def test_every_call_succeeds_while_valkey_is_paused(stack: RunningStack) -> None:
    """Afterwards reads are hits again."""
    product_id = stack.sample()
    pid = stack.facts["redis"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        statuses = {stack.request("GET", f"/products/{product_id}").status for _ in range(10)}
        statuses |= {
            stack.request("PATCH", f"/products/{product_id}", b'{"price": 5}', JSON).status,
            stack.request("GET", "/health").status,
        }
    finally:
        os.kill(pid, signal.SIGCONT)

    assert {200} == statuses
    eventually(lambda: stack.x_cache(product_id) == "HIT")


def test_an_edit_during_an_outage_is_read_after_it(stack: RunningStack) -> None:
    """The stream's records wait for Redis, and then delete the old entry."""
    made = stack.create().json
    eventually(lambda: stack.x_cache(made["id"]) == "HIT")
    pid = stack.facts["redis"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        _set_stock_without_the_api(stack, made["id"], 78)
    finally:
        os.kill(pid, signal.SIGCONT)

    eventually(lambda: _stock(stack, made["id"]) == 78)


def test_a_killed_valkey_is_restarted(stack: RunningStack) -> None:
    """Calls are answered meanwhile. It uses the same port again."""
    product_id, before = stack.sample(), stack.facts["redis"]

    os.kill(before["pid"], signal.SIGKILL)

    assert 200 == stack.request("GET", f"/products/{product_id}").status
    eventually(lambda: stack.facts["redis"]["pid"] != before["pid"])
    assert before["port"] == stack.facts["redis"]["port"]
    eventually(lambda: stack.x_cache(product_id) == "HIT")


def test_a_killed_api_is_restarted(stack: RunningStack) -> None:
    """It uses the same port again."""
    before = stack.facts["api"]["pid"]

    os.kill(before, signal.SIGKILL)

    eventually(lambda: stack.facts["api"]["pid"] != before)
    assert 200 == stack.request("GET", "/health").status


def test_external_servers_are_used(stack: RunningStack, tmp_path: Path) -> None:
    """Only the API is started. The state file has no pid for external servers."""
    facts = stack.facts
    env = {
        "REDIS_HOST": facts["redis"]["host"],
        "REDIS_PORT": str(facts["redis"]["port"]),
        "AWS_ENDPOINT_URL": facts["aws"]["url"],
        **{name.upper(): key for name, key in stack.keys.items()},
    }

    with running(tmp_path, **env) as second:
        addresses = second.facts
        sample = second.sample()

    assert (None, None) == (addresses["redis"]["pid"], addresses["aws"]["pid"])
    assert facts["aws"]["url"] == addresses["aws"]["url"]
    assert 200 == stack.request("GET", f"/products/{sample}").status


def _shown(stack: RunningStack) -> Counter[str]:
    """Return the live page's requests by outcome."""
    url = f"{stack.facts['watch']['url']}/events"
    with urllib.request.urlopen(url, timeout=10) as events:  # noqa: S310 — local
        shown = json.loads(events.readline().removeprefix(b"data: "))
    return Counter({name: each["requests"] for name, each in shown["outcomes"].items()})


def _settled(stack: RunningStack) -> Counter[str]:
    """Return the page's counts when they have not changed for a second."""
    shown, since = _shown(stack), time.monotonic()
    while time.monotonic() < since + 1:
        if (now := _shown(stack)) != shown:
            shown, since = now, time.monotonic()
        time.sleep(0.1)
    return shown


def _set_stock_without_the_api(stack: RunningStack, product_id: str, stock: int) -> None:
    stack.dynamodb.update_item(
        TableName="products",
        Key={"id": {"S": product_id}},
        UpdateExpression="SET stock_quantity = :new",
        ExpressionAttributeValues={":new": {"N": str(stock)}},
    )


def _stock(stack: RunningStack, product_id: str) -> int:
    return int(stack.request("GET", f"/products/{product_id}").json["stock_quantity"])
