"""
Provides the three images of the container files: pulled, or built if no registry is reachable.

A stand-in consists of Debian by debootstrap, and packages of PyPI.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import yaml

_HERE: Final = Path(__file__).parent
_ROOT: Final = _HERE.parents[2]
_SUITE: Final = "bookworm"
_DEBIAN: Final = "ca-certificates,curl,python3,python3-pip,python3-venv,redis-tools"
_BASE: Final = "localhost/stand-in:base"
_TRUSTED: Final = Path("/etc/ssl/certs/ca-certificates.crt")
_DEBIAN_RECIPE: Final = hashlib.sha256(_DEBIAN.encode()).hexdigest()
_RECIPE: Final = hashlib.sha256(
    b"".join((_HERE / name).read_bytes() for name in ("Dockerfile", "stand_ins.lock"))
    + _DEBIAN.encode()
).hexdigest()
_LABEL: Final = "stand-in-recipe"

Run = Callable[..., None]
"""Runs a command, and raises if it fails."""


def images() -> Mapping[str, str]:
    """Return the full name of the image for each stage of the stand-ins' Dockerfile."""
    services = yaml.safe_load((_ROOT / "localstack-compose.yml").read_text())["services"]
    python = re.findall(r"(?m)^FROM (\S+)", (_ROOT / "Dockerfile").read_text())[0]
    return {
        "python": f"docker.io/library/{python}",
        "redis": f"docker.io/{services['redis']['image']}",
        "localstack": f"docker.io/{services['localstack']['image']}",
    }


def provide(run: Run, env: Mapping[str, str]) -> None:
    """Make each image available to Podman in the environment `env`."""
    for stage, image in images().items():
        if _is_current(image, _RECIPE, env) or _pulled(image, env):
            continue
        if not _is_current(_BASE, _DEBIAN_RECIPE, env):
            _import_debian(run)
        label = f"--label={_LABEL}={_RECIPE}"
        command = ["podman", "build", "--network=host", "--format=docker", label]
        run(*command, f"--target={stage}", f"--tag={image}", str(_HERE))


def _is_current(image: str, recipe: str, env: Mapping[str, str]) -> bool:
    """Return whether the image exists and is not a stand-in of another recipe."""
    template = f'{{{{with index .Labels "{_LABEL}"}}}}{{{{.}}}}{{{{else}}}}pulled{{{{end}}}}'
    command = ["podman", "image", "inspect", "--format", template, image]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() in {recipe, "pulled"}


def _pulled(image: str, env: Mapping[str, str]) -> bool:
    command = ["podman", "pull", "--quiet", image]
    return subprocess.run(command, env=env, capture_output=True, check=False).returncode == 0


def _import_debian(run: Run) -> None:
    with tempfile.TemporaryDirectory(prefix="stand-in-") as scratch:
        root = Path(scratch, "root")
        run("debootstrap", "--variant=minbase", f"--include={_DEBIAN}", _SUITE, str(root))
        shutil.copy(_TRUSTED, root / "etc/ssl/certs")  # the authorities that this machine trusts
        archive = Path(scratch, "root.tar")
        run(
            "tar",
            "-C",
            str(root),
            "--exclude=./var/cache/apt/*",
            "--exclude=./dev/*",
            "-cf",
            str(archive),
            ".",
        )
        run("podman", "import", f"--change=LABEL {_LABEL}={_DEBIAN_RECIPE}", str(archive), _BASE)
