"""The variables that make passes to the programs that it starts."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_variables_of_the_makefile_are_not_exported(tmp_path: Path) -> None:
    """`STAGE=local make run` has the stage `local`; a test may run make itself."""
    _copy_makefile(tmp_path)
    given = dict.fromkeys(_variables(), "of the shell") | {"STAGE": "local", "LOG_LEVEL": "DEBUG"}
    kept = {name: os.environ[name] for name in ("PATH", "HOME")}

    for target in ("run", "services", "watch", "test"):
        env = _environment(tmp_path, {**kept, **given}, target, "ARGS=-q")
        assert ("local", "DEBUG") == (env["STAGE"], env["LOG_LEVEL"])
        assert set() == {"MAKEFLAGS", "MFLAGS", *_variables()} & env.keys()


def test_the_stage_of_a_deployment_is_an_argument(tmp_path: Path) -> None:
    """The STAGE of the environment is a setting of the local API only."""
    _copy_makefile(tmp_path)
    env = {"PATH": os.environ["PATH"], "STAGE": "prod"}

    assert ["--stage", "dev"] == _words(tmp_path, env, "destroy")[-2:]
    assert ["--stage", "prod"] == _words(tmp_path, env, "destroy", "STAGE=prod")[-2:]


def _copy_makefile(place: Path) -> None:
    """Copy the Makefile, with a Python that prints its arguments and environment."""
    shutil.copy(ROOT / "Makefile", place)
    python = place / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    script = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{script}" "$@"\n')
    python.chmod(0o755)
    (place / "requirements").mkdir()
    (place / "requirements" / "dev.lock").touch()
    (place / ".venv" / ".installed").touch()


def _variables() -> list[str]:
    text = (ROOT / "Makefile").read_text()
    found = re.findall(r"^([A-Z]+)\s*[:?]?=", text, re.MULTILINE)
    assert {"BIN", "VENV", "LOCK"} <= set(found)
    return found


def _called(place: Path, env: dict[str, str], *words: str) -> tuple[list[str], dict[str, str]]:
    done = subprocess.run(["make", *words], cwd=place, env=env, check=True, capture_output=True)
    arguments, variables = json.loads(done.stdout)
    return arguments, variables


def _words(place: Path, env: dict[str, str], *words: str) -> list[str]:
    return _called(place, env, *words)[0]


def _environment(place: Path, env: dict[str, str], *words: str) -> dict[str, str]:
    return _called(place, env, *words)[1]
