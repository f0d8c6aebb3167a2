"""Every error of DynamoDB: retried or not, and what a write that it met has come to."""

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
OF_A_READ = {
    Meaning.BUSY: StoreUnavailable,
    Meaning.LOST: StoreUnavailable,
    Meaning.UNUSABLE: StoreUnavailable,
    Meaning.REFUSED: StoreRefused,
}
OF_A_WRITE = {**OF_A_READ, Meaning.LOST: OutcomeUnknown}
STATUS = {meaning: 500 if meaning is Meaning.REFUSED else 503 for meaning in Meaning}

each_code = pytest.mark.parametrize("code", sorted(MEANINGS))


def _impatient(error: Exception) -> Repository:
    """Return a repository that meets `error` at every call, and gives up after the first."""
    settings = examples.settings(DYNAMODB_RETRY_SECONDS="0")
    return Container(settings, dynamodb=FailingDynamoDB(error)).products.repository


def _error(code: str) -> ClientError:
    return refusal(code, 500 if MEANINGS[code] is Meaning.LOST else 400)


@pytest.mark.parametrize("operation", [*CALLED, *BATCHES])
def test_every_error_that_dynamodb_documents_is_listed(operation: str) -> None:
    """Of each operation that the repository calls, by botocore's own model of the service."""
    model = botocore.session.get_session().get_service_model("dynamodb")
    shapes = model.operation_model(operation).error_shapes

    assert {shape.name for shape in shapes} <= {*MEANINGS, CONDITION}


@each_code
@pytest.mark.parametrize("name", WRITES)
def test_a_retry_is_made_where_it_may_help(
    moto_table: RecordingTable, name: str, code: str
) -> None:
    """One failure passes unseen; where no retry can help, there is one try."""
    examples.repository(moto_table.client).add(SOME_ID, a_draft())
    client = FlakyDynamoDB(moto_table.client, _error(code))
    meaning = MEANINGS[code]

    if meaning in RETRIED:
        WRITES[name](examples.repository(client))
        assert 2 == len(client.requests)
        return
    with pytest.raises(OF_A_WRITE[meaning]):
        WRITES[name](examples.repository(client))
    assert 1 == len(client.requests)


@each_code
def test_a_read_that_keeps_failing_has_written_nothing(code: str) -> None:
    """Unavailable, or refused for a fault of ours."""
    with pytest.raises(ServiceError) as caught_error:
        _impatient(_error(code)).get(SOME_ID)

    assert OF_A_READ[MEANINGS[code]] is type(caught_error.value)


@each_code
@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_keeps_failing_says_what_is_known(name: str, code: str) -> None:
    """Nothing was written; or, where DynamoDB may have carried it out, the outcome is unknown."""
    with pytest.raises(ServiceError) as caught_error:
        WRITES[name](_impatient(_error(code)))

    assert OF_A_WRITE[MEANINGS[code]] is type(caught_error.value)


@pytest.mark.parametrize(
    "code",
    [
        "TransactionConflictException",
        "InternalServerError",
        "ResourceNotFoundException",
        "AccessDeniedException",
    ],
)
def test_after_a_lost_answer_no_error_makes_the_outcome_known(
    moto_table: RecordingTable, code: str
) -> None:
    """The first try may have been carried out, whatever became of the ones after it."""
    client = FlakyDynamoDB(moto_table.client, faults.TIMED_OUT, *[_error(code)] * 100)

    with pytest.raises(OutcomeUnknown):
        examples.repository(client).remove(SOME_ID)


@each_code
def test_the_fence_is_released_where_nothing_was_written(
    api: ApiClient, wire: Wire, fake_redis: RecordingFakeRedis, code: str
) -> None:
    """503 with Retry-After, or 500; the product is cached again at once, or when the fence ends."""
    path, _ = api.create()
    wire(dynamodb=FailingDynamoDB(_error(code)), DYNAMODB_RETRY_SECONDS="0")

    answer = api.delete(path)

    meaning = MEANINGS[code]
    assert STATUS[meaning] == answer.status
    assert (answer.status == 503) == ("retry-after" in answer.headers)
    entry = fake_redis.get(f"product:{path.removeprefix('/products/')}")
    assert (meaning is Meaning.LOST) == (entry is not None and entry.startswith(b"W"))


@each_code
def test_the_log_has_the_code(api: ApiClient, wire: Wire, code: str) -> None:
    """An operator learns what DynamoDB said; the client does not."""
    wire(dynamodb=FailingDynamoDB(_error(code)), DYNAMODB_RETRY_SECONDS="0")

    with capture_log(STAGE="prod") as log:
        answer = api.get(f"/products/{SOME_ID}")

    told = [line for line in log.lines() if line["level"] != "INFO"]
    assert [code] == [line["reason"] for line in told]
    assert code.encode() not in answer.body


def test_a_missing_table_is_unavailable(api: ApiClient, moto_table: RecordingTable) -> None:
    """As after a restart of the emulator: 503 on every call, no 500."""
    moto_table.client.delete_table(TableName=moto_table.name)

    assert [503, 503, 503] == [
        api.get("/products").status,
        api.get(f"/products/{SOME_ID}").status,
        api.delete(f"/products/{SOME_ID}").status,
    ]


def test_no_credentials_are_unavailable(api: ApiClient, wire: Wire) -> None:
    """Nothing was sent, so nothing was written."""
    wire(dynamodb=FailingDynamoDB(NoCredentialsError()))

    assert 503 == api.delete(f"/products/{SOME_ID}").status


def test_a_request_that_is_none_is_a_fault_of_ours(
    api: ApiClient, wire: Wire, fake_redis: RecordingFakeRedis
) -> None:
    """Botocore did not send it: 500, and no fence stays."""
    wire(dynamodb=FailingDynamoDB(ParamValidationError(report="inside")))

    assert 500 == api.delete(f"/products/{SOME_ID}").status
    assert fake_redis.get(f"product:{SOME_ID}") is None


@pytest.mark.parametrize(("told", "status"), [(400, 500), (500, 503)])
def test_of_an_error_that_is_not_listed_nothing_is_known(
    api: ApiClient, wire: Wire, fake_redis: RecordingFakeRedis, told: int, status: int
) -> None:
    """The fence stays; a 5xx is retried, and anything else is a fault of ours."""
    wire(dynamodb=FailingDynamoDB(refusal("BrandNewException", told)))

    answer = api.delete(f"/products/{SOME_ID}")

    assert status == answer.status
    assert fake_redis.get(f"product:{SOME_ID}") is not None
