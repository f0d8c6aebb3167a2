"""
What a request costs in round trips: commands to Redis and calls of DynamoDB, counted outside.

Redis tells its commands by MONITOR, those within a script left out; a proxy counts DynamoDB's.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

from benchmarks.contestants import CONTESTANTS, Contestant
from benchmarks.events import event
from benchmarks.function import Function
from benchmarks.rig import Rig
from dev.faults.remote import Remote

Counts = dict[str, dict[str, dict[str, int]]]

_PROXY: Final = "dev.faults.dynamodb_proxy"


def measure(rig: Rig) -> Counts:
    """Return, by operation and contestant, what was sent to each store."""
    counts: Counts = {}
    with Remote(_PROXY, rig.emulator.port) as proxy:
        for contestant in CONTESTANTS:
            url = f"http://127.0.0.1:{proxy.port}"
            with rig.function(contestant, AWS_ENDPOINT_URL=url) as function:
                for operation, of_both in _counted(rig, contestant, function, proxy):
                    counts.setdefault(operation, {})[contestant.name] = of_both
    return counts


def _counted(
    rig: Rig, contestant: Contestant, function: Function, proxy: Remote
) -> Iterator[tuple[str, dict[str, int]]]:
    for operation, prepare, request in _operations(rig, contestant):
        function.seconds(request)  # connects, greets, fills
        prepare()
        proxy.tell(mode="count")
        with rig.redis[contestant.name].monitor() as monitor:
            _until(monitor, rig.redis[contestant.name])  # our own connection greets too
            function.seconds(request)
            commands = _until(monitor, rig.redis[contestant.name])
        calls = proxy.tell(mode="count")
        yield operation, {"redis": commands.total(), "dynamodb": sum(calls.values())}


def _operations(
    rig: Rig, contestant: Contestant
) -> Iterator[tuple[str, Callable[[], None], bytes]]:
    product_id = rig.store(contestant)
    read = event("GET", product_id)
    yield "hit", _nothing, read
    if contestant.is_api:
        yield "miss", lambda: rig.forget(contestant, product_id), read
        yield "update", _nothing, event("PUT", product_id, {"stock_quantity": 7})
        yield "create", _nothing, event("POST", body=_DRAFT)
        yield "delete", lambda: _again(rig, contestant), event("DELETE", product_id)


def _again(rig: Rig, contestant: Contestant) -> None:
    rig.store(contestant)


def _nothing() -> None:
    pass


def _until(monitor: Any, connection: Any) -> Counter[str]:
    """Return the commands sent by clients until a mark that we set now."""
    mark = uuid.uuid4().hex
    connection.echo(mark)
    commands: Counter[str] = Counter()
    while True:
        seen = monitor.next_command()
        if mark in seen["command"]:
            return commands
        if seen["client_type"] != "lua":
            commands[seen["command"].split(" ", 1)[0].upper()] += 1


_DRAFT: Final = {
    "name": "Wireless Mouse",
    "description": "Ergonomic wireless mouse with adjustable DPI",
    "price": 24.99,
    "stock_quantity": 150,
    "category": "accessories",
}
