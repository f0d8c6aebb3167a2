"""
Audits the code, the workflows and the locks: `python -m dev.audit`.

bandit and zizmor work offline. pip-audit requests advisories from PyPI. If PyPI is unreachable, the
audit prints `NOT AUDITED` for each lock, and the other results still count.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from dev.deploy.failure import DeployFailed
from dev.deploy.tools import programs

ROOT: Final = Path(__file__).parent.parent
_CODE: Final = ("app.py", "chalicelib", "dev", "benchmarks")


def main() -> str | None:
    """Run all programs; return the failures in a sentence, or `None`."""
    try:
        bin_ = programs("audit")
    except DeployFailed as failure:
        return str(failure)
    failed = [
        *_failing(str(bin_ / "bandit"), "--quiet", "-c", "pyproject.toml", "-r", *_CODE),
        *_failing(str(bin_ / "zizmor"), "--offline", "--persona=pedantic", ".github"),
        *_vulnerable(bin_ / "pip-audit"),
    ]
    return f"Failed: {', '.join(failed)}; see above" if failed else None


def _failing(program: str, *words: str) -> list[str]:
    done = subprocess.run([program, *words], cwd=ROOT, check=False)
    return [Path(program).name] if done.returncode else []


def _vulnerable(pip_audit: Path) -> list[str]:
    """Return the vulnerable packages in the project's locks, and print each advisory."""
    locks = sorted([*ROOT.glob("requirements/*.lock"), *ROOT.glob("dev/**/tools/*.lock")])
    return [name for lock in locks for name in report(_advisories(pip_audit, lock), lock.name)]


def _advisories(pip_audit: Path, lock: Path) -> list[dict[str, Any]]:
    """Return PyPI's advisories for each package, or an empty list if PyPI is unreachable."""
    words = ["--disable-pip", "--require-hashes", "--no-deps", "--format", "json"]
    command = [str(pip_audit), "--requirement", str(lock), *words, "--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        known: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(done.stderr, file=sys.stderr)
        return []
    return known


def report(advisories: list[dict[str, Any]], lock: str) -> list[str]:
    """Print the result for a lock, and return its vulnerable packages."""
    audited = [each for each in advisories if "vulns" in each]
    vulnerable = [each for each in audited if each["vulns"]]
    if not audited:
        print(f"{lock}: NOT AUDITED. PyPI's advisories are unavailable.")
    else:
        unknown = len(advisories) - len(audited)
        audit = f"{len(audited)} packages audited, {len(vulnerable)} vulnerable"
        print(f"{lock}: {audit}, {unknown} unknown")
    for each in vulnerable:
        for advisory in each["vulns"]:
            fixed = ", ".join(advisory["fix_versions"]) or "no version yet"
            print(f"  {each['name']} {each['version']}: {advisory['id']}, fixed in {fixed}")
    return [each["name"] for each in vulnerable]


if __name__ == "__main__":
    sys.exit(main())
