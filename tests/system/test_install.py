"""`make install` in a fresh clone, with each Python of this machine and its bundled pip."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dev.stack.programs import free_port
from tests.checkout import checkout, environment
from tests.running_stack import StackClient, eventually

pytestmark = [pytest.mark.install, pytest.mark.timeout(600)]

_MINORS = range(11, 15)
_PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
_NEWER = "coverage-99.0"
"""A release that is not in the lock, of a package that pytest-cov requires with an extra."""


def _pythons() -> dict[str, str]:
    """Return a path for each version found, including the running Python."""
    found = {}
    for name in (f"3.{minor}" for minor in _MINORS):
        on_path = shutil.which(f"python{name}") or ""
        paths = [str(path) for path in _PYENV.glob(f"{name}.*/bin/python")]
        if on_path and "shims" not in on_path:  # pyenv's shims exist for versions not activated
            paths.append(on_path)
        if paths:
            found[name] = paths[0]
    return found | {f"3.{sys.version_info.minor}": sys.executable}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Copy the project."""
    return checkout(tmp_path / "project")


@pytest.fixture
def newer_release(tmp_path: Path) -> Path:
    """Create a directory that offers the newer release to pip."""
    info = f"{_NEWER}.dist-info"
    with zipfile.ZipFile(tmp_path / f"{_NEWER}-py3-none-any.whl", "w") as wheel:
        name, version = _NEWER.split("-")
        head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nProvides-Extra: toml\n"
        wheel.writestr(f"{info}/METADATA", head)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return tmp_path


@pytest.mark.parametrize("python", _pythons().values(), ids=_pythons().keys())
def test_the_lock_installs_despite_newer_releases(
    python: str, project: Path, newer_release: Path
) -> None:
    """
    Even by a lock without extras, the default form of locks.

    pip 23.2 and 24.2 would resolve them again, find the newer release, and fail.
    """
    lock = project / "requirements" / "dev.lock"
    pins = re.sub(r"(?m)^([\w.-]+)\[[\w,-]+\]==", r"\1==", lock.read_text())
    assert lock.read_text() != pins
    lock.write_text(pins)
    links = f"{os.environ.get('PIP_FIND_LINKS', '')} {newer_release}"

    done = _make(project, "install", python, PIP_FIND_LINKS=links.strip())

    assert 0 == done.returncode, done.stdout + done.stderr
    program = "import coverage; print(coverage.__version__)"
    installed = subprocess.check_output(
        [project / ".venv" / "bin" / "python", "-c", program], text=True
    )
    assert f"coverage=={installed.strip()}" in pins


@pytest.fixture
def half_installed(project: Path) -> Path:
    """Kill the first install in the middle."""
    made = project / ".venv"
    install = subprocess.Popen(
        ["make", "install", f"PYTHON={sys.executable}"],
        cwd=project,
        env=environment(),
        start_new_session=True,
    )
    eventually(lambda: any(made.glob("lib/*/site-packages/pip")), seconds=60)
    os.killpg(install.pid, signal.SIGKILL)
    install.wait(30)
    assert not (made / ".installed").exists()
    return project


def test_make_test_repairs_an_interrupted_install(half_installed: Path) -> None:
    """The tests then run."""
    done = _make(half_installed, "test", sys.executable, "ARGS=tests/unit/test_errors.py")

    assert 0 == done.returncode, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_make_run_repairs_an_interrupted_install(half_installed: Path) -> None:
    """The API then answers."""
    client = StackClient(free_port())
    command = ["make", "run", f"PYTHON={sys.executable}"]
    run = subprocess.Popen(
        command,
        cwd=half_installed,
        env=environment(API_PORT=str(client.port)),
        start_new_session=True,
    )
    facts = half_installed / ".local" / "stack.json"
    try:
        eventually(lambda: facts.exists() or run.poll() is not None, seconds=300)
        assert 200 == client.request("GET", "/health").status
    finally:
        os.killpg(run.pid, signal.SIGTERM)
        run.wait(30)
    eventually(lambda: not facts.exists())


def _make(
    project: Path, target: str, python: str, *words: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", target, f"PYTHON={python}", *words],
        cwd=project,
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )
