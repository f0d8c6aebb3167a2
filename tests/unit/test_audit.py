"""What is made of the advisories: a finding fails, and silence is not taken for a pass."""

from typing import Any

import pytest

from dev import audit

SOUND: dict[str, Any] = {"name": "redis", "version": "8.1.0", "vulns": []}
UNKNOWN: dict[str, Any] = {"name": "ours", "skip_reason": "Dependency not found on PyPI"}
FAULT = {"id": "PYSEC-2026-1", "fix_versions": ["2.0"]}
VULNERABLE: dict[str, Any] = {"name": "old", "version": "1.0", "vulns": [FAULT]}


def test_a_vulnerable_package_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """With its version, the advisory, and where it is mended."""
    assert ["old"] == audit.read([SOUND, VULNERABLE, UNKNOWN], "a.lock")

    told = capsys.readouterr().out
    assert "a.lock: 2 packages audited, 1 vulnerable, 1 unknown" in told
    assert "old 1.0: PYSEC-2026-1, fixed in 2.0" in told


@pytest.mark.parametrize("advisories", [[], [UNKNOWN, UNKNOWN]])
def test_nothing_known_is_told_as_not_audited(
    advisories: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """pip-audit itself would say that there is no known vulnerability."""
    assert [] == audit.read(advisories, "a.lock")

    assert "a.lock: NOT AUDITED" in capsys.readouterr().out
