"""A pair of AWS keys for one start of an emulator, and the file that hands them to AWS's SDKs."""

from __future__ import annotations

import os
import secrets
import string
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, Self

_LETTERS: Final = string.ascii_uppercase + string.digits
_ID_LENGTH: Final = 20


class Credentials(NamedTuple):
    """The id is a secret too: an emulator does not check its root's signature."""

    access_key_id: str
    secret_access_key: str

    @classmethod
    def random(cls) -> Self:
        """Return a pair that nobody can guess. No id of 12 digits: emulators take one for root."""
        tail = "".join(secrets.choice(_LETTERS) for _ in range(_ID_LENGTH - 4))
        return cls(f"AKIA{tail}", secrets.token_urlsafe(30))

    def environment(self) -> dict[str, str]:
        """Return the pair as AWS's SDKs read it from the environment."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
        }

    @contextmanager
    def file(self, path: Path) -> Iterator[None]:
        """Keep the pair in `path`, which only its owner can read, while the block runs."""
        path.unlink(missing_ok=True)  # a killed stack leaves its file
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("[default]\n")
            file.writelines(f"{name.lower()} = {it}\n" for name, it in self.environment().items())
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
