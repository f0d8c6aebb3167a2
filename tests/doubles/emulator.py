"""The AWS emulator as a process of its own, on a free port, ended by its own id."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Self

import botocore.session

START_SECONDS = 60


class Emulator:
    """Use it as a context: it runs inside."""

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="emulator-")
        self._log = Path(self._home.name, "emulator.log")
        self.url = f"http://127.0.0.1:{_free_port()}"

    def __enter__(self) -> Self:
        with self._log.open("w") as log:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "ministack"],
                env=self._environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._home.name,
            )
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        try:
            self._server.wait(10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._home.cleanup()

    def create_stack(self, name: str, template: str, **parameters: str) -> None:
        """Deploy a CloudFormation template, and wait until it stands."""
        session = botocore.session.get_session()
        client = session.create_client("cloudformation", "eu-central-1", endpoint_url=self.url)
        given = [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
        client.create_stack(StackName=name, TemplateBody=template, Parameters=given)
        client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": self.url.rpartition(":")[2],
            "MINISTACK_REGION": "eu-central-1",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "TMPDIR": self._home.name,
        }

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(self._log.read_text())
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5) as answer:  # noqa: S310 — http on this host
                return answer.status == 200
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
