"""
`make freshness`: a load, faults in turn, and the verdict. Exit status 1 on any broken promise.

    python -m dev.freshness --seconds 60 --faults all
    python -m dev.freshness --server naive          the usual cache-aside under the same load
    python -m dev.freshness --url http://…          any server; only load and checks, no faults
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from dev.freshness import faults, report, run
from dev.freshness.rig import SERVERS, Rig


def main() -> int:
    """Run as the command line says."""
    options = vars(_parser().parse_args())
    plan = run.Plan(**{name: options[name] for name in run.Plan._fields})
    figures = _figures(options, plan)
    print(report.text(figures))
    if options["json"]:
        options["json"].write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if report.is_kept(figures) else 1


def _figures(options: dict[str, Any], plan: run.Plan) -> dict[str, Any]:
    if options["url"]:
        return {"server": options["url"], **run.against_url(options["url"], plan)}
    policy = "strict" if plan.strict else "available"
    server, log, stream = options["server"], options["log"], options["stream"]
    with Rig(server, log, stream=stream, CACHE_WRITE_POLICY=policy) as rig:
        return {"server": server, "policy": policy, **run.against_rig(rig, plan)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dev.freshness", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seconds", type=float, default=60, help="how long (60)")
    parser.add_argument(
        "--reads", type=int, default=0, help="until so many reads, however long it takes"
    )
    parser.add_argument("--rounds", type=int, default=0, help="until each fault was on so often")
    parser.add_argument("--faults", type=faults.chosen, default="all", help="all, none or a,b,…")
    parser.add_argument("--period", type=float, default=1.7, help="seconds of each fault and calm")
    parser.add_argument("--server", choices=SERVERS, default="catalog", help="what to test")
    parser.add_argument("--url", help="a server that runs already; no faults then")
    parser.add_argument("--no-stream", dest="stream", action="store_false", help="protocol only")
    parser.add_argument("--strict", action="store_true", help="CACHE_WRITE_POLICY=strict")
    parser.add_argument("--workers", type=int, default=8, help="clients at once (8)")
    parser.add_argument("--products", type=int, default=200, help="6 of them hot (200)")
    parser.add_argument("--writes", type=float, default=0.14, help="share of all calls (0.14)")
    parser.add_argument("--seed", type=int, default=1, help="of the load's choices (1)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--log", type=Path, default=os.devnull, help="where the API logs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
