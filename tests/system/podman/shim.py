"""
Adapts Podman 4.3 (Debian 12) without systemd to podman-compose.

Podman-compose ignores `service_healthy` for Podman before 4.6, which cannot wait for it. Without
systemd health checks do not run by themselves, so a wait runs the check. Podman-compose repeats a
failed wait every second.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys


def main(words: list[str]) -> int:
    """Run a Podman command; return the exit status."""
    match words:
        case ["--version", *_]:
            sys.stdout.write("podman version 4.6.0\n")
            return 0
        case ["wait", "--condition=healthy", *names]:
            return max(_podman("healthcheck", "run", name).returncode for name in names)
        case ["wait", "--condition=stopped", *names]:
            # Podman-compose accepts any exit status as `service_completed_successfully`.
            if {"0"} != set(_podman("wait", *names).stdout.split()):
                os.kill(os.getppid(), signal.SIGTERM)
            return 0
        case ["create", *options]:
            # Podman 4.3 cannot start a container with transitive requirements.
            words = ["create", *(each for each in options if not each.startswith("--requires="))]
    return subprocess.run(["podman", *words], check=False).returncode


def _podman(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["podman", *words], capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
