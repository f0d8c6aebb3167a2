"""Imports and exports that stop early: outages, a missing table, Ctrl-C."""

import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.doubles.commands import IN_BACKGROUND, PATIENCE_SECONDS, Transfer, as_lines
from tests.doubles.contents import many, stored
from tests.doubles.recording import RecordingTable


def test_an_import_without_redis_reports_it_once(
    transfer: Transfer, emulated_table: RecordingTable, closed_port: int
) -> None:
    """All items are stored. The report ends with the effect on readers."""
    done = transfer.run("import", transfer.write(many(30)), REDIS_PORT=str(closed_port))

    assert (0, "read 30, stored 30, rejected 0\n") == (done.returncode, done.stdout)
    assert 1 == done.stderr.count("Redis was unavailable")
    assert 4 == len(done.stderr.splitlines())  # fence, circuit, release, and their effect
    assert 30 == len(stored(emulated_table))


def test_a_strict_import_without_redis_stores_nothing(
    transfer: Transfer, emulated_table: RecordingTable, closed_port: int
) -> None:
    """The first batch is refused, its lines are named, and the import stops."""
    file = transfer.write(many(30))

    done = transfer.run("import", file, REDIS_PORT=str(closed_port), CACHE_WRITE_POLICY="strict")

    assert (1, "read 25, stored 0, rejected 0, not stored 25\n") == (done.returncode, done.stdout)
    assert "Stopped after line 25: Redis did not answer" in done.stderr
    assert [] == stored(emulated_table)


@pytest.mark.parametrize("words", [("import", "a.ndjson"), ("export", "b.ndjson")])
def test_a_missing_table_is_reported_in_one_line(
    transfer: Transfer, tmp_path: Path, words: tuple[str, str]
) -> None:
    """Before any item is read or written, with DynamoDB's error code."""
    transfer.write(many(1))

    done = transfer.run(*words, PRODUCTS_TABLE="elsewhere")

    assert (1, "") == (done.returncode, done.stdout)
    assert "Error: Table 'elsewhere': DynamoDB refused (ResourceNotFoundException)\n" == done.stderr
    assert not (tmp_path / "b.ndjson").exists()


@pytest.mark.parametrize("words", [("import", "a.ndjson"), ("export", "b.ndjson")])
def test_an_unavailable_dynamodb_is_reported_in_one_line(
    transfer: Transfer, closed_port: int, words: tuple[str, str]
) -> None:
    """Before any item is read or written, without a traceback."""
    transfer.write(many(1))

    done = transfer.run(*words, AWS_ENDPOINT_URL=f"http://127.0.0.1:{closed_port}")

    assert (1, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("Error: Table 'products-")
    assert 1 == len(done.stderr.splitlines())


@pytest.mark.parametrize("start", [(), IN_BACKGROUND], ids=["foreground", "background"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_import_reports_stored_lines(
    transfer: Transfer, emulated_table: RecordingTable, signum: int, start: Sequence[str]
) -> None:
    """Ctrl-C or `kill` while it waits for lines: complete batches are stored and reported."""
    with transfer.start("import", "-", by=start) as process:
        assert process.stdin is not None
        process.stdin.write(as_lines(many(27)).encode())
        process.stdin.flush()
        _wait_until(lambda: 25 == len(stored(emulated_table)))
        process.send_signal(signum)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)

    # The signal may come before the last two lines are read, or after.
    assert 1 == process.returncode
    assert (out, err) in (
        (
            b"read 27, stored 25, rejected 0, not stored 2\n",
            b"Stopped after line 27: interrupted\nNot stored: line 26, line 27\n",
        ),
        (b"read 25, stored 25, rejected 0\n", b"Stopped after line 25: interrupted\n"),
    )
    assert 25 == len(stored(emulated_table))


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
