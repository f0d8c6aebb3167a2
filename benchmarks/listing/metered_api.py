"""
The API, logging what each of its DynamoDB calls read: `python -m benchmarks.listing.metered_api`.

A line a call, under the request's id: `{"message": "read", "call": "Query", "items": 101, …}`. The
number of items is what DynamoDB read (ScannedCount), not what it returned. Changes nothing else.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from chalicelib import bootstrap, telemetry
from chalicelib.dynamodb.client import connect
from chalicelib.settings import Settings
from dev.server.serving import serve


def reads_of(log: Path, request_ids: AbstractSet[str], seconds: float = 10) -> Mapping[str, str]:
    """
    Return what each request read, once the log has all of them: its lines come a moment late.

    Raise `TimeoutError` where one is still missing after so many `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not request_ids <= (reads := _reads_in(log)).keys():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(request_ids - reads.keys())} requests are not in the log")
        time.sleep(0.1)
    return reads


def _reads_in(log: Path) -> Mapping[str, str]:
    """Return the reads of each request id, as `Query 101 + BatchGetItem 100`."""
    reads = defaultdict(list)
    for line in log.read_text(encoding="utf-8").splitlines():
        fact = json.loads(line) if line.startswith("{") else {}
        if fact.get("message") == "read":
            reads[fact["request_id"]].append(f"{fact['call']} {fact['items']}")
    return {request_id: " + ".join(calls) for request_id, calls in reads.items()}


def _tell(model: Any, parsed: Mapping[str, Any], **_: Any) -> None:
    telemetry.info("read", call=model.name, items=_items(parsed))


def _items(answer: Mapping[str, Any]) -> int:
    if "Responses" in answer:
        return sum(map(len, answer["Responses"].values()))
    return int(answer.get("ScannedCount", 0))


def main() -> str | None:
    """Serve; return what stops the start."""
    settings = Settings.from_env(os.environ)
    client = connect("dynamodb", settings)
    client.meta.events.register("after-call.dynamodb", _tell)
    bootstrap.use(bootstrap.Container(settings, dynamodb=client))
    return serve()


if __name__ == "__main__":
    sys.exit(main())
