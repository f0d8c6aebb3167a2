"""Removes the settings of the developer's shell from every test's environment."""

import os
import re
from collections.abc import Iterator

import pytest

from chalicelib.resources import RESOURCES

pytest_plugins = ["tests.fixtures"]

_RESOURCES = "|".join(each.name for each in RESOURCES)
_FOREIGN = re.compile(
    rf"(AWS|REDIS|CACHE|API|LOG|{_RESOURCES}|CURSOR|WRITE|READ|COGNITO|WATCH|CORS|DYNAMODB)_.*"
    r"|DEBUG|METRICS|STAGE|PERSIST|(http|https|no|all)_proxy"
    r"|PYTHON(WARNINGS|DEVMODE|OPTIMIZE|TRACEMALLOC|INSPECT|VERBOSE)|TQDM_.*|_X_AMZN_TRACE_ID",
    re.IGNORECASE,
)
"""Variables of the project, of boto3 and of Python that change a program's behaviour."""
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="session", autouse=True)
def environment() -> Iterator[None]:
    """Remove the shell's variables, and set invalid credentials."""
    with pytest.MonkeyPatch.context() as patch:
        for name in filter(_FOREIGN.fullmatch, list(os.environ)):
            patch.delenv(name)
        for name, value in _CREDENTIALS.items():
            patch.setenv(name, value)
        yield
