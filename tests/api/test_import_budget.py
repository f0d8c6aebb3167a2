"""The imports of a cold start, which take up to half a second."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib.products.cache import CODEC
from chalicelib.products.model import represent
from dev.stack.servers import Emulator, Valkey
from tests.doubles.recording import Recorder, RecordingTable
from tests.examples import ENVIRONMENT, SOME_ID, a_product

SLOW = {"botocore", "boto3", "pydantic", "pydantic_core", "s3transfer", "jmespath", "urllib3"}
PROGRAM = """
import json, sys
from app import app
event = json.load(sys.stdin)
answer = app(event, None) if event else None
print(json.dumps({"answer": answer, "modules": sorted(sys.modules)}))
"""


def _event(path: str, product_id: str) -> dict[str, Any]:
    context = {"resourcePath": "/products/{product_id}", "httpMethod": "GET", "requestId": "r"}
    return {
        "requestContext": {**context, "path": path},
        "pathParameters": {"product_id": product_id},
        "multiValueQueryStringParameters": None,
        "headers": {},
        "body": None,
        "stageVariables": None,
    }


def _run(event: dict[str, Any], **variables: str) -> tuple[dict[str, Any], set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(event),
        env={**ENVIRONMENT, "LOG_LEVEL": "ERROR", **variables},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    output = json.loads(done.stdout.splitlines()[-1])
    return output["answer"], {name.partition(".")[0] for name in output["modules"]}


@pytest.fixture
def cached(real_redis: Recorder, valkey: Valkey) -> dict[str, str]:
    """Put a product into Valkey; return the settings for that Valkey."""
    entry = b"V" + CODEC.encode(represent(a_product()))
    real_redis.set(CODEC.key(SOME_ID), entry)
    return {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(valkey.port)}


def test_a_hit_imports_neither_boto3_nor_pydantic(cached: dict[str, str]) -> None:
    """A process that answers only hits does not import the packages of misses and writes."""
    answer, modules = _run(_event(f"/products/{SOME_ID}", SOME_ID), **cached)

    assert (200, "HIT") == (answer["statusCode"], answer["headers"]["X-Cache"])
    assert represent(a_product()).body == answer["body"]
    assert set() == SLOW & modules
    assert "redis" in modules


def test_a_miss_imports_boto3_but_not_pydantic(
    emulator: Emulator, emulated_table: RecordingTable
) -> None:
    """A miss needs DynamoDB's client. Only writes need validation by Pydantic."""
    answer, modules = _run(
        _event(f"/products/{SOME_ID}", SOME_ID),
        AWS_ENDPOINT_URL=emulator.url,
        PRODUCTS_TABLE=emulated_table.name,
        CACHE_ENABLED="false",
        **emulator.credentials.environment(),
    )

    assert 404 == answer["statusCode"]
    assert SLOW - {"pydantic", "pydantic_core"} == SLOW & modules


def test_a_redis_password_adds_no_imports(cached: dict[str, str], real_redis: Recorder) -> None:
    """Only IAM tokens need botocore."""
    user = {"REDIS_USERNAME": "catalog", "REDIS_PASSWORD": "p"}
    real_redis.acl_setuser("catalog", True, passwords="+p", keys="*", commands=["+getex"])  # noqa: FBT003 — redis-py's
    try:
        answer, modules = _run(_event(f"/products/{SOME_ID}", SOME_ID), **cached, **user)
    finally:
        real_redis.acl_deluser("catalog")

    assert "HIT" == answer["headers"]["X-Cache"]
    assert set() == SLOW & modules


def test_the_start_imports_neither_boto3_nor_pydantic() -> None:
    """
    Importing `app` connects to no server, and imports no package that a hit does not need.

    A hit needs redis-py. Importing it at the start makes the first request faster.
    """
    _, modules = _run({})

    assert set() == SLOW & modules
    assert "redis" in modules


def test_a_small_function_imports_both_in_its_init_phase() -> None:
    """With less than a CPU the first miss and the first write would take three times as long."""
    _, modules = _run({}, _HANDLER="app.app", AWS_LAMBDA_FUNCTION_MEMORY_SIZE="512")

    assert SLOW == SLOW & modules


def test_an_invalid_setting_stops_the_start() -> None:
    """The error names the variable and does not contain its value."""
    with pytest.raises(subprocess.CalledProcessError) as caught:
        _run({}, REDIS_PORT="s3cret", REDIS_PASSWORD="s3cret")

    assert "REDIS_PORT must be a whole number" in caught.value.stderr
    assert "s3cret" not in caught.value.stderr
