"""What `chalice` says to who types it without settings, or with those of the wrong stage."""

from pathlib import Path

import pytest

from tests.system.chalice_local.project import chalice, copied


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a project in which nothing runs."""
    return copied(tmp_path)


@pytest.mark.parametrize("words", [("local",), ("local", "--no-autoreload"), ("deploy",)])
def test_without_settings_it_says_what_to_type(place: Path, words: tuple[str, ...]) -> None:
    """In one sentence after the variables, and without a traceback; autoreload adds a thread."""
    told = chalice(place, *words)

    last = told.stderr.splitlines()[-1]
    assert "`make services`, then `chalice local --stage local`" in last
    assert "`make deploy STAGE=dev`" in last
    assert "Traceback" not in told.stdout + told.stderr


def test_before_the_services_it_says_so(place: Path) -> None:
    """Instead of failing at each request."""
    told = chalice(place, "local", "--stage", "local", "--no-autoreload")

    assert (1, 1) == (told.returncode, len(told.stderr.splitlines()))
    assert "`make services`" in told.stderr


@pytest.mark.parametrize("words", [("deploy",), ("package", "packed")])
def test_the_stage_local_is_not_deployed(place: Path, words: tuple[str, ...]) -> None:
    """Its addresses are this machine's; nothing is asked of AWS."""
    told = chalice(place, *words, "--stage", "local")

    assert (1, 1) == (told.returncode, len(told.stderr.splitlines()))
    assert "`chalice local` alone" in told.stderr
