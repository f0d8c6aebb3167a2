"""Every error of DynamoDB: whether it is retried, and the outcome of a write."""

from collections.abc import Callable
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ParamValidationError

from chalicelib.bootstrap import Container
from chalicelib.dynamodb.errors import CONDITION, MEANINGS, Meaning
from chalicelib.errors import OutcomeUnknown, ServiceError, StoreRefused, StoreUnavailable
from chalicelib.products.repository import Repository
from tests import examples
from tests.doubles import dynamodb as faults
from tests.doubles.api import ApiClient
from tests.doubles.dynamodb import FailingDynamoDB, FlakyDynamoDB, refusal
from tests.doubles.log import capture_log
from tests.doubles.recording import RecordingFakeRedis, RecordingTable
from tests.doubles.wiring import Wire
from tests.examples import OTHER_ID, SOME_ID, a_draft

CALLED = ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"]
BATCHES = ["BatchGetItem", "BatchWriteItem"]
WRITES: dict[str, Callable[[Repository], Any]] = {
    "add": lambda repository: repository.add(OTHER_ID, a_draft()),
    "update": lambda repository: repository.update(SOME_ID, {"name": "Ball"}),
    "remove": lambda repository: repository.remove(SOME_ID),
}
RETRIED = {Meaning.BUSY, Meaning.LOST}
READ_ERRORS = {
    Meaning.BUSY: StoreUnavailable,
    Meaning.LOST: StoreUnavailable,
    Meaning.UNUSABLE: StoreUnavailable,
    Meaning.REFUSED: StoreRefused,
}
WRITE_ERRORS = {**READ_ERRORS, Meaning.LOST: OutcomeUnknown}
STATUS = {meaning: 500 if meaning is Meaning.REFUSED else 503 for meaning in Meaning}

each_code = pytest.mark.parametrize("code", sorted(MEANINGS))


def _failing_repository(error: Exception) -> Repository:
    """Return a repository whose calls all fail with `error`, without retries."""
    settings = examples.settings(DYNAMODB_RETRY_SECONDS="0")
    return Container(settings, dynamodb=FailingDynamoDB(error)).products.repository


def _error(code: str) -> ClientError:
    return refusal(code, 500 if MEANINGS[code] is Meaning.LOST else 400)


@pytest.mark.parametrize("operation", [*CALLED, *BATCHES])
def test_every_documented_error_is_listed(operation: str) -> None:
    """For each operation of the repository, by botocore's service model."""
    model = botocore.session.get_session().get_service_model("dynamodb")
    shapes = model.operation_model(operation).error_shapes

    assert {shape.name for shape in shapes} <= {*MEANINGS, CONDITION}


@each_code
@pytest.mark.parametrize("name", WRITES)
def test_retryable_errors_are_retried(moto_table: RecordingTable, name: str, code: str) -> None:
    """One failure is retried; other errors are raised at once."""
    examples.repository(moto_table.client).add(SOME_ID, a_draft())
    client = FlakyDynamoDB(moto_table.client, _error(code))
    meaning = MEANINGS[code]

    if meaning in RETRIED:
        WRITES[name](examples.repository(client))
        assert 2 == len(client.requests)
        return
    with pytest.raises(WRITE_ERRORS[meaning]):
        WRITES[name](examples.repository(client))
    assert 1 == len(client.requests)


@pytest.mark.parametrize(
    "code",
    [
        "TransactionConflictException",
        "InternalServerError",
        "ResourceNotFoundException",
        "AccessDeniedException",
    ],
)
def test_a_lost_response_keeps_the_outcome_unknown(moto_table: RecordingTable, code: str) -> None:
    """The first attempt may have taken effect, whatever the later ones return."""
    client = FlakyDynamoDB(moto_table.client, faults.TIMED_OUT, *[_error(code)] * 100)

    with pytest.raises(OutcomeUnknown):
        examples.repository(client).remove(SOME_ID)


@each_code
def test_the_fence_is_released_if_nothing_was_written(
    api: ApiClient, wire: Wire, fake_redis: RecordingFakeRedis, code: str
) -> None:
    """503 with Retry-After, or 500. Only an unknown outcome keeps the fence."""
    path, _ = api.create()
    wire(dynamodb=FailingDynamoDB(_error(code)), DYNAMODB_RETRY_SECONDS="0")

    answer = api.delete(path)

    meaning = MEANINGS[code]
    assert STATUS[meaning] == answer.status
    assert (answer.status == 503) == ("retry-after" in answer.headers)
    entry = fake_redis.get(f"product:{path.removeprefix('/products/')}")
    assert (meaning is Meaning.LOST) == (entry is not None and entry.startswith(b"W"))


@each_code
def test_the_log_has_the_error_code(api: ApiClient, wire: Wire, code: str) -> None:
    """The response does not."""
    wire(dynamodb=FailingDynamoDB(_error(code)), DYNAMODB_RETRY_SECONDS="0")

    with capture_log(STAGE="prod") as log:
        answer = api.get(f"/products/{SOME_ID}")

    logged = [line for line in log.lines() if line["level"] != "INFO"]
    assert [code] == [line["reason"] for line in logged]
    assert code.encode() not in answer.body


def test_a_missing_table_is_a_503(api: ApiClient, moto_table: RecordingTable) -> None:
    """As after a restart of the emulator."""
    moto_table.client.delete_table(TableName=moto_table.name)

    assert [503, 503, 503] == [
        api.get("/products").status,
        api.get(f"/products/{SOME_ID}").status,
        api.delete(f"/products/{SOME_ID}").status,
    ]


def test_missing_credentials_are_a_503(api: ApiClient, wire: Wire) -> None:
    """No request was sent."""
    wire(dynamodb=FailingDynamoDB(NoCredentialsError()))

    assert 503 == api.delete(f"/products/{SOME_ID}").status


def test_an_invalid_request_is_a_500(
    api: ApiClient, wire: Wire, fake_redis: RecordingFakeRedis
) -> None:
    """Botocore did not send it, so no fence stays."""
    wire(dynamodb=FailingDynamoDB(ParamValidationError(report="inside")))

    assert 500 == api.delete(f"/products/{SOME_ID}").status
    assert fake_redis.get(f"product:{SOME_ID}") is None


@pytest.mark.parametrize(("received", "status"), [(400, 500), (500, 503)])
def test_an_unlisted_error_has_an_unknown_outcome(
    api: ApiClient, wire: Wire, fake_redis: RecordingFakeRedis, received: int, status: int
) -> None:
    """The fence stays. A 5xx is a 503, anything else a 500."""
    wire(dynamodb=FailingDynamoDB(refusal("BrandNewException", received)))

    answer = api.delete(f"/products/{SOME_ID}")

    assert status == answer.status
    assert fake_redis.get(f"product:{SOME_ID}") is not None


@each_code
@pytest.mark.parametrize("name", [*WRITES, "get"])
def test_a_failing_call_raises_by_its_outcome(name: str, code: str) -> None:
    """A read has no unknown outcome."""
    calls = {**WRITES, "get": lambda repository: repository.get(SOME_ID)}
    errors = READ_ERRORS if name == "get" else WRITE_ERRORS

    with pytest.raises(ServiceError) as caught:
        calls[name](_failing_repository(_error(code)))

    assert errors[MEANINGS[code]] is type(caught.value)
