"""The command line of import and export: arguments, progress, words, exit statuses."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn

import click
from botocore.exceptions import BotoCoreError, ClientError
from tqdm import tqdm

from chalicelib.config import SettingsError
from chalicelib.errors import CatalogError, StoreRefused, StoreUnavailable
from chalicelib.wiring import Container
from dev import target
from dev.transfer import interruption, lines, saving, warnings
from dev.transfer.ledger import Ledger
from dev.transfer.lines import Entry, Reject
from dev.transfer.loading import Loader


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """
    Move products between the catalog and a file of JSON lines.

    The catalog is the local stack while one runs (`make run`), else the one that the environment's
    settings name.
    """


@main.command("import")
@click.argument("file", type=click.File("rb"))
def import_(file: BinaryIO) -> None:
    """
    Load products from FILE (- for standard input), a JSON object a line.

    Each line is held to the API's own rules. Its id, a UUID in lower case, is kept, and what the
    catalog has under that id is replaced; a line without an id gets a new one. An id given twice:
    the first line is stored, the second rejected. Rejects are listed on standard error and do not
    stop the import; a batch that DynamoDB does not take does. Ctrl-C stops it after the batch under
    way; pressed again, at once.

    Exit status: 0 all stored; 1 some lines rejected or not stored, or DynamoDB out of reach; 2 a
    FILE or settings that cannot be worked with.
    """
    total = lines.count(file)
    tally = warnings.listen()
    container = _container()
    ledger = Ledger()
    loader = Loader(container.cache, container.repository, ledger, undisturbed=interruption.put_off)
    try:
        with _noting_the_end(ledger), tqdm(total=total, unit=" lines", disable=None) as bar:
            loader.store_all(_entries(file, ledger, bar))
    finally:
        for trouble in ledger.troubles() + tally.told():
            click.echo(trouble, err=True)
        click.echo(ledger.summary())
    sys.exit(0 if ledger.is_clean else 1)


@main.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
def export(file: str) -> None:
    """
    Save all products to FILE (- for standard output), a JSON object a line.

    Each as the API represents it, in the table's own order: sort the lines to sort by id. FILE is
    replaced at the end, and only if all went well.
    """
    if not file or not Path(file).resolve().parent.is_dir():
        raise click.BadParameter(f"'{file}': No such file or directory", param_hint="'FILE'")
    warnings.listen()
    products = tqdm(_container().repository.all(), unit=" products", disable=None)
    try:
        if file == "-":
            count = saving.write(products, sys.stdout.buffer)
        else:
            with _opened(Path(file)) as out:
                count = saving.write(products, out)
    except (CatalogError, BotoCoreError, ClientError) as error:
        raise click.ClickException(f"Nothing saved: {_words(error)}") from None
    click.echo(f"exported {count}", err=True)


def _container() -> Container:
    """Return the objects of a catalog whose table answers."""
    try:
        container = Container(target.settings(os.environ))
    except SettingsError as error:
        hint = "" if target.running() else "No local stack runs; `make run` starts one.\n"
        raise click.UsageError(f"{hint}{error}") from None
    try:
        container.repository.ping()
    except (StoreUnavailable, BotoCoreError) as error:
        table = container.settings.products_table
        raise click.ClickException(f"Table '{table}': {_words(error)}") from None
    return container


def _entries(file: BinaryIO, ledger: Ledger, bar: tqdm[NoReturn]) -> Iterator[Entry]:
    """Read `file`, show how far, tell of rejects and pass on the rest."""
    for line in lines.read(file):
        ledger.note(line)
        bar.update(line.line - bar.n)
        if isinstance(line, Reject):
            tqdm.write(f"line {line.line}: {line.reason}", file=sys.stderr)
        else:
            yield line


@contextmanager
def _noting_the_end(ledger: Ledger) -> Iterator[None]:
    """Put into the account what stopped the import. What nobody foresaw goes on its way."""
    try:
        yield
    except KeyboardInterrupt:
        ledger.stopped_by = "interrupted"
    except (CatalogError, BotoCoreError, ClientError, OSError) as error:
        ledger.stopped_by = _words(error)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with saving.replacing(path) as file:
            yield file
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from None


def _words(error: Exception) -> str:
    """Say what went wrong; where DynamoDB refused or was silent, also why."""
    cause = error.__cause__
    if not isinstance(error, StoreRefused | StoreUnavailable) or cause is None:
        return str(error)
    kind = (
        cause.response["Error"]["Code"] if isinstance(cause, ClientError) else type(cause).__name__
    )
    return f"{error} ({kind})"


if __name__ == "__main__":
    # A polite kill is told of like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main(prog_name="python -m dev.transfer")
