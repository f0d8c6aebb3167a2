"""The locks pin all required packages and their dependencies, with hashes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT_LOCKS = {
    ROOT / "requirements.txt": ROOT / "requirements" / "functions.lock",
    **{path: path.with_suffix(".lock") for path in (ROOT / "requirements").glob("*.txt")},
}
TOOL_LOCKS = {
    path: path.with_suffix(".lock")
    for directory in ("dev", "benchmarks")
    for path in (ROOT / directory).rglob("*.txt")
}
"""The locks of tools and of the benchmark's peers, which have separate environments."""
LOCKS = PROJECT_LOCKS | TOOL_LOCKS


class Pin(NamedTuple):
    """A package of a lock."""

    version: str
    extras: set[str]
    hashes: int


def pins(lock: Path) -> dict[str, Pin]:
    """Return the pinned packages of a lock by name."""
    found = {}
    for block in re.split(r"(?m)^(?=[a-zA-Z0-9])", lock.read_text())[1:]:
        requirement = Requirement(block.split(" \\\n")[0])
        (version,) = [each.version for each in requirement.specifier if each.operator == "=="]
        hashes = len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", block))
        found[canonicalize_name(requirement.name)] = Pin(version, requirement.extras, hashes)
    return found


def named(requirements: Path) -> Iterator[Requirement]:
    """Yield the requirements of a file and of its included files."""
    for line in requirements.read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            yield from named(requirements.parent / text.removeprefix("-r "))
        elif text:
            yield Requirement(text)


def required(requirement: Requirement) -> Iterator[Requirement]:
    """Yield the requirements of an installed package on this machine, with its extras."""
    for text in metadata.requires(requirement.name) or []:
        each = Requirement(text)
        extras = requirement.extras or {""}
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras):
            yield each


def test_every_lock_has_its_requirements() -> None:
    """A lock without its file would never be updated."""
    locks = {
        path
        for directory in ("requirements", "dev", "benchmarks")
        for path in (ROOT / directory).rglob("*.lock")
    }

    assert locks == set(LOCKS.values())


@pytest.mark.parametrize("requirements", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_requirement_is_locked_at_its_version(requirements: Path) -> None:
    """With its extras: older pips resolve a package again if the lock has fewer."""
    locked = pins(LOCKS[requirements])

    for each in named(requirements):
        pin = locked[canonicalize_name(each.name)]
        assert f"=={pin.version}" == str(each.specifier), each
        assert each.extras <= pin.extras, each


@pytest.mark.parametrize("lock", LOCKS.values(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_package_has_hashes(lock: Path) -> None:
    """So pip installs exactly the locked files."""
    assert [] == [name for name, pin in pins(lock).items() if not pin.hashes]


@pytest.mark.parametrize("requirements", PROJECT_LOCKS, ids=lambda path: path.name)
def test_a_lock_is_complete(requirements: Path) -> None:
    """Installing without resolving misses no dependency."""
    locked = pins(LOCKS[requirements])
    seen: set[str] = set()
    waiting = list(named(requirements))
    while waiting:
        each = waiting.pop()
        if str(each) not in seen:
            seen.add(str(each))
            pin = locked[canonicalize_name(each.name)]
            assert each.specifier.contains(pin.version, prereleases=True), each
            assert each.extras <= pin.extras, each
            waiting += required(each)


def test_the_locks_pin_the_tested_versions() -> None:
    """The locks of functions and image have the versions of the development lock."""
    tested = pins(ROOT / "requirements" / "dev.lock")

    for lock in PROJECT_LOCKS.values():
        for name, pin in pins(lock).items():
            assert pin.version == tested[name].version, (lock.name, name)
