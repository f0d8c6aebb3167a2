"""
Sets up Podman if there is no Docker: as root on Debian, without systemd or a registry.

Its settings, images and containers are in the user's cache (700 MB), separate from other uses of
Podman on this machine.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from dev.deploy.tools import programs
from tests.system.podman import stand_ins

_HERE: Final = Path(__file__).parent
_CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
PLACE: Final = _CACHE / "product-catalog" / "podman"
_NEEDED: Final = {
    "podman": "podman",
    "runc": "runc",
    "catatonit": "catatonit",
    "debootstrap": "debootstrap",
    "iptables": "iptables",
    "netavark": "/usr/lib/podman/netavark",
    "aardvark-dns": "/usr/lib/podman/aardvark-dns",
}
"""Debian's packages, and a program of each."""
_LIMIT: Final = 32768
_OLD: Final = "until=72h"


class SetupFailed(Exception):
    """A step failed. The text contains the command and the end of its output."""


def missing() -> str | None:
    """Return why Podman cannot run, and how to install it, or `None`."""
    if sys.platform != "linux" or os.getuid() != 0:
        return "Podman is set up by root on Debian only"
    absent = [name for name, program in _NEEDED.items() if not shutil.which(program)]
    if absent:
        return f"to install: apt-get install --no-install-recommends {' '.join(absent)}"
    return None


@contextmanager
def podman() -> Iterator[tuple[list[str], Mapping[str, str]]]:
    """Yield podman-compose and its environment, to one test run at a time."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        env = {**os.environ, **_configuration()}
        _run(env, "podman", "rm", "--all", "--force")  # left by a killed test run
        stand_ins.provide(lambda *command: _run(env, *command), env)
        yield _compose(), env
        _run(env, "podman", "image", "prune", "--force", "--filter", _OLD)


def _compose() -> list[str]:
    shim = PLACE / "shim"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{_HERE / "shim.py"}" "$@"\n')
    shim.chmod(0o755)
    program = programs("podman-compose", _HERE / "compose.lock", PLACE) / "podman-compose"
    build = "--podman-build-args=--network=host --format=docker"
    return [str(program), "--podman-path", str(shim), build]


def _configuration() -> Mapping[str, str]:
    """Write Podman's settings; return the environment that names the files."""
    run = Path("/run") / f"product-catalog-{hashlib.sha256(bytes(PLACE)).hexdigest()[:8]}"
    files = {
        "CONTAINERS_CONF": _containers_conf(run),
        "CONTAINERS_STORAGE_CONF": (
            f'[storage]\ndriver = "overlay"\ngraphroot = "{PLACE}/storage"\nrunroot = "{run}"\n'
        ),
        "CONTAINERS_REGISTRIES_CONF": 'unqualified-search-registries = ["docker.io"]\n',
    }
    for name, text in files.items():
        (PLACE / name).write_text(text)
    return {
        **{name: str(PLACE / name) for name in files},
        "BUILDAH_ISOLATION": "chroot",
        "DISABLE_HC_SYSTEMD": "true",
    }


def _containers_conf(run: Path) -> str:
    """Return the configuration without systemd, with limits that need no CAP_SYS_RESOURCE."""
    files, processes = (
        min(_LIMIT, resource.getrlimit(kind)[1])
        for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC)
    )
    return f"""\
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]
[network]
network_backend = "netavark"
network_config_dir = "{PLACE}/networks"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{run}/libpod"
"""


def _run(env: Mapping[str, str], *command: str) -> None:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupFailed(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-2000:]}")
