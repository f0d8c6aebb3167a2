"""What the tests of the local tools share."""

from pathlib import Path

import pytest

from dev.stack.servers import Emulator
from tests.doubles.commands import Transfer
from tests.doubles.recording import RecordingRedis, RecordingTable


@pytest.fixture
def transfer(
    emulator: Emulator, emulated_table: RecordingTable, real_redis: RecordingRedis, tmp_path: Path
) -> Transfer:
    """Return the commands of import and export, with the settings of an own catalog."""
    return Transfer(tmp_path, emulator, emulated_table, real_redis)
