"""Runs the cache tests with fakeredis, a real Valkey and a cluster of three."""

from collections.abc import Iterator

import pytest

from chalicelib.caching.protocol import Cache
from tests.doubles.caching import a_cache
from tests.doubles.cluster import LocalCluster, RecordingCluster
from tests.doubles.recording import Recorder


@pytest.fixture
def clustered_redis(cluster: LocalCluster) -> Iterator[RecordingCluster]:
    """Return a client of the cluster, without keys."""
    client = cluster.client()
    client.flushall()
    yield client
    client.close()


@pytest.fixture(params=["fakeredis", "valkey", "cluster"])
def redis(request: pytest.FixtureRequest) -> Recorder | RecordingCluster:
    """Return each kind of Redis in turn."""
    names = {"fakeredis": "fake_redis", "valkey": "real_redis", "cluster": "clustered_redis"}
    return request.getfixturevalue(names[request.param])


@pytest.fixture
def cache(redis: Recorder) -> Cache[str]:
    """Return an empty cache of texts."""
    return a_cache(redis)
