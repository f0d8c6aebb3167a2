"""Makes what the API needs before it starts, table and samples: `python -m dev.stack.prepare`."""

from __future__ import annotations

import os
import sys

from botocore.exceptions import BotoCoreError

from chalicelib.bootstrap import Container
from chalicelib.settings import Settings, SettingsError
from dev.stack.programs import StartFailed
from dev.stack.samples import load_samples
from dev.stack.table import client, create_table


def prepare(settings: Settings) -> None:
    """Create the table unless it exists, fill it where it is empty. Raise `StartFailed`."""
    create_table(client("dynamodb", settings), settings.tables["products"])
    if loaded := load_samples(Container(settings).products.repository):
        print(f"Loaded {loaded} sample products", flush=True)


def main() -> str | None:
    """Prepare what the settings name; return what went wrong."""
    try:
        prepare(Settings.from_env(os.environ))
    except (SettingsError, StartFailed) as failure:
        return str(failure)
    except BotoCoreError as error:  # such as a profile that nobody has
        return f"AWS cannot be called: {error}"
    return None


if __name__ == "__main__":
    sys.exit(main())
