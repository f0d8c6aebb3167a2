"""The cache protocol over fakeredis and over a real Valkey."""

import pytest

from chalicelib.cache import Cache
from tests.doubles.caching import a_cache
from tests.doubles.recording import Recorder


@pytest.fixture
def cache(redis: Recorder) -> Cache[str]:
    """Return a cache of texts, empty."""
    return a_cache(redis)
