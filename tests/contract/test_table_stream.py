"""The stream of the table is found again after an emulator has lost the table."""

import pytest

from chalicelib.bootstrap import Container
from chalicelib.resources import PRODUCTS
from dev.stack.credentials import Credentials
from dev.stack.prepare import prepare
from dev.stack.programs import StartFailed
from dev.stack.servers import Emulator
from dev.stack.table_stream import TableStream
from tests import examples


def test_a_lost_table_is_created_again_with_its_samples() -> None:
    """A restarted emulator is empty. The new table has a new stream."""
    with Emulator(credentials=Credentials("testing", "testing")) as emulator:
        settings = examples.settings(AWS_ENDPOINT_URL=emulator.url)
        prepare(settings)
        stream = TableStream(settings, PRODUCTS)
        before = stream.find()
        assert before == stream.find()

        emulator.start()

        assert before != stream.find()
        repository = Container(settings).products.repository
        assert any(True for _ in repository.all())


def test_a_table_without_a_stream_is_an_error(emulator: Emulator) -> None:
    """The message names the template."""
    settings = examples.settings(AWS_ENDPOINT_URL=emulator.url, PRODUCTS_TABLE="without-stream")
    dynamodb = TableStream(settings, PRODUCTS)._dynamodb
    dynamodb.create_table(
        TableName="without-stream",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    with pytest.raises(StartFailed, match="has no stream"):
        TableStream(settings, PRODUCTS).find()
