"""`docs/runbook.md` has a section for every alarm, `docs/metrics.md` a row for every metric."""

import re

from chalicelib.telemetry import metrics
from dev.deploy import templates
from dev.deploy.build import ROOT


def _headings(document: str, pattern: str) -> set[str]:
    text = (ROOT / "docs" / document).read_text("utf-8")
    return set(re.findall(pattern, text, re.MULTILINE))


def test_the_runbook_has_a_section_for_each_alarm() -> None:
    """Under the alarm's name in the template, and for no other. Streams share theirs."""
    resources = templates.app()["Resources"].items()
    names = {name for name, each in resources if each.get("Type") == "AWS::CloudWatch::Alarm"}
    alarms = {"StreamBehind" if each.startswith("StreamBehind") else each for each in names}

    assert alarms == _headings("runbook.md", r"^## (\w+)$")


def test_every_metric_is_documented() -> None:
    """With its name, and no others."""
    assert (metrics.COUNTS | metrics.MILLISECONDS).keys() == _headings(
        "metrics.md", r"^\| `(\w+)` \|"
    )
