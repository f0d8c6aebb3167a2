"""
Builds the copy of the project that Chalice packs: the code and its wheels, compiled.

Chalice's zip has no byte code, so each cold start would compile everything: half a second. Chalice
keeps the files in `vendor/`, so the wheels are unpacked there, without a `requirements.txt`. The
byte code of what Chalice adds is there too: `app.py`, and a part of Chalice.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

import chalice.app

from chalicelib.dynamodb.client import Service
from dev.deploy.failure import DeployFailed
from dev.deploy.runtime import Runtime

ROOT: Final = Path(__file__).parents[2]
_JUNK: Final = shutil.ignore_patterns("__pycache__")
LOCK: Final = Path("requirements", "functions.lock")
"""The packages that ship, with hashes."""
SERVICES: Final[tuple[str, ...]] = get_args(Service)
"""The services whose data of botocore is packed. The data of all services is 27 MB."""
_UNUSED: Final = ("boto3/data", "boto3/examples")
"""Only used by boto3's resources and its documentation."""


def build(runtime: Runtime, place: Path, cache: Path, root: Path = ROOT) -> None:
    """
    Replace `place` by a build for `runtime`, whose Python must be the one that runs this.

    Unpacked wheels are kept in `cache`.
    """
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    shutil.copy(root / "app.py", place)
    shutil.copytree(root / "chalicelib", place / "chalicelib", ignore=_JUNK)
    compile_all(place / "chalicelib", "/var/task/chalicelib")
    shutil.copytree(vendored(runtime, cache, root), place / "vendor")
    compile_apart([root / "app.py"], "/var/task", place / "vendor")
    framework = [Path(chalice.__file__), Path(chalice.app.__file__)]
    compile_apart(framework, "/var/task/chalice", place / "vendor" / "chalice")


def vendored(runtime: Runtime, cache: Path, root: Path = ROOT) -> Path:
    """Return the directory in `cache` with the wheels that ship, unpacked and compiled."""
    pins = (root / LOCK).read_text()
    digest = hashlib.sha256(f"{runtime} {sys.version} {SERVICES} {pins}".encode()).hexdigest()
    place = cache / f"vendor-{digest[:16]}"
    if not place.exists():
        with tempfile.TemporaryDirectory(dir=_made(cache)) as draft:
            vendor = Path(draft, "vendor")
            install(runtime, vendor, pins)
            _trim(vendor)
            compile_all(vendor, "/var/task")
            vendor.rename(place)
    return place


def install(runtime: Runtime, vendor: Path, pins: str) -> None:
    """Unpack wheels for `runtime`, whose hashes are checked."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(pins)
        file.flush()
        words = [f"--platform={platform}" for platform in runtime.platforms]
        words += ["--implementation=cp", f"--python-version={runtime.python}", "--no-compile"]
        words += ["--only-binary=:all:", "--require-hashes", "--no-deps"]
        _pip("install", "--quiet", f"--target={vendor}", *words, "--requirement", file.name)
    shutil.rmtree(vendor / "bin", ignore_errors=True)


def _trim(vendor: Path) -> None:
    """Remove files that the functions never read."""
    data = vendor / "botocore" / "data"
    services = {each.name for each in data.iterdir() if each.is_dir()}
    unused = [data / name for name in services.difference(SERVICES)]
    for each in [*unused, *(vendor / name for name in _UNUSED)]:
        shutil.rmtree(each)


def compile_all(place: Path, deployed: str) -> None:
    """
    Compile in place. Byte code is validated by the source's hash: a zip's dates are all of 1980.

    `deployed` is the directory in tracebacks. Compiled in another process, since the imports of a
    process change its byte code, and the same source must give the same zip.
    """
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash"]
    _run(
        [*command, "-s", str(place), "-p", deployed, str(place)],
        f"{place.name} does not compile",
        {"PYTHONHASHSEED": "0"},
    )


def compile_apart(sources: Sequence[Path], deployed: str, place: Path) -> None:
    """Put the byte code of `sources` into `place`. Chalice adds the sources."""
    with tempfile.TemporaryDirectory() as draft:
        for source in sources:
            shutil.copy(source, draft)
        compile_all(Path(draft), deployed)
        shutil.copytree(Path(draft, "__pycache__"), place / "__pycache__", dirs_exist_ok=True)


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    _run(command, "The wheels could not be installed", {})


def _run(command: list[str], failure: str, env: dict[str, str]) -> None:
    done = subprocess.run(
        command, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DeployFailed(f"{failure}:\n{(done.stdout + done.stderr).strip()}")
