"""Import and export as commands, on a real Valkey and the emulator, and what they send."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import redis

from chalicelib import wiring
from chalicelib.cache import Outcome
from chalicelib.product import represent
from dev.transfer import lines
from dev.transfer.ledger import Ledger
from dev.transfer.loading import Loader
from tests.doubles.emulator import Emulator
from tests.doubles.recording import RecordingRedis, Table
from tests.examples import OTHER_ID, SOME_ID, a_body, settings

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60

Command = Callable[..., "subprocess.CompletedProcess[str]"]


class Busy:
    """A client of DynamoDB that at first takes only one item of a batch, as a busy table does."""

    def __init__(self, client: Any, refusals: int) -> None:
        self._client = client
        self._refusals = refusals

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def batch_write_item(self, **request: Any) -> dict[str, Any]:
        ((table, puts),) = request["RequestItems"].items()
        left = puts[1:] if self._refusals else []
        self._refusals -= bool(self._refusals)
        taken = puts[: len(puts) - len(left)]
        self._client.batch_write_item(RequestItems={table: taken})
        return {"UnprocessedItems": {table: left} if left else {}}


@pytest.fixture
def container(emulated_table: Table, real_redis: RecordingRedis) -> wiring.Container:
    """Return the catalog over a real Valkey and the emulator."""
    given = settings(PRODUCTS_TABLE=emulated_table.name)
    return wiring.Container(given, real_redis, emulated_table.client)


@pytest.fixture
def environment_of_command(
    emulator: Emulator, emulated_table: Table, real_redis: RecordingRedis
) -> dict[str, str]:
    """Return the settings of the catalog that commands work on."""
    port = real_redis.connection_pool.connection_kwargs["port"]
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PRODUCTS_TABLE": emulated_table.name,
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": emulator.url,
        "REDIS_HOST": "127.0.0.1",
        "REDIS_PORT": str(port),
    }


@pytest.fixture
def command(environment_of_command: dict[str, str], tmp_path: Path) -> Command:
    """Return what runs the command line, in a folder where no stack's file is."""

    def run(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "dev.transfer", *words],
            env={**environment_of_command, **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    return run


def write(path: Path, rows: Sequence[object]) -> str:
    """Write a JSON line for each row."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return str(path)


def load(container: wiring.Container, *rows: object) -> Ledger:
    """Import rows in this process."""
    file = io.BytesIO("".join(json.dumps(row) + "\n" for row in rows).encode())
    read = list(lines.read(file))
    ledger = Ledger()
    for line in read:
        ledger.note(line)
    entries = [line for line in read if isinstance(line, lines.Entry)]
    Loader(container.cache, container.repository, ledger, lambda _: None).store_all(entries)
    return ledger


def many(count: int) -> list[dict[str, Any]]:
    """Return that many products with ids."""
    return [
        a_body(id=f"{n:08}-0000-4000-8000-000000000000", name=f"№ {n} 😀") for n in range(count)
    ]


def stored(table: Table) -> list[str]:
    """Return the bodies of all products, in order."""
    container = wiring.Container(settings(PRODUCTS_TABLE=table.name), dynamodb=table.client)
    return sorted(represent(each).body for each in container.repository.all())


def fences(client: redis.Redis) -> int:
    """Return how many products are fenced."""
    return sum((client.get(key) or b"").startswith(b"W") for key in client.scan_iter())


def test_what_an_import_overwrites_is_read_fresh(container: wiring.Container) -> None:
    """A cached copy ends with the import: the next read misses, the one after it hits."""
    load(container, a_body(id=SOME_ID))
    container.catalog.get(SOME_ID)
    assert Outcome.HIT == container.catalog.get(SOME_ID).outcome

    load(container, a_body(id=SOME_ID, name="Another mouse"))

    fresh, again = container.catalog.get(SOME_ID), container.catalog.get(SOME_ID)
    assert [Outcome.MISS, Outcome.HIT] == [fresh.outcome, again.outcome]
    assert fresh.item == again.item
    assert fresh.item is not None
    assert "Another mouse" == json.loads(fresh.item.body)["name"]


def test_a_cached_404_ends_with_the_import(container: wiring.Container) -> None:
    """An id that was asked for before it was there is found after it."""
    assert container.catalog.get(SOME_ID).item is None

    load(container, a_body(id=SOME_ID))

    assert container.catalog.get(SOME_ID).item is not None


def test_a_version_rises_with_an_overwrite(container: wiring.Container) -> None:
    """Who holds an old ETag is told that the product has moved on."""
    load(container, a_body(id=SOME_ID))
    before = container.catalog.update(SOME_ID, {"stock_quantity": 1}).version

    load(container, a_body(id=SOME_ID))

    after = container.catalog.get(SOME_ID).item
    assert after is not None
    assert before < after.version


def test_a_batch_is_fenced_then_written_then_released(
    container: wiring.Container, real_redis: RecordingRedis, emulated_table: Table
) -> None:
    """Two products cost two fences, one call of DynamoDB and two releases, in that order."""
    beside = redis.Redis(connection_pool=real_redis.connection_pool)
    standing: list[int] = []

    def note(**_: Any) -> None:
        sent.append("BatchWriteItem")
        standing.append(fences(beside))

    events = emulated_table.client.meta.events
    events.register("before-call.dynamodb.BatchWriteItem", note)
    with real_redis.commands() as sent:
        load(container, a_body(id=SOME_ID), a_body(id=OTHER_ID))
    events.unregister("before-call.dynamodb.BatchWriteItem", note)

    assert ["EVAL", "EVAL", "BatchWriteItem", "EVAL", "EVAL"] == sent
    assert [2] == standing
    assert 0 == fences(beside)


def test_what_a_busy_table_leaves_is_sent_again(
    emulated_table: Table, real_redis: RecordingRedis
) -> None:
    """Every line ends up stored, though the table takes one a time at first."""
    given = settings(PRODUCTS_TABLE=emulated_table.name)
    busy = wiring.Container(given, real_redis, Busy(emulated_table.client, refusals=5))

    with emulated_table.calls() as made:
        ledger = load(busy, *many(25))

    assert ["BatchWriteItem"] * 6 == made
    assert ledger.is_clean
    assert 25 == len(stored(emulated_table))


def test_an_export_imports_again_unchanged(
    command: Command, emulated_table: Table, tmp_path: Path
) -> None:
    """Out and in again, by the commands: the same bodies, to the byte."""
    first = command("import", write(tmp_path / "a.ndjson", many(60)))
    before = stored(emulated_table)

    out = command("export", "b.ndjson")
    again = command("import", "b.ndjson")

    assert (0, "read 60, stored 60, rejected 0\n", "") == (
        first.returncode,
        first.stdout,
        first.stderr,
    )
    assert (0, "exported 60\n") == (out.returncode, out.stderr)
    assert before == sorted((tmp_path / "b.ndjson").read_text("utf-8").splitlines())
    assert 0 == again.returncode
    assert before == stored(emulated_table)
    assert {"a.ndjson", "b.ndjson"} == {path.name for path in tmp_path.iterdir()}


def test_an_export_to_standard_output_is_nothing_but_products(
    command: Command, container: wiring.Container, emulated_table: Table
) -> None:
    """What is told besides goes to standard error, so the output can be piped."""
    load(container, *many(3))

    out = command("export", "-")

    assert stored(emulated_table) == sorted(out.stdout.splitlines())


def test_rejects_are_listed_by_line_and_the_rest_is_stored(
    command: Command, emulated_table: Table, tmp_path: Path
) -> None:
    """Line number, field and reason on standard error; the counts on standard output; status 1."""
    rows = [a_body(id=SOME_ID), a_body(price=0), {}, a_body(id=SOME_ID), a_body()]

    done = command("import", write(tmp_path / "a.ndjson", rows))

    assert 1 == done.returncode
    assert "read 5, stored 2, rejected 3\n" == done.stdout
    price, empty, twice = done.stderr.splitlines()
    assert "line 2: price: Input should be greater than 0" == price
    assert empty.startswith("line 3: name: Field required; description: Field required;")
    assert "line 4: id: given twice, first on line 1" == twice
    assert 2 == len(stored(emulated_table))


@pytest.mark.parametrize(
    "words",
    [
        ("import", "none"),
        ("import", "."),
        ("import", "latin-1"),
        ("import", ""),
        ("export", ""),
        ("export", "."),
        ("export", "none/x"),
    ],
)
def test_a_file_that_cannot_be_worked_with_is_a_usage_error(
    command: Command, tmp_path: Path, words: tuple[str, str]
) -> None:
    """It is named in one line, nothing is stored, and the status is 2."""
    (tmp_path / "latin-1").write_bytes("ü\n".encode("latin-1"))

    done = command(*words)

    assert 2 == done.returncode
    assert "" == done.stdout
    assert f"'{words[1]}'" in done.stderr.splitlines()[-1]


def test_settings_at_fault_are_told_together(command: Command, tmp_path: Path) -> None:
    """All variables in one go, and where a stack could come from; status 2."""
    file = write(tmp_path / "a.ndjson", many(1))

    done = command("import", file, PRODUCTS_TABLE="", REDIS_PORT="x")

    assert 2 == done.returncode
    assert "PRODUCTS_TABLE is missing" in done.stderr
    assert "REDIS_PORT must be" in done.stderr
    assert "make run" in done.stderr


def test_a_running_stack_is_the_one_worked_on(
    command: Command, environment_of_command: dict[str, str], emulated_table: Table, tmp_path: Path
) -> None:
    """What `.local/stack.json` names comes before what the environment says."""
    env = environment_of_command
    stack = {
        "api": {"url": "http://127.0.0.1", "pid": os.getpid()},
        "redis": {"host": env["REDIS_HOST"], "port": int(env["REDIS_PORT"]), "pid": os.getpid()},
        "aws": {"url": env["AWS_ENDPOINT_URL"], "pid": os.getpid()},
        "table": emulated_table.name,
    }
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/stack.json").write_text(json.dumps(stack))
    file = write(tmp_path / "a.ndjson", many(1))

    done = command("import", file, PRODUCTS_TABLE="elsewhere", REDIS_HOST="redis.invalid")

    assert (0, "") == (done.returncode, done.stderr)
    assert 1 == len(stored(emulated_table))


def test_an_import_without_redis_goes_on_and_says_so_once(
    command: Command, emulated_table: Table, tmp_path: Path
) -> None:
    """All is stored; what readers may see until the stream has caught up is told at the end."""
    done = command("import", write(tmp_path / "a.ndjson", many(30)), REDIS_PORT=_free_port())

    assert (0, "read 30, stored 30, rejected 0\n") == (done.returncode, done.stdout)
    assert 1 == done.stderr.count("Redis was out of reach")
    assert 3 == len(done.stderr.splitlines())
    assert 30 == len(stored(emulated_table))


def test_an_import_without_redis_stores_nothing_under_the_strict_policy(
    command: Command, emulated_table: Table, tmp_path: Path
) -> None:
    """The first batch is refused and its lines are named; the file is not read on."""
    file = write(tmp_path / "a.ndjson", many(30))

    done = command("import", file, REDIS_PORT=_free_port(), CACHE_WRITE_POLICY="strict")

    assert (1, "read 25, stored 0, rejected 0, not stored 25\n") == (done.returncode, done.stdout)
    assert "Stopped after line 25: Redis did not answer" in done.stderr
    assert [] == stored(emulated_table)


@pytest.mark.parametrize("words", [("import", "a.ndjson"), ("export", "b.ndjson")])
def test_a_table_that_is_not_there_is_told_in_a_line(
    command: Command, tmp_path: Path, words: tuple[str, str]
) -> None:
    """Before anything is read or written, and with DynamoDB's own word for it."""
    write(tmp_path / "a.ndjson", many(1))

    done = command(*words, PRODUCTS_TABLE="elsewhere")

    assert (1, "") == (done.returncode, done.stdout)
    assert "Error: Table 'elsewhere': DynamoDB refused (ResourceNotFoundException)\n" == done.stderr
    assert not (tmp_path / "b.ndjson").exists()


@pytest.mark.parametrize("words", [("import", "a.ndjson"), ("export", "b.ndjson")])
def test_a_dynamodb_out_of_reach_is_told_in_a_line(
    command: Command, tmp_path: Path, words: tuple[str, str]
) -> None:
    """Before anything is read or written, and without a traceback."""
    write(tmp_path / "a.ndjson", many(1))

    done = command(*words, AWS_ENDPOINT_URL=f"http://127.0.0.1:{_free_port()}")

    assert (1, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("Error: Table 'products-")
    assert 1 == len(done.stderr.splitlines())


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_import_says_what_is_stored(
    environment_of_command: dict[str, str], emulated_table: Table, tmp_path: Path, signum: int
) -> None:
    """Ctrl-C, or a polite kill, while it waits for more: whole batches are stored, and are told."""
    with subprocess.Popen(
        [sys.executable, "-m", "dev.transfer", "import", "-"],
        env=environment_of_command,
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        process.stdin.write("".join(json.dumps(row) + "\n" for row in many(27)).encode())
        process.stdin.flush()
        _wait_until(lambda: 25 == len(stored(emulated_table)))
        process.send_signal(signum)
        out, told = process.communicate(timeout=PATIENCE_SECONDS)

    assert (1, b"read 27, stored 25, rejected 0, not stored 2\n") == (process.returncode, out)
    assert b"Stopped after line 27: interrupted\nNot stored: line 26, 27\n" == told
    assert 25 == len(stored(emulated_table))


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _free_port() -> str:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
