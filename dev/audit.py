"""
Has programs read the code, the workflows and the locks for faults: `python -m dev.audit`.

bandit and zizmor need nothing but this machine. pip-audit asks PyPI for advisories; where that is
out of reach it says so, in words that cannot be taken for a pass, and the rest still counts.
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
    """Run them all; return what is at fault."""
    try:
        bin_ = programs("audit")
    except DeployFailed as failure:
        return str(failure)
    faulty = [
        *_failing(str(bin_ / "bandit"), "--quiet", "-c", "pyproject.toml", "-r", *_CODE),
        *_failing(str(bin_ / "zizmor"), "--offline", "--persona=pedantic", ".github"),
        *_vulnerable(bin_ / "pip-audit"),
    ]
    return f"At fault: {', '.join(faulty)}; see above" if faulty else None


def _failing(program: str, *words: str) -> list[str]:
    done = subprocess.run([program, *words], cwd=ROOT, check=False)
    return [Path(program).name] if done.returncode else []


def _vulnerable(pip_audit: Path) -> list[str]:
    """Return the packages of our locks that an advisory names, each told with where it is fixed."""
    locks = sorted([*ROOT.glob("requirements/*.lock"), *ROOT.glob("dev/**/tools/*.lock")])
    return [fault for lock in locks for fault in read(_advisories(pip_audit, lock), lock.name)]


def _advisories(pip_audit: Path, lock: Path) -> list[dict[str, Any]]:
    """Return what PyPI knows of each package; nothing where it cannot be asked."""
    words = ["--disable-pip", "--require-hashes", "--no-deps", "--format", "json"]
    command = [str(pip_audit), "--requirement", str(lock), *words, "--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        known: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(done.stderr, file=sys.stderr)
        return []
    return known


def read(advisories: list[dict[str, Any]], lock: str) -> list[str]:
    """Tell what came out for a lock, and return the packages at fault."""
    asked = [each for each in advisories if "vulns" in each]
    faulty = [each for each in asked if each["vulns"]]
    if not asked:
        print(
            f"{lock}: NOT AUDITED. No advisories could be had: PyPI's are out of reach from here."
        )
    else:
        unknown = len(advisories) - len(asked)
        print(f"{lock}: {len(asked)} packages audited, {len(faulty)} vulnerable, {unknown} unknown")
    for each in faulty:
        for fault in each["vulns"]:
            fixed = ", ".join(fault["fix_versions"]) or "nothing yet"
            print(f"  {each['name']} {each['version']}: {fault['id']}, fixed in {fixed}")
    return [each["name"] for each in faulty]


if __name__ == "__main__":
    sys.exit(main())
