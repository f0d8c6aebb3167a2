"""What a package has of botocore's data: little, and the same requests are made of it."""

import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib import aws, repository
from dev.deploy import service_models
from tests import examples

ITEM = {"id": {"S": "1"}, "price": {"N": "1.50"}}
REQUESTS: dict[str, dict[str, Any]] = {
    "get_item": {"TableName": "products", "Key": {"id": {"S": "1"}}, "ConsistentRead": True},
    "put_item": {
        "TableName": "products",
        "Item": ITEM,
        "ConditionExpression": "attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        "ReturnConsumedCapacity": "TOTAL",
    },
    "batch_get_item": {"RequestItems": {"products": {"Keys": [{"id": {"S": "1"}}]}}},
    "query": {"TableName": "products", "IndexName": "category-price", "Limit": 3},
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write them once."""
    place = tmp_path_factory.mktemp("service_models")
    service_models.write(place)
    return place


class _Sent(Exception):
    """Raised where a request would go out."""

    def __init__(self, request: Any) -> None:
        super().__init__()
        self.told = (request.url, request.body, request.headers["X-Amz-Target"])


def _send(request: Any, **_: Any) -> None:
    raise _Sent(request)


def _client(region: str) -> Any:
    settings = examples.settings(AWS_REGION=region)
    client = aws.connect("dynamodb", settings)
    client.meta.events.register("before-send", _send)
    return client


def _sent(client: Any, call: str) -> tuple[str, bytes, str]:
    with pytest.raises(_Sent) as caught:
        getattr(client, call)(**REQUESTS[call])
    return caught.value.told


@pytest.mark.parametrize("call", REQUESTS)
@pytest.mark.parametrize("region", ["eu-central-1", "cn-north-1", "us-gov-west-1"])
def test_the_same_request_goes_to_the_same_endpoint(
    models: Path, monkeypatch: pytest.MonkeyPatch, call: str, region: str
) -> None:
    """By the trimmed models and by botocore's own, in each of AWS's partitions."""
    whole = _sent(_client(region), call)
    monkeypatch.setattr(aws, "SERVICE_MODELS", models)

    assert whole == _sent(_client(region), call)


def test_the_trimmed_models_are_what_is_read(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client made of them knows no operation that the functions do not call."""
    monkeypatch.setattr(aws, "SERVICE_MODELS", models)
    known = _client("eu-central-1").meta.service_model.operation_names

    assert sorted(service_models.OPERATIONS["dynamodb"]) == sorted(known)


def test_every_call_that_the_functions_make_is_in_the_models() -> None:
    """The one apart that only an import makes, which runs on nobody's Lambda."""
    called = set(re.findall(r"self\._client\.(\w+)", Path(repository.__file__).read_text()))
    known = {
        re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
        for name in service_models.OPERATIONS["dynamodb"]
    }

    assert called - {"batch_write_item"} == known


def test_the_models_are_small(models: Path) -> None:
    """Botocore's own, unpacked, are over 2 MB."""
    assert 100_000 > sum(path.stat().st_size for path in models.rglob("*.json"))
