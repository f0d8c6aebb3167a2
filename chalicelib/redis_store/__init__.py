"""
Redis, by redis-py: the cache protocol's commands to one server or to a cluster.

What redis-py leaves to its users is here: nothing waits longer than a time-out, a circuit breaker
for each server, and what its errors mean to the cache. Knows no product.
"""

from __future__ import annotations

from chalicelib.redis_store.client import connector
from chalicelib.redis_store.cluster import ClusterStore
from chalicelib.redis_store.nodes import Nodes
from chalicelib.redis_store.slots import Address
from chalicelib.redis_store.store import RedisStore
from chalicelib.settings import Settings

__all__ = ["ClusterStore", "RedisStore", "connect"]


def connect(settings: Settings) -> RedisStore | ClusterStore:
    """Return the store of the settings. It connects with its first command."""
    seed = Address(settings.redis_host, settings.redis_port)
    client_of = connector(settings)
    return (
        ClusterStore(Nodes(client_of, seed))
        if settings.redis_cluster
        else RedisStore(client_of(*seed))
    )
