"""Random AWS credentials for one start of an emulator, and a credentials file for AWS SDKs."""

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
    """The id is secret too, because an emulator does not check its root's signature."""

    access_key_id: str
    secret_access_key: str

    @classmethod
    def random(cls) -> Self:
        """Return a random pair. Emulators treat an id of 12 digits as root, so it has letters."""
        tail = "".join(secrets.choice(_LETTERS) for _ in range(_ID_LENGTH - 4))
        return cls(f"AKIA{tail}", secrets.token_urlsafe(30))

    def environment(self) -> dict[str, str]:
        """Return the environment variables that AWS SDKs read."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
        }

    @contextmanager
    def file(self, path: Path) -> Iterator[None]:
        """Keep the credentials in `path` during the block. Only the owner can read the file."""
        path.unlink(missing_ok=True)  # left by a killed stack
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("[default]\n")
            file.writelines(
                f"{name.lower()} = {value}\n" for name, value in self.environment().items()
            )
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
