"""Servers that tests share, and objects that are new for each test."""

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
from tests.doubles.api import ApiClient
from tests.doubles.cluster import LocalCluster
from tests.doubles.products import InMemoryProducts, Products
from tests.doubles.recording import Recorder, RecordingFakeRedis, RecordingRedis, RecordingTable
from tests.doubles.remote_api import RemoteApiClient, empty
from tests.doubles.wiring import Wire
from tests.running_stack import StackFiles


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    """Start a real Valkey."""
    with Valkey() as server:
        yield server


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Start a cluster of three Valkeys."""
    with LocalCluster(tmp_path_factory.mktemp("cluster")) as nodes:
        yield nodes


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """Start the AWS emulator of `make run`, with the keys of `tests/conftest.py`."""
    with Emulator(credentials=Credentials("testing", "testing")) as server:
        yield server


@pytest.fixture(scope="session")
def emulated_dynamodb(emulator: Emulator) -> Any:
    """Return the application's client for the emulator, with its keys: moto replaces them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.credentials.environment().items():
            patch.setenv(name, value)
        return connect("dynamodb", examples.settings(AWS_ENDPOINT_URL=emulator.url))


@pytest.fixture(scope="session")
def dynamodb_in_process() -> Any:
    """Return the application's client. Moto answers while it is active."""
    return connect("dynamodb", examples.settings())


@pytest.fixture
def moto_table(dynamodb_in_process: Any) -> Iterator[RecordingTable]:
    """Make tables that live in this process, for one test; return that of products."""
    with moto.mock_aws():
        create_tables(dynamodb_in_process, examples.ENVIRONMENT)
        yield RecordingTable(dynamodb_in_process, PRODUCTS.name)


@pytest.fixture
def emulated_table(emulated_dynamodb: Any) -> Iterator[RecordingTable]:
    """Create a table in the emulator for one test."""
    name = f"products-{uuid.uuid4().hex}"
    create_table(emulated_dynamodb, PRODUCTS, name)
    yield RecordingTable(emulated_dynamodb, name)
    emulated_dynamodb.delete_table(TableName=name)


def _repository_of(table: RecordingTable) -> Repository:
    return examples.repository(table.client, table.name)


@pytest.fixture(params=["moto", "emulator"])
def table(request: pytest.FixtureRequest) -> RecordingTable:
    """Return each kind of DynamoDB in turn."""
    names = {"moto": "moto_table", "emulator": "emulated_table"}
    return request.getfixturevalue(names[request.param])


@pytest.fixture
def repository(table: RecordingTable) -> Repository:
    """Return the real repository of the table."""
    return _repository_of(table)


@pytest.fixture(params=["memory", "moto", "emulator"])
def products(request: pytest.FixtureRequest) -> Products:
    """Return each implementation of the repository in turn, empty."""
    if request.param == "memory":
        return InMemoryProducts()
    tables = {"moto": "moto_table", "emulator": "emulated_table"}
    return _repository_of(request.getfixturevalue(tables[request.param]))


@pytest.fixture(scope="session")
def closed_port() -> Iterator[int]:
    """Hold a port that refuses connections: it is bound, but does not listen."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture
def fake_server() -> fakeredis.FakeServer:
    """Return a fakeredis server whose `connected` can be set to False."""
    return fakeredis.FakeServer()


@pytest.fixture
def fake_redis(fake_server: fakeredis.FakeServer) -> RecordingFakeRedis:
    """Return a client of fakeredis."""
    return RecordingFakeRedis(server=fake_server)


@pytest.fixture
def real_redis(valkey: Valkey) -> Iterator[RecordingRedis]:
    """Return a client of the real Valkey, without keys."""
    client = RecordingRedis(host="127.0.0.1", port=valkey.port, socket_timeout=5, protocol=2)
    client.flushall()
    yield client
    client.close()


@pytest.fixture(params=["fakeredis", "valkey"])
def redis(request: pytest.FixtureRequest) -> Recorder:
    """Return each kind of Redis in turn."""
    names = {"fakeredis": "fake_redis", "valkey": "real_redis"}
    return request.getfixturevalue(names[request.param])


@pytest.fixture(scope="session")
def lambda_module() -> ModuleType:
    """Import `app.py` once, as Lambda does. The import configures the log from the settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in examples.ENVIRONMENT.items():
            patch.setenv(name, value)
        return importlib.import_module("app")


@pytest.fixture
def wire(
    lambda_module: ModuleType,
    fake_redis: RecordingFakeRedis,
    moto_table: RecordingTable,
    monkeypatch: pytest.MonkeyPatch,
) -> Wire:
    """
    Return a function that builds `app.py` with a fake Redis and DynamoDB, or with given ones.

    Access is open: Chalice's test client checks no callers, and warns at each call that requires
    it.
    """

    def build(redis: Any = None, dynamodb: Any = None, **variables: str) -> bootstrap.Container:
        variables = {"PRODUCTS_TABLE": moto_table.name, "WRITE_ACCESS": "open"} | variables
        container = bootstrap.Container(
            examples.settings(**variables), redis or fake_redis, dynamodb or moto_table.client
        )
        monkeypatch.setattr(lambda_module, "container", container)
        monkeypatch.setattr(lambda_module, "app", bootstrap.create_app(container))
        return container

    return build


@pytest.fixture
def api(request: pytest.FixtureRequest) -> ApiClient:
    """Return a client of the API with fakeredis and moto, or of `chalice local` if it runs."""
    if "CATALOG_URL" in os.environ:
        empty(StackFiles(Path(os.environ["CATALOG_PLACE"])))
        return RemoteApiClient(os.environ["CATALOG_URL"])
    request.getfixturevalue("wire")()
    return ApiClient(request.getfixturevalue("lambda_module"))
