"""
Packs each function as its kind is packed, and unpacks it as Lambda does.

The project and the limits are compiled. Chalice's packer and SAM's ship wheels without byte code,
so a cold start compiles them, here as on Lambda.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path
from typing import Final

from benchmarks.targets import LIMIT_HIT, OURS, PEERS
from dev.deploy import build, package, stages
from dev.deploy.runtime import of_this_machine

_HERE: Final = Path(__file__).parent
_STAGE: Final = "emulator"
_SETTINGS: Final = {
    "PRODUCTS_TABLE": "t",
    "REDIS_HOST": "h",
    "REDIS_PORT": "1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def packed(name: str, place: Path) -> Path:
    """Pack into `place`; return the directory of the unpacked code. Raise `DeployFailed`."""
    if name == OURS.package:
        return _unzipped(package.pack(_STAGE, of_this_machine(), stages.read(_STAGE), place).code)
    if name == LIMIT_HIT.package:
        return _like_ours(_HERE / name, place / name)
    source, project = _HERE / "peers" / name, place / name
    if name == PEERS[0].package:
        return _by_chalice(source, project)
    build.install(of_this_machine(), project, (source / "requirements.lock").read_text())
    shutil.copy(source / "app.py", project)
    return project


def _like_ours(source: Path, project: Path) -> Path:
    """Copy the very wheels that the project ships, and compile."""
    shutil.copytree(build.vendored(of_this_machine(), package.OUTPUT.absolute()), project)
    for module in source.glob("*.py"):
        shutil.copy(module, project)
    build.compile_all(project, "/var/task")
    return project


def _by_chalice(source: Path, project: Path) -> Path:
    shutil.copytree(source, project, ignore=shutil.ignore_patterns("__pycache__"))
    (project / "requirements.lock").replace(project / "requirements.txt")
    # pip finds the wheels by its environment variables.
    return _unzipped(package.by_chalice(project, {**os.environ, **_SETTINGS}) / "deployment.zip")


def _unzipped(archive: Path) -> Path:
    with zipfile.ZipFile(archive) as code:
        code.extractall(archive.with_name("code"))
    return archive.with_name("code")
