"""`docs/runbook.md` knows every alarm, `metrics.md` every metric; both name only what there is."""

import re

import pytest

from chalicelib.telemetry import metrics
from dev.deploy import switch, templates
from dev.deploy.build import ROOT

TEXT = (ROOT / "docs" / "runbook.md").read_text()
SECTIONS = dict(re.findall(r"(?ms)^## (\w+)\n(.*?)(?=^## |\Z)", TEXT))
SOURCES = "".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.py"))


def _alarms() -> set[str]:
    resources = templates.app()["Resources"].items()
    return {name for name, each in resources if each.get("Type") == "AWS::CloudWatch::Alarm"}


def test_each_alarm_has_its_section_and_each_section_its_alarm() -> None:
    """Under the alarm's name in the template."""
    assert _alarms() == SECTIONS.keys()


@pytest.mark.parametrize("alarm", SECTIONS)
def test_a_section_says_what_it_means_how_to_be_sure_and_what_to_do(alarm: str) -> None:
    """In this order."""
    assert ["Means", "Confirm", "Do"] == re.findall(r"(?m)^\*\*(\w+)\*\*", SECTIONS[alarm])


def test_each_alarm_that_is_referred_to_is_one() -> None:
    """`See …`, `as in …`, and names in brackets lead to sections."""
    named = set(re.findall(r"\b(?:[Ss]ee|[Aa]s in|queue:|Redis back:|time) \(?([A-Z]\w+)", TEXT))

    assert named
    assert set() == named - SECTIONS.keys()


def test_each_command_of_a_switch_is_one() -> None:
    """Each is taken by the command itself."""
    commands = re.findall(r"make switch STAGE=prod (\w+=\w+)", TEXT)

    assert {"CACHE=off", "CACHE=on"} <= set(commands)
    for words in commands:
        assert switch.settings([words])


@pytest.mark.parametrize(
    "line",
    [
        "answered", "invalidated", "unavailable", "unforeseen error", "cache circuit opened",
        "cache circuit closed", "cache fence lost", "cache invalidation delayed",
    ],
)  # fmt: skip
def test_the_lines_to_look_for_are_those_that_the_code_logs(line: str) -> None:
    """Word for word."""
    assert f'"{line}"' in SOURCES
    assert line in TEXT


def test_every_metric_is_documented() -> None:
    """In the words of the code."""
    rows = re.findall(r"(?m)^\| `(\w+)` \| (.+) \|$", (ROOT / "docs" / "metrics.md").read_text())

    assert dict(rows) == metrics.COUNTS | metrics.MILLISECONDS


def test_the_metrics_named_are_emitted() -> None:
    """Ours, by name."""
    named = {name for name in re.findall(r"`(\w+)`", TEXT) if name.startswith("DynamoDBC")}

    assert {"DynamoDBCalls"} == named & metrics.UNITS.keys() == named
