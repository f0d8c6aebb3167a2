"""
Packs each function as its kind is packed, and unpacks it as Lambda does.

The project and the bare Lambda are compiled; Chalice's own packer and SAM's ship wheels as they
are, so that a cold start compiles them, as it does on Lambda.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.contestants import CHALICE, OURS, Contestant
from benchmarks.function import Code
from dev.deploy import build, stages
from dev.deploy.package import by_chalice, pack
from dev.deploy.runtime import of_this_machine

PEERS: Final = Path(__file__).with_name("peers")
_STAGE: Final = "emulator"
_STAND_INS: Final = {"PRODUCTS_TABLE": "t", "REDIS_HOST": "h", "REDIS_PORT": "1"}
_REGION: Final = {"AWS_DEFAULT_REGION": "us-east-1"}


class Package(NamedTuple):
    """What would be uploaded, and what a Lambda has of it. Sizes in bytes."""

    code: Code
    zipped: int
    unzipped: int

    def sizes(self) -> dict[str, int]:
        """Return the sizes as JSON takes them."""
        return {"zipped": self.zipped, "unzipped": self.unzipped}


def package(contestant: Contestant, place: Path) -> Package:
    """Pack into `place`, made anew. Raise `DeployFailed`."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    archive = _archive(contestant, place)
    code = place / "code"
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(code)
        unzipped = sum(each.file_size for each in packed.infolist())
    return Package(Code(code, contestant.handler), archive.stat().st_size, unzipped)


def _archive(contestant: Contestant, place: Path) -> Path:
    if contestant is OURS:
        return pack(_STAGE, of_this_machine(), stages.read(_STAGE), place).code
    if contestant is CHALICE:
        return _by_chalice(PEERS / contestant.name, place / "project")
    return _by_pip(contestant, place / "project")


def _by_chalice(source: Path, project: Path) -> Path:
    """Pack by `chalice package`, as its tutorial has it."""
    shutil.copytree(source, project, ignore=shutil.ignore_patterns("__pycache__"))
    (project / "requirements.lock").replace(project / "requirements.txt")
    # pip is told by the environment where wheels are to be had.
    packed = by_chalice(project, {**os.environ, **_STAND_INS, **_REGION})
    return packed / "deployment.zip"


def _by_pip(contestant: Contestant, project: Path) -> Path:
    """Pack wheels and program side by side."""
    project.mkdir()
    source = PEERS / contestant.name
    lock = source / "requirements.lock"
    if lock.exists():
        build.install(of_this_machine(), project, lock.read_text())
    shutil.copy(source / "app.py", project)
    if contestant.is_compiled:
        build.compile_all(project, "/var/task")
    return Path(shutil.make_archive(str(project), "zip", project))
