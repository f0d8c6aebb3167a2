"""The commands `import` and `export`: stored items, output and exit status."""

import json
import os
from pathlib import Path

import pytest

from chalicelib.resources import PRODUCTS, RESOURCES
from dev.stack.servers import Emulator
from dev.stack.table import create_table
from tests.doubles.commands import Transfer, as_lines
from tests.doubles.contents import many, stored
from tests.doubles.recording import RecordingTable
from tests.examples import SOME_ID, a_body


def test_an_export_can_be_imported_unchanged(
    transfer: Transfer, emulated_table: RecordingTable, tmp_path: Path
) -> None:
    """The bodies are equal to the byte."""
    first = transfer.run("import", transfer.write(many(60)))
    before = stored(emulated_table)

    out = transfer.run("export", "b.ndjson")
    again = transfer.run("import", "b.ndjson")

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


def test_an_export_to_standard_output_has_only_products(
    transfer: Transfer, emulated_table: RecordingTable
) -> None:
    """Messages go to standard error, so the output can be piped."""
    transfer.run("import", transfer.write(many(3)))

    out = transfer.run("export", "-")

    assert stored(emulated_table) == sorted(out.stdout.splitlines())


def test_rejects_are_listed_by_line_and_the_rest_is_stored(
    transfer: Transfer, emulated_table: RecordingTable
) -> None:
    """Line, field and reason on standard error; counts on standard output; status 1."""
    rows = [a_body(id=SOME_ID), a_body(price=0), {}, a_body(id=SOME_ID), a_body()]

    done = transfer.run("import", transfer.write(rows))

    assert 1 == done.returncode
    assert "read 5, stored 2, rejected 3\n" == done.stdout
    price, empty, twice = done.stderr.splitlines()
    assert "line 2: price: Input should be greater than 0" == price
    assert empty.startswith("line 3: name: Field required; description: Field required;")
    assert f"line 4: id: {SOME_ID} is given twice" == twice
    assert 2 == len(stored(emulated_table))


@pytest.mark.parametrize(
    "words",
    [
        ("import", "none"),
        ("import", "."),
        ("import", ""),
        ("export", ""),
        ("export", "."),
        ("export", "none/x"),
    ],
)
def test_an_unusable_file_is_a_usage_error(transfer: Transfer, words: tuple[str, str]) -> None:
    """One line names it, no item is stored, and the status is 2."""
    done = transfer.run(*words)

    assert 2 == done.returncode
    assert "" == done.stdout
    assert f"'{words[1]}'" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("file", ["a.json", "-"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "BOM"])
def test_a_pretty_printed_array_is_imported(
    transfer: Transfer, emulated_table: RecordingTable, mark: str, file: str
) -> None:
    """From a file or a pipe. Rejects are listed by number and line; the rest is stored."""
    array = mark + json.dumps([a_body(), a_body(price=0), *many(30)], indent=2)
    (transfer.folder / "a.json").write_text(array, "utf-8")

    done = transfer.run("import", file, stdin=array)

    assert (1, "read 32, stored 31, rejected 1\n") == (done.returncode, done.stdout)
    assert "product 2 (line 9): price: Input should be greater than 0\n" == done.stderr
    assert 31 == len(stored(emulated_table))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_another_format_is_refused(
    transfer: Transfer, emulated_table: RecordingTable, encoding: str
) -> None:
    """Status 2. No item is stored, and no settings or services are needed."""
    (transfer.folder / "a.ndjson").write_text(as_lines(many(2)), encoding)

    done = transfer.run("import", "a.ndjson", PRODUCTS_TABLE="", AWS_ENDPOINT_URL="")

    assert (2, "") == (done.returncode, done.stdout)
    assert (
        "Error: a.ndjson: line 1 is not a JSON object; expected NDJSON (one JSON object per line) "
        "or a JSON array, in UTF-8\n"
    ) == done.stderr
    assert [] == stored(emulated_table)


def test_invalid_settings_are_listed_together(transfer: Transfer) -> None:
    """All variables, and a hint to start a stack; status 2."""
    file = transfer.write(many(1))

    done = transfer.run("import", file, PRODUCTS_TABLE="", REDIS_PORT="x")

    assert 2 == done.returncode
    hint, _, faults = done.stderr.partition("Invalid settings:")
    assert "No local stack runs; `make run` starts one" in hint
    assert "PRODUCTS_TABLE is missing" in faults
    assert "REDIS_PORT must be" in done.stderr


def test_a_running_stack_is_used(transfer: Transfer, emulator: Emulator, tmp_path: Path) -> None:
    """`.local/stack.json` comes before the environment."""
    env, dynamodb = transfer.env, emulator.client("dynamodb")
    create_table(dynamodb, PRODUCTS, "of-the-stack")
    stack = {
        "pid": os.getpid(),
        "api": {"url": "http://127.0.0.1", "pid": os.getpid()},
        "redis": {"host": env["REDIS_HOST"], "port": int(env["REDIS_PORT"]), "pid": os.getpid()},
        "aws": {"url": env["AWS_ENDPOINT_URL"], "pid": os.getpid()},
        "tables": {each.name: "of-the-stack" for each in RESOURCES},
    }
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/stack.json").write_text(json.dumps(stack))
    file = transfer.write(many(1))

    with emulator.credentials.file(tmp_path / ".local" / "aws-credentials"):
        done = transfer.run("import", file, PRODUCTS_TABLE="elsewhere", REDIS_HOST="redis.invalid")

    assert (0, "") == (done.returncode, done.stderr)
    assert 1 == dynamodb.scan(TableName="of-the-stack")["Count"]
