"""
The `Dockerfile`, held to what matters.

No container engine runs where the tests do, so nothing here builds it.
"""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text("utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def test_the_dockerfile_has_two_stages_on_a_pinned_python(
    instructions: list[tuple[str, str]],
) -> None:
    """Build tools stay in the first."""
    bases = [rest.split()[0] for name, rest in instructions if name == "FROM"]

    assert 2 == len(bases)
    assert all(re.fullmatch(r"python:3\.1[1-3]-slim-[a-z]+", base) for base in bases)


def test_the_dockerfile_copies_what_exists(instructions: list[tuple[str, str]]) -> None:
    """And `.dockerignore` lets it through."""
    copied = [
        source.rstrip("/")
        for name, rest in instructions
        if name == "COPY" and not rest.startswith("--from")
        for source in shlex.split(rest)[:-1]
    ]
    let_through = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line[:1] == "!"
    }

    assert [] == [source for source in copied if not (ROOT / source).exists()]
    assert set(copied) == let_through


def test_the_container_is_not_root_and_tells_its_health(
    instructions: list[tuple[str, str]],
) -> None:
    """The user is made, then taken, and the check asks the API's port."""
    last_stage = instructions[[name for name, _ in instructions].index("FROM", 1) :]
    users = [rest for name, rest in last_stage if name == "USER"]
    checks = [rest for name, rest in last_stage if name == "HEALTHCHECK"]

    assert 1 == len(users)
    assert users[0] not in {"root", "0"}
    assert any(name == "RUN" and f" {users[0]}" in rest for name, rest in last_stage)
    assert ":8080/health" in checks[0]
    assert {"FROM", "WORKDIR", "RUN", "COPY", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "CMD"} >= {
        name for name, _ in instructions
    }


def test_the_container_runs_the_local_server(instructions: list[tuple[str, str]]) -> None:
    """The same one as `make run`."""
    assert [("CMD", '["python", "-m", "dev.server"]')] == [
        each for each in instructions if each[0] == "CMD"
    ]
