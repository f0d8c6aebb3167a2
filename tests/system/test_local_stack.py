"""`make run`: what it promises, faults included."""

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

from tests.running_stack import JSON, RunningStack, eventually, is_alive, running


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Start one that the tests below share; what they do to it, it has to survive."""
    with running(tmp_path_factory.mktemp("stack")) as started:
        yield started


def test_health_says_that_all_is_connected(stack: RunningStack) -> None:
    """Redis and DynamoDB are both there."""
    answer = stack.ask("GET", "/health")

    assert 200 == answer.status
    assert ("connected", "connected") == (answer.json["redis"], answer.json["dynamodb"])


def test_the_samples_are_listed(stack: RunningStack) -> None:
    """An empty table gets at least 20 products in 5 categories."""
    items = stack.ask("GET", "/products?limit=100").json["items"]

    assert 20 <= len(items)
    assert 5 <= len({item["category"] for item in items if "category" in item})


def test_the_second_read_of_a_product_is_a_hit(stack: RunningStack) -> None:
    """The real Valkey is asked and answers."""
    made = stack.create().json

    first, second = (stack.x_cache(made["id"]) for _ in range(2))

    assert ("MISS", "HIT") == (first, second)


def test_the_state_file_names_processes_that_run(stack: RunningStack) -> None:
    """Tools find each server by URL and pid."""
    facts = stack.facts

    assert f"http://127.0.0.1:{stack.port}" == facts["api"]["url"]
    assert {"host", "port", "pid"} == facts["redis"].keys()
    assert {"url", "pid"} == facts["aws"].keys()
    assert "products" == facts["tables"]["products"]
    assert all(map(is_alive, stack.pids))


def test_the_live_page_counts_each_request(stack: RunningStack) -> None:
    """As the client does by `X-Cache`; no log line is lost on its way."""
    product_id = stack.create().json["id"]
    before = _settled(stack)

    counted = Counter(str(stack.x_cache(product_id)).lower() for _ in range(100))

    eventually(lambda: _shown(stack) == before + counted)
    assert 100 == counted.total()


def test_an_edit_past_the_api_is_seen(stack: RunningStack) -> None:
    """The stream deletes the cached copy behind an edit that nobody told the API of."""
    made = stack.create().json
    eventually(lambda: stack.x_cache(made["id"]) == "HIT")

    _set_stock_past_the_api(stack, made["id"], 77)

    eventually(lambda: _stock(stack, made["id"]) == 77, 10)


def test_a_busy_port_is_reported_in_one_line(stack: RunningStack, tmp_path: Path) -> None:
    """The second stack ends with status 1, starts nothing, and leaves the first one alone."""
    facts = stack.facts

    second = RunningStack(tmp_path, port=stack.port)

    assert 1 == second.process.wait(30)
    (told,) = second.output.splitlines()
    (free,) = re.findall(r"API_PORT=(\d+)", told)
    assert stack.port != int(free)
    assert not (tmp_path / ".local").exists()
    assert facts == stack.facts


def test_a_second_stack_in_one_place_is_refused(stack: RunningStack) -> None:
    """On another port too: it would take the first one's state file and data."""
    facts = stack.facts

    second = RunningStack(stack.place)

    assert 1 == second.process.wait(30)
    assert facts == stack.facts
    assert 200 == stack.ask("GET", "/health").status


def test_a_paused_valkey_costs_no_call(stack: RunningStack) -> None:
    """While it hangs every call is answered; when it goes on, so do the hits."""
    product_id = stack.sample()
    pid = stack.facts["redis"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        statuses = {stack.ask("GET", f"/products/{product_id}").status for _ in range(10)}
        statuses |= {
            stack.ask("PATCH", f"/products/{product_id}", b'{"price": 5}', JSON).status,
            stack.ask("GET", "/health").status,
        }
    finally:
        os.kill(pid, signal.SIGCONT)

    assert {200} == statuses
    eventually(lambda: stack.x_cache(product_id) == "HIT")


def test_an_edit_during_an_outage_is_seen_after_it(stack: RunningStack) -> None:
    """The stream's records wait for Redis, so the copy that survived the outage goes."""
    made = stack.create().json
    eventually(lambda: stack.x_cache(made["id"]) == "HIT")
    pid = stack.facts["redis"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        _set_stock_past_the_api(stack, made["id"], 78)
    finally:
        os.kill(pid, signal.SIGCONT)

    eventually(lambda: _stock(stack, made["id"]) == 78)


def test_a_killed_valkey_comes_back(stack: RunningStack) -> None:
    """Calls go on being answered, and it is started again on the same port."""
    product_id, before = stack.sample(), stack.facts["redis"]

    os.kill(before["pid"], signal.SIGKILL)

    assert 200 == stack.ask("GET", f"/products/{product_id}").status
    eventually(lambda: stack.facts["redis"]["pid"] != before["pid"])
    assert before["port"] == stack.facts["redis"]["port"]
    eventually(lambda: stack.x_cache(product_id) == "HIT")


def test_a_killed_api_comes_back(stack: RunningStack) -> None:
    """It is started again on the same port."""
    before = stack.facts["api"]["pid"]

    os.kill(before, signal.SIGKILL)

    eventually(lambda: stack.facts["api"]["pid"] != before)
    assert 200 == stack.ask("GET", "/health").status


def test_servers_that_the_environment_names_are_used(stack: RunningStack, tmp_path: Path) -> None:
    """Nothing is started beside the API, and the state file gives no pid for what is not ours."""
    facts = stack.facts
    env = {
        "REDIS_HOST": facts["redis"]["host"],
        "REDIS_PORT": str(facts["redis"]["port"]),
        "AWS_ENDPOINT_URL": facts["aws"]["url"],
        **{name.upper(): key for name, key in stack.keys.items()},
    }

    with running(tmp_path, **env) as second:
        theirs = second.facts
        sample = second.sample()

    assert (None, None) == (theirs["redis"]["pid"], theirs["aws"]["pid"])
    assert facts["aws"]["url"] == theirs["aws"]["url"]
    assert 200 == stack.ask("GET", f"/products/{sample}").status


def _shown(stack: RunningStack) -> Counter[str]:
    """Return the live page's requests by outcome."""
    url = f"{stack.facts['watch']['url']}/events"
    with urllib.request.urlopen(url, timeout=10) as events:  # noqa: S310 — ours
        shown = json.loads(events.readline().removeprefix(b"data: "))
    return Counter({name: each["requests"] for name, each in shown["outcomes"].items()})


def _settled(stack: RunningStack) -> Counter[str]:
    """Return what is shown once the lines of earlier requests have come: none has for a second."""
    shown, since = _shown(stack), time.monotonic()
    while time.monotonic() < since + 1:
        if (now := _shown(stack)) != shown:
            shown, since = now, time.monotonic()
        time.sleep(0.1)
    return shown


def _set_stock_past_the_api(stack: RunningStack, product_id: str, stock: int) -> None:
    stack.dynamodb.update_item(
        TableName="products",
        Key={"id": {"S": product_id}},
        UpdateExpression="SET stock_quantity = :new",
        ExpressionAttributeValues={":new": {"N": str(stock)}},
    )


def _stock(stack: RunningStack, product_id: str) -> int:
    return int(stack.ask("GET", f"/products/{product_id}").json["stock_quantity"])
