"""The servers that tests share, and what is fresh for each test."""

import importlib
import os
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import fakeredis
import moto
import pytest

from chalicelib import bootstrap
from chalicelib.dynamodb.client import connect
from chalicelib.products.repository import Repository
from chalicelib.resources import PRODUCTS
from dev.stack.credentials import Credentials
from dev.stack.servers import Emulator, Valkey
from dev.stack.table import create_table, create_tables
from tests import examples
from tests.doubles.api import Api
from tests.doubles.cluster import LocalCluster
from tests.doubles.products import InMemoryProducts, Products
from tests.doubles.recording import Recorder, RecordingFakeRedis, RecordingRedis, Table
from tests.doubles.remote_api import RemoteApi, empty
from tests.doubles.wiring import Wire
from tests.running_stack import Place


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    """Start a real Valkey."""
    with Valkey() as server:
        yield server


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Start three Valkeys that share the keys."""
    with LocalCluster(tmp_path_factory.mktemp("cluster")) as nodes:
        yield nodes


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """Start the AWS emulator that `make run` uses. It takes the keys of `tests/conftest.py`."""
    with Emulator(credentials=Credentials("testing", "testing")) as server:
        yield server


@pytest.fixture(scope="session")
def emulated_dynamodb(emulator: Emulator) -> Any:
    """Return our own client, of the emulator. Moto has keys of its own while it is switched on."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.credentials.environment().items():
            patch.setenv(name, value)
        return connect("dynamodb", examples.settings(AWS_ENDPOINT_URL=emulator.url))


@pytest.fixture(scope="session")
def dynamodb_in_process() -> Any:
    """Return our own client; where moto is switched on, it answers."""
    return connect("dynamodb", examples.settings())


@pytest.fixture
def moto_table(dynamodb_in_process: Any) -> Iterator[Table]:
    """Make tables that live in this process, for one test; return that of products."""
    with moto.mock_aws():
        create_tables(dynamodb_in_process, examples.ENVIRONMENT)
        yield Table(dynamodb_in_process, PRODUCTS.name)


@pytest.fixture
def emulated_table(emulated_dynamodb: Any) -> Iterator[Table]:
    """Make a table of the emulator, for one test."""
    name = f"products-{uuid.uuid4().hex}"
    create_table(emulated_dynamodb, PRODUCTS, name)
    yield Table(emulated_dynamodb, name)
    emulated_dynamodb.delete_table(TableName=name)


def _over(table: Table) -> Repository:
    return examples.repository(table.client, table.name)


@pytest.fixture(params=["moto", "emulator"])
def table(request: pytest.FixtureRequest) -> Table:
    """Give each kind of DynamoDB in turn."""
    names = {"moto": "moto_table", "emulator": "emulated_table"}
    return request.getfixturevalue(names[request.param])


@pytest.fixture
def repository(table: Table) -> Repository:
    """Return the real repository over the table."""
    return _over(table)


@pytest.fixture(params=["memory", "moto", "emulator"])
def products(request: pytest.FixtureRequest) -> Products:
    """Give each implementation of the boundary in turn, empty."""
    if request.param == "memory":
        return InMemoryProducts()
    tables = {"moto": "moto_table", "emulator": "emulated_table"}
    return _over(request.getfixturevalue(tables[request.param]))


@pytest.fixture(scope="session")
def closed_port() -> Iterator[int]:
    """Hold a port that refuses connections: bound, and not listened on."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture
def fake_server() -> fakeredis.FakeServer:
    """Return a fake Redis whose `connected` can be set to False."""
    return fakeredis.FakeServer()


@pytest.fixture
def fake_redis(fake_server: fakeredis.FakeServer) -> RecordingFakeRedis:
    """Return a client of the fake."""
    return RecordingFakeRedis(server=fake_server)


@pytest.fixture
def real_redis(valkey: Valkey) -> Iterator[RecordingRedis]:
    """Return a client of the real Valkey, emptied."""
    client = RecordingRedis(host="127.0.0.1", port=valkey.port, socket_timeout=5, protocol=2)
    client.flushall()
    yield client
    client.close()


@pytest.fixture(params=["fakeredis", "valkey"])
def redis(request: pytest.FixtureRequest) -> Recorder:
    """Give each kind of Redis in turn."""
    names = {"fakeredis": "fake_redis", "valkey": "real_redis"}
    return request.getfixturevalue(names[request.param])


@pytest.fixture(scope="session")
def lambda_module() -> ModuleType:
    """Import `app.py`, as Lambda does once; it configures the log from the settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in examples.ENVIRONMENT.items():
            patch.setenv(name, value)
        return importlib.import_module("app")


@pytest.fixture
def wire(
    lambda_module: ModuleType,
    fake_redis: RecordingFakeRedis,
    moto_table: Table,
    monkeypatch: pytest.MonkeyPatch,
) -> Wire:
    """
    Return what wires `app.py` to fakes at its two edges; settings and edges may be given.

    Open to all: Chalice's test client checks no caller, and warns at each call where it should.
    """

    def wired(redis: Any = None, dynamodb: Any = None, **variables: str) -> bootstrap.Container:
        variables = {"PRODUCTS_TABLE": moto_table.name, "WRITE_ACCESS": "open"} | variables
        container = bootstrap.Container(
            examples.settings(**variables), redis or fake_redis, dynamodb or moto_table.client
        )
        monkeypatch.setattr(lambda_module, "container", container)
        monkeypatch.setattr(lambda_module, "app", bootstrap.create_app(container))
        return container

    return wired


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Api:
    """Return a client of the API over fakeredis and moto; of `chalice local`, where one is told."""
    if "CATALOG_URL" in os.environ:
        empty(Place(Path(os.environ["CATALOG_PLACE"])))
        return RemoteApi(os.environ["CATALOG_URL"])
    request.getfixturevalue("wire")()
    return Api(request.getfixturevalue("lambda_module"))
