"""Starts an emulator of AWS on this machine, with its own credentials."""

from __future__ import annotations

import http.client
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

from dev.stack import guarded_emulator
from dev.stack.credentials import Credentials
from dev.stack.programs import ANSWER_SECONDS, ROOT, Program, Server, base_environment

REGION: Final = "us-east-1"
SERVICES: Final = "dynamodb,dynamodbstreams"


class Emulator(Server):
    """
    An emulator of AWS behind a guard, with `services` only. It accepts only `credentials`.

    With `data_dir`, it saves its data at a stop and loads it at the next start.
    """

    name = "The AWS emulator"

    def __init__(
        self,
        port: int | None = None,
        data_dir: Path | None = None,
        log: Path | None = None,
        services: str = SERVICES,
        credentials: Credentials | None = None,
    ) -> None:
        super().__init__(port)
        self._data_dir = data_dir
        self._log = log
        self._services = services
        self.credentials = credentials or Credentials.random()

    @property
    def url(self) -> str:
        """The value of `AWS_ENDPOINT_URL`."""
        return f"http://{self.host}:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return every AWS variable that SDKs need, so that they read no other configuration."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            **self.credentials.environment(),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def client(self, service: str) -> Any:
        """Return a client of the account's root. It ignores the user's configuration."""
        import boto3
        from botocore.config import Config
        from botocore.session import Session

        no_profile = (None, None, None, None)
        no_file = (None, None, os.devnull, None)
        files = {"config_file": no_file, "credentials_file": no_file}
        session = boto3.Session(
            botocore_session=Session(session_vars={"profile": no_profile, **files})
        )
        return session.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=self.credentials.access_key_id,
            aws_secret_access_key=self.credentials.secret_access_key,
            config=Config(proxies={}),
        )

    def _launched(self, scratch: Path) -> Program:
        command = [str(self._python()), "-m", "dev.stack.guarded_emulator"]
        env = {**base_environment(), **self._options(scratch), **self.credentials.environment()}
        return Program(self.name, command, env, cwd=scratch, log=self._log)

    def _python(self) -> Path:
        return Path(sys.executable)

    def _options(self, scratch: Path) -> dict[str, str]:
        options = {
            "PYTHONPATH": str(ROOT),
            "SERVICES": self._services,
            "BIND_HOST": self.host,
            "GATEWAY_PORT": str(self.port),
            "TMPDIR": str(scratch),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "PERSIST_STATE": "0",
        }
        if self._data_dir is not None:
            options |= {"PERSIST_STATE": "1", "STATE_DIR": str(self._data_dir.resolve())}
        return options

    def _answers(self) -> bool:
        """Whether the process of this start answers, and not another emulator."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", guarded_emulator.PID_PATH)
            response = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            connection.close()
        return bool(response == {"pid": self.pid})
