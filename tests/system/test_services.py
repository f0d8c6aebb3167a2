"""`make services`: the servers that an API needs, without an API."""

import json
import os
import subprocess
import sys
from pathlib import Path

import redis

from tests.running_stack import RunningStack, eventually, own_port, running

ROOT = Path(__file__).parents[2]


def test_the_services_run_on_the_given_ports(tmp_path: Path) -> None:
    """Valkey, the table with samples, and the stream feed."""
    ports = {name: own_port() for name in ("REDIS_PORT", "AWS_PORT")}
    named = {name: str(port) for name, port in ports.items()}

    with running(tmp_path, module="dev.stack.services", **named) as services:
        facts = services.facts
        client = redis.Redis(port=ports["REDIS_PORT"])
        (sample,) = services.dynamodb.scan(TableName="products", Limit=1)["Items"]
        client.set(f"product:{sample['id']['S']}", "outdated")
        eventually(lambda: _edit(services, sample["id"]) and not client.keys())
        saved = services.transfer("export", "-")
        output = services.output

    assert {"pid", "redis", "aws", "tables", "stream"} == facts.keys()
    assert 25 == len(saved.stdout.splitlines())
    assert "chalice local --stage local" in output
    assert all(f'"{port}"' in output or f":{port}" in output for port in ports.values())


def _edit(services: RunningStack, product_id: dict[str, str]) -> bool:
    """Change an item without the API."""
    services.dynamodb.update_item(
        TableName="products",
        Key={"id": product_id},
        UpdateExpression="SET stock_quantity = stock_quantity + :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    return True


def test_the_services_have_no_live_page(tmp_path: Path) -> None:
    """`make watch` says so, and does not start a second stack."""
    state = tmp_path / ".local" / "stack.json"
    state.parent.mkdir()
    state.write_text(json.dumps({"pid": os.getpid()}))

    done = subprocess.run(
        [sys.executable, "-m", "dev.local_stack", "--watch"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        timeout=30,
    )

    assert 1 == done.returncode
    assert b"make services" in done.stderr
