"""
The composition root: builds each object once per container, on first use.

The one place for lazy imports. What a cache hit does not need (boto3, Pydantic) is imported
when it is first needed, or by `import_all` where that is better: `docs/decisions/0035`.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib import redis_store
from chalicelib.cache import Cache
from chalicelib.cache_entry import Policy
from chalicelib.catalog import Catalog
from chalicelib.config import Settings
from chalicelib.invalidator import Invalidator
from chalicelib.product_cache import ProductCache, ReadsBypassed, RepresentationCodec, entry_of
from chalicelib.redis_store import ClusterStore, RedisStore

if TYPE_CHECKING:
    import redis

    from chalicelib.models import ProductChanges, ProductDraft
    from chalicelib.repository import DynamoDB, Repository


class Container:
    """The objects of one process. Tests build their own, with fakes at its two edges."""

    def __init__(
        self,
        settings: Settings,
        redis: redis.Redis | None = None,
        dynamodb: DynamoDB | None = None,
    ) -> None:
        self.settings = settings
        self._redis = redis
        self._dynamodb = dynamodb

    @cached_property
    def catalog(self) -> Catalog:
        """The use cases."""
        return Catalog(self.cache, lambda: self.repository)

    @cached_property
    def invalidator(self) -> Invalidator:
        """What the table's stream drives."""
        return Invalidator(self.cache.invalidate, entry_of)

    @cached_property
    def cache(self) -> ProductCache | ReadsBypassed:
        """The products' cache; where the settings want none, what only writes go through."""
        if not self.settings.redis_host:
            return ReadsBypassed(None)
        policy = Policy(
            ttl_seconds=self.settings.cache_ttl_seconds,
            negative_ttl_seconds=self.settings.cache_negative_ttl_seconds,
            strict=self.settings.cache_write_policy == "strict",
        )
        cache = ProductCache(Cache(self.redis, RepresentationCodec(), policy))
        return cache if self.settings.cache_enabled else ReadsBypassed(cache)

    @cached_property
    def redis(self) -> RedisStore | ClusterStore:
        """Redis, behind a circuit breaker, or each node of a cluster behind its own."""
        if self._redis is not None:
            return RedisStore(self._redis)
        return redis_store.connect(self.settings)

    @cached_property
    def repository(self) -> Repository:
        """The table of products."""
        from chalicelib import aws, dynamodb
        from chalicelib.cursors import Cursors
        from chalicelib.repository import Repository

        client = self._dynamodb or aws.connect("dynamodb", self.settings)
        return Repository(
            client,
            self.settings.products_table,
            Cursors(self.settings.cursor_secret),
            dynamodb.Retries(self.settings.dynamodb_retry_seconds),
        )


_container: Container | None = None


def container() -> Container:
    """Return this process's objects; raise `SettingsError` where a setting is invalid."""
    global _container  # noqa: PLW0603 — one per process, and this is the place for it
    if _container is None:
        _container = Container(Settings.from_env(os.environ))
    return _container


def use(replacement: Container | None) -> None:
    """Take `replacement` from now on (`None`: build from the environment when next asked)."""
    global _container  # noqa: PLW0603
    _container = replacement


def import_all() -> None:
    """Import now what a first miss or a first write would import, and make DynamoDB's client."""
    from chalicelib import models  # noqa: F401 — `parse_draft` uses it

    _ = container().catalog, container().repository


def parse_draft(data: object) -> ProductDraft:
    """Check a new product. Raise `InvalidProduct`."""
    from chalicelib import models

    return models.parse(models.ProductDraft, data)


def parse_changes(data: object) -> ProductChanges:
    """Check a partial update. Raise `InvalidProduct`."""
    from chalicelib import models

    return models.parse(models.ProductChanges, data)
