"""The Python and the processor of the functions, as Lambda and as wheels name them."""

from __future__ import annotations

import platform
import sys
from typing import Final, NamedTuple

from dev.deploy.failure import DeployFailed

LAMBDA_MINORS: Final = range(12, 15)
"""Lambda creates functions of Python 3.12 to 3.14, and no new ones of 3.11."""

_MACHINES: Final = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Lambda's names of processors, and those in wheels' tags."""
_GLIBC: Final = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")
"""Amazon Linux 2023, on which these Pythons run, has glibc 2.34."""


class Runtime(NamedTuple):
    """`minor` is the y of Python 3.y; `architecture` is as Lambda names it."""

    minor: int
    architecture: str

    @property
    def python(self) -> str:
        """The version, as pip writes it."""
        return f"3.{self.minor}"

    @property
    def platforms(self) -> list[str]:
        """The platforms of compatible wheels, as pip names them."""
        return [f"{glibc}_{_MACHINES[self.architecture]}" for glibc in _GLIBC]


def of_lambda(architecture: str) -> Runtime:
    """Return this Python as AWS runs it. Raise `DeployFailed` if Lambda does not support it."""
    minor = sys.version_info.minor
    if minor not in LAMBDA_MINORS:
        raise DeployFailed(
            f"Lambda takes functions of Python 3.12 to 3.14, and this is Python 3.{minor}; "
            "try: make VENV=.local/venv-3.13 PYTHON=python3.13 deploy"
        )
    return Runtime(minor, architecture)


def of_this_machine() -> Runtime:
    """Return this Python and this machine's processor, for an emulator."""
    arm = platform.machine() in ("arm64", "aarch64")
    return Runtime(sys.version_info.minor, "arm64" if arm else "x86_64")
