"""The messages of `chalice` without settings, or with those of the wrong stage."""

from pathlib import Path

import pytest

from tests.system.chalice_local.project import chalice, copy_project


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a project without running services."""
    return copy_project(tmp_path)


@pytest.mark.parametrize("words", [("local",), ("local", "--no-autoreload"), ("deploy",)])
def test_without_settings_chalice_names_the_commands(place: Path, words: tuple[str, ...]) -> None:
    """One sentence after the variables, without a traceback. Autoreload adds a thread."""
    done = chalice(place, *words)

    last = done.stderr.splitlines()[-1]
    assert "`make services`, then `chalice local --stage local`" in last
    assert "`make deploy STAGE=dev`" in last
    assert "Traceback" not in done.stdout + done.stderr


def test_chalice_local_requires_the_services(place: Path) -> None:
    """It ends instead of failing at each request."""
    done = chalice(place, "local", "--stage", "local", "--no-autoreload")

    assert (1, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert "`make services`" in done.stderr


@pytest.mark.parametrize("words", [("deploy",), ("package", "packed")])
def test_the_stage_local_is_not_deployed(place: Path, words: tuple[str, ...]) -> None:
    """Its addresses are those of this machine. No request is sent to AWS."""
    done = chalice(place, *words, "--stage", "local")

    assert (1, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert "`chalice local` alone" in done.stderr
