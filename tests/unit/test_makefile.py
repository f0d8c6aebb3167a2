"""What make hands on to the programs that it starts."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_variable_of_the_makefile_reaches_what_it_starts(tmp_path: Path) -> None:
    """`STAGE=local make run` is the stage `local`; a test may run make by itself."""
    _makefile(tmp_path)
    given = dict.fromkeys(_variables(), "of the shell") | {"STAGE": "local", "LOG_LEVEL": "DEBUG"}
    kept = {name: os.environ[name] for name in ("PATH", "HOME")}

    for target in ("run", "services", "watch", "test"):
        env = _environment(tmp_path, {**kept, **given}, target, "ARGS=-q")
        assert ("local", "DEBUG") == (env["STAGE"], env["LOG_LEVEL"])
        assert set() == {"MAKEFLAGS", "MFLAGS", *_variables()} & env.keys()


def test_a_deployments_stage_is_the_command_lines(tmp_path: Path) -> None:
    """A shell's own STAGE, a setting of the local API, deploys or destroys nothing of that name."""
    _makefile(tmp_path)
    env = {"PATH": os.environ["PATH"], "STAGE": "prod"}

    assert ["--stage", "dev"] == _words(tmp_path, env, "destroy")[-2:]
    assert ["--stage", "prod"] == _words(tmp_path, env, "destroy", "STAGE=prod")[-2:]


def _makefile(place: Path) -> None:
    """Copy it to where a Python stands that only tells how it was called."""
    shutil.copy(ROOT / "Makefile", place)
    python = place / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    told = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{told}" "$@"\n')
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
    arguments, told = json.loads(done.stdout)
    return arguments, told


def _words(place: Path, env: dict[str, str], *words: str) -> list[str]:
    return _called(place, env, *words)[0]


def _environment(place: Path, env: dict[str, str], *words: str) -> dict[str, str]:
    return _called(place, env, *words)[1]
