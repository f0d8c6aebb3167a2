"""Creates the tables and samples that the API needs: `python -m dev.stack.prepare`."""

from __future__ import annotations

import os
import sys

from botocore.exceptions import BotoCoreError

from chalicelib.bootstrap import Container
from chalicelib.settings import Settings, SettingsError
from dev.stack.programs import StartFailed
from dev.stack.sample_data import load_samples
from dev.stack.table import client, create_table


def prepare(settings: Settings) -> None:
    """Create each missing table, and fill each empty one. Raise `StartFailed`."""
    dynamodb = client("dynamodb", settings)
    for parts in Container(settings).resources:
        resource = parts.resource
        create_table(dynamodb, resource, settings.tables[resource.name])
        if loaded := load_samples(parts):
            print(f"Loaded {loaded} sample {resource.name}", flush=True)


def main() -> str | None:
    """Prepare the tables of the settings; return an error message or `None`."""
    try:
        prepare(Settings.from_env(os.environ))
    except (SettingsError, StartFailed) as failure:
        return str(failure)
    except BotoCoreError as error:  # such as an unknown profile
        return f"AWS cannot be called: {error}"
    return None


if __name__ == "__main__":
    sys.exit(main())
