"""The files, tests and commands that the documents name exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
COMMAND = re.compile(r"(?:`|^)make ([a-z][a-z0-9-]+)", re.MULTILINE)


def _text(document: str) -> str:
    return (ROOT / document).read_text("utf-8")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_to_a_file(document: str) -> None:
    """No relative link is broken."""
    place = (ROOT / document).parent

    assert [] == [link for link in LINK.findall(_text(document)) if not (place / link).exists()]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_named_test_exists(document: str) -> None:
    """In the named file."""
    missing = [
        f"{file}::{name}"
        for file, name in TEST.findall(_text(document))
        if not (ROOT / file).exists() or f"def {name}(" not in (ROOT / file).read_text("utf-8")
    ]

    assert [] == missing


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_is_in_the_makefile(document: str) -> None:
    """Each `make` command in a document is a target."""
    targets = set(
        re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    )

    assert set() == set(COMMAND.findall(_text(document))) - targets
