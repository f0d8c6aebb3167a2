"""The command line of import and export: arguments, progress, messages, exit statuses."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO, Final

import click
from botocore.exceptions import BotoCoreError, ClientError
from tqdm import tqdm

from chalicelib.bootstrap import Container, Parts
from chalicelib.errors import ServiceError
from chalicelib.resources import RESOURCES
from chalicelib.settings import SettingsError
from dev.stack import target
from dev.transfer import entries, formats, saving
from dev.transfer.entries import Entry, Reject
from dev.transfer.loading import SIGNALS, Import
from dev.transfer.quiet_log import QuietLog

RESOURCE: Final = click.option(
    "--resource",
    type=click.Choice([each.name for each in RESOURCES]),
    default=RESOURCES[0].name,
    show_default=True,
)
_FAILURES: Final = (ServiceError, BotoCoreError, ClientError, OSError)


class _InvalidFile(click.ClickException):
    exit_code = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """
    Move the items of a resource between the catalog and a file.

    The catalog is the local stack while one runs (`make run`), else the one that the environment's
    settings name.
    """


@main.command("import")
@click.argument("file", type=click.File("rb"))
@RESOURCE
def import_(file: BinaryIO, resource: str) -> None:
    """
    Load items from FILE (- for standard input): NDJSON, one JSON object a line, or a JSON array
    of at most 64 MiB; both in UTF-8, with or without a byte order mark.

    Each item is checked by the API's own rules. Its id, a UUID in lower case, is kept, and
    replaces what the catalog has under that id; an item without an id gets a new one. Of
    items with the same id, the first is stored and the others are rejected. Rejects are listed
    on standard error and do not stop the import; a batch that DynamoDB does not store stops it.
    Ctrl-C or SIGTERM stops it after the current batch; a second one, at once.

    Exit status: 0 all stored; 1 some items rejected or not stored, or DynamoDB unavailable; 2 a
    FILE or settings that cannot be used. No item is stored from a FILE in another format.
    """
    try:
        rows = formats.rows(file)
    except formats.FormatError as error:
        raise _InvalidFile(f"{file.name}: {error}") from None
    log, parts = QuietLog(), _parts(resource)
    load = Import(parts.cache, parts.repository)
    counted = tqdm(rows, unit=f" {resource}", disable=None)
    try:
        load.store(_with_rejects_printed(entries.read(counted, parts.parse_identified)))
    except KeyboardInterrupt:
        load.stopped_by = "interrupted"
    except _FAILURES as error:
        load.stopped_by = _reason(error)
    finally:
        for line in (*load.problems(), *log.warnings()):
            click.echo(line, err=True)
        click.echo(load.summary())
    sys.exit(0 if load.is_clean else 1)


@main.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@RESOURCE
def export(file: str, resource: str) -> None:
    """
    Save all items to FILE (- for standard output), one JSON object a line.

    Each as the API represents it, in the table's own order: sort the lines to sort by id. FILE is
    replaced at the end, and only if all items were read.
    """
    if not file or not Path(file).resolve().parent.is_dir():
        raise click.BadParameter(f"'{file}': No such file or directory", param_hint="'FILE'")
    QuietLog()
    parts = _parts(resource)
    items = tqdm(parts.repository.all(), unit=f" {resource}", disable=None)
    to_stdout = nullcontext(sys.stdout.buffer)
    try:
        with to_stdout if file == "-" else saving.replacing(Path(file)) as out:
            count = saving.write(map(parts.represent, items), out)
    except _FAILURES as error:
        raise click.ClickException(f"Export failed: {_reason(error)}") from None
    click.echo(f"exported {count}", err=True)


def _parts(name: str) -> Parts:
    """Return the parts of a resource whose table answers."""
    try:
        container = Container(target.settings(os.environ))
    except SettingsError as error:
        hint = "" if target.running() else "No local stack runs; `make run` starts one.\n"
        raise click.UsageError(f"{hint}{error}") from None
    try:
        (parts,) = (each for each in container.resources if each.resource.name == name)
        parts.repository.ping()
    except (ServiceError, BotoCoreError) as error:
        table = container.settings.tables[name]
        raise click.ClickException(f"Table '{table}': {_reason(error)}") from None
    return parts


def _with_rejects_printed(rows: Iterable[Entry | Reject]) -> Iterator[Entry | Reject]:
    """Yield all rows, and print each reject."""
    for row in rows:
        if isinstance(row, Reject):
            tqdm.write(f"{row.place}: {row.reason}", file=sys.stderr)
        yield row


def _reason(error: Exception) -> str:
    """Return the error's text, with DynamoDB's error code or the name of botocore's error."""
    cause = error.__cause__
    if isinstance(cause, ClientError):
        return f"{error} ({cause.response['Error']['Code']})"
    return f"{error} ({type(cause).__name__})" if isinstance(cause, BotoCoreError) else str(error)


if __name__ == "__main__":
    for signum in SIGNALS:
        # SIGTERM stops as Ctrl-C does. A background job in a script inherits SIGINT ignored, where
        # Python sets no handler: `kill -INT` stops it too.
        signal.signal(signum, signal.default_int_handler)
    main(prog_name="python -m dev.transfer")
