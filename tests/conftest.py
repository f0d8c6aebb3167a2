"""What every test stands on: an environment that says nothing but what the project's tests need."""

import os
import re
from collections.abc import Iterator

import pytest

from chalicelib import wiring

_OURS = re.compile(
    r"(AWS|REDIS|CACHE|API|LOG|PRODUCTS|CURSOR|WRITE|READ|COGNITO|WATCH)_.*"
    r"|DEBUG|METRICS|STAGE|(http|https|no|all)_proxy",
    re.IGNORECASE,
)
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="session", autouse=True)
def environment() -> Iterator[None]:
    """Take away what the developer's shell says, and give credentials that open nothing."""
    with pytest.MonkeyPatch.context() as patch:
        for name in filter(_OURS.fullmatch, list(os.environ)):
            patch.delenv(name)
        for name, value in _CREDENTIALS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(autouse=True)
def no_container_left_over() -> Iterator[None]:
    """No test sees the objects that another one wired."""
    yield
    wiring.use(None)
