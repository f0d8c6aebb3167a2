"""
Fetches the pages' libraries from npm into `chalicelib/api/assets`: `python -m dev.openapi.assets`.

To use a newer version, change `PACKAGES`, the names in `api/docs.py` and in the two pages. Needs
`npm`. The downloads are checked with the digests below.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from chalicelib.api.docs import DIRECTORY

ASSETS: Final = DIRECTORY / "assets"

_LOGO: Final = "https://cdn.redoc.ly/redoc/logo-mini.svg"
_NO_LOGO: Final = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E"


class NpmPackage(NamedTuple):
    """An npm package: its digest in npm's registry, and its files with their names here."""

    name: str
    sha512: str
    files: dict[str, str]


PACKAGES: Final = (
    NpmPackage(
        "swagger-ui-dist@5.35.0",
        "U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==",
        {
            "swagger-ui-bundle.js": "swagger-ui-5.35.0.js",
            "swagger-ui.css": "swagger-ui-5.35.0.css",
            "LICENSE": "swagger-ui.LICENSE.txt",
            "NOTICE": "swagger-ui.NOTICE.txt",
            "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui.LICENSES-INSIDE.txt",
        },
    ),
    NpmPackage(
        "redoc@2.5.4",
        "M6jWhG1qoBnH6TFmzJnstyCZ87HmOY/UzDm78mHiYihEdlV/YcS9ogOo1NlElnJMeLsyxHFe2yFc4sNjHTrABQ==",
        {
            "bundles/redoc.standalone.js": "redoc-2.5.4.js",
            "LICENSE": "redoc.LICENSE.txt",
            "bundles/redoc.standalone.js.LICENSE.txt": "redoc.LICENSES-INSIDE.txt",
        },
    ),
)


def main() -> None:
    """Fetch, check and unpack each package."""
    for package in PACKAGES:
        with tempfile.TemporaryDirectory() as scratch:
            _unpack(_fetch(package, Path(scratch)), package)
        print(f"Unpacked {len(package.files)} files of {package.name}")


def _fetch(package: NpmPackage, scratch: Path) -> Path:
    subprocess.run(["npm", "pack", "--silent", package.name], cwd=scratch, check=True, stdout=2)
    (archive,) = scratch.glob("*.tgz")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != package.sha512:
        sys.exit(f"{package.name} differs from the reviewed package: its sha512 is {digest}")
    return archive


def _unpack(archive: Path, package: NpmPackage) -> None:
    with tarfile.open(archive) as files:
        for source, target in package.files.items():
            member = files.extractfile(f"package/{source}")
            if member is None:
                raise FileNotFoundError(source)
            (ASSETS / target).write_bytes(_without_logo(member.read()))


def _without_logo(content: bytes) -> bytes:
    """Return the file without the one image that ReDoc would load from another host."""
    return content.replace(_LOGO.encode(), _NO_LOGO.encode())


if __name__ == "__main__":
    main()
