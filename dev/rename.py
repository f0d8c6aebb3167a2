"""
Renames the project in every file that Git has: `make rename NAME=order-desk`.

The name is in the app, its stacks, functions and metrics, the compose project and the documents.
Stacks that are deployed keep their old name, so rename before the first deployment.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
NAME: Final = "product-catalog"
"""The present name. Renaming changes this line too."""

_RULE: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST: Final = 20
"""With a stage, the name of a serverless cache has at most 40 characters."""
_KEPT: Final = ("LICENSE",)


def main(name: str) -> str | None:
    """Rename, and print the files changed; return what is wrong with `name`."""
    if not _RULE.fullmatch(name) or len(name) > _LONGEST:
        return f"NAME must be words of a-z and 0-9 joined by -, at most {_LONGEST} characters"
    for file in _files():
        text = file.read_bytes()
        if (renamed := _renamed(text, name)) != text:
            file.write_bytes(renamed)
            print(file.relative_to(ROOT))
    return None


def _files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    names = listed.stdout.decode().rstrip("\0").split("\0")
    files = (ROOT / each for each in names if each not in _KEPT)
    return [file for file in files if file.is_file()]


def _renamed(text: bytes, name: str) -> bytes:
    """Replace `product-catalog` and, as words, `product catalog` and `Product catalog`."""
    old_words, words = NAME.replace("-", " "), name.replace("-", " ")
    text = text.replace(NAME.encode(), name.encode())
    text = text.replace(old_words.encode(), words.encode())
    return text.replace(old_words.capitalize().encode(), words.capitalize().encode())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
