"""`.env.example` and `docs/settings.md` contain every setting, and no others."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from chalicelib.settings import Settings
from dev.stack import ports
from tests.examples import ENVIRONMENT

ROOT = Path(__file__).parent.parent.parent
OTHER_NAMES = {"AWS_DEFAULT_REGION", "AWS_LAMBDA_FUNCTION_NAME", "_HANDLER"}
"""Variables of AWS: the second name of a setting, and the marks of a Lambda."""


class RecordingEnvironment(Mapping[str, str]):
    """An environment that records the names of the variables read."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._env[name]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("a setting is read by its name")

    def __len__(self) -> int:
        return len(self._env)


def settings_read() -> set[str]:
    env = RecordingEnvironment(ENVIRONMENT)
    Settings.from_env(env)
    for name in ("WATCH_PORT", "AWS_PORT"):
        ports.named(env, name)
    return env.names - OTHER_NAMES


def example_lines() -> list[str]:
    return (ROOT / ".env.example").read_text("utf-8").splitlines()


def example() -> dict[str, str]:
    """Return the variables of the file, including those commented out."""
    pairs = (re.fullmatch(r"(?:# )?([A-Z_]+)=(.*)", line) for line in example_lines())
    return {pair[1]: pair[2] for pair in pairs if pair}


def documented() -> set[str]:
    """Return the names in the first column of the table of settings."""
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    rows = (line.split("|")[1] for line in text.splitlines() if line.startswith("|"))
    return {name for cell in rows for name in re.findall(r"`([A-Z_]+)`", cell)}


def test_the_example_contains_exactly_the_settings() -> None:
    """The names that the code reads."""
    assert settings_read() == example().keys()


def test_the_example_contains_the_defaults() -> None:
    """An unchanged copy has no effect."""
    shown = {line.split("=")[0] for line in example_lines() if re.match(r"[A-Z_]+=", line)}
    env = {name: value for name, value in example().items() if name in shown}

    assert Settings.from_env(ENVIRONMENT) == Settings.from_env(env | dict(ENVIRONMENT))


def test_the_settings_page_contains_exactly_the_settings() -> None:
    """In the table of `docs/settings.md`."""
    assert settings_read() == documented()
