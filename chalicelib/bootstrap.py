"""
The composition root: builds the objects of one process, each once, on first use.

The one place for lazy imports, with each resource's `parts.py`. What a cache hit does not need
(boto3, Pydantic) is imported on first use, or by `import_all` where that is better:
`docs/decisions/0035`.
"""

from __future__ import annotations

from functools import cached_property, partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

from chalice.app import Chalice

from chalicelib import redis_store
from chalicelib.api import access, cors, docs, health, root, routes
from chalicelib.caching import stream
from chalicelib.caching.entries import Policy
from chalicelib.caching.item_cache import ItemCache, ReadsBypassed
from chalicelib.caching.protocol import Cache
from chalicelib.errors import CacheUnavailable
from chalicelib.products.parts import Products
from chalicelib.redis_store import ClusterStore, RedisStore
from chalicelib.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis

    from chalicelib.api.routes import Routes
    from chalicelib.caching.codec import ItemCodec
    from chalicelib.dynamodb.reads import DynamoDB
    from chalicelib.dynamodb.table import Table
    from chalicelib.resources.representation import Representation
    from chalicelib.settings import Settings


class Parts(Protocol):
    """What the parts of every resource have, as `products/parts.py` explains."""

    @property
    def resource(self) -> Resource: ...
    @property
    def routes(self) -> Routes: ...
    @property
    def catalog(self) -> Any: ...
    @property
    def cache(self) -> ItemCache | ReadsBypassed: ...
    @property
    def repository(self) -> Table[Any]: ...
    @property
    def invalidator(self) -> stream.Invalidator: ...
    def import_all(self) -> None: ...

    def parse_identified(self, data: object) -> tuple[str | None, dict[str, Any]]: ...

    def represent(self, item: Any) -> Representation: ...


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
        self.products = Products(self)
        self.resources: tuple[Parts, ...] = (self.products,)
        """The parts of each resource."""

    @cached_property
    def redis(self) -> RedisStore | ClusterStore:
        """Redis, behind a circuit breaker, or each node of a cluster behind its own."""
        if self._redis is not None:
            return RedisStore(self._redis)
        return redis_store.connect(self.settings)

    @cached_property
    def dynamodb(self) -> DynamoDB:
        """The client of DynamoDB."""
        if self._dynamodb is not None:
            return self._dynamodb
        from chalicelib.dynamodb.client import connect

        client: DynamoDB = connect("dynamodb", self.settings)
        return client

    def item_cache(self, codec: ItemCodec) -> ItemCache | ReadsBypassed:
        """Return the cache of a resource; with the cache switched off, one that is bypassed."""
        if not self.settings.redis_host:
            return ReadsBypassed(None)
        policy = Policy(
            ttl_seconds=self.settings.cache_ttl_seconds,
            negative_ttl_seconds=self.settings.cache_negative_ttl_seconds,
            strict=self.settings.cache_write_policy == "strict",
        )
        cache = ItemCache(Cache(self.redis, codec, policy), codec)
        return cache if self.settings.cache_enabled else ReadsBypassed(cache)

    def table_options(self, resource: Resource) -> dict[str, Any]:
        """Return what the table of a resource is built of."""
        from chalicelib.dynamodb.cursors import Cursors
        from chalicelib.dynamodb.retries import Retries

        return {
            "client": self.dynamodb,
            "table": self.settings.tables[resource.name],
            "resource": resource,
            "cursors": Cursors(self.settings.cursor_secret),
            "retries": Retries(self.settings.dynamodb_retry_seconds),
        }

    def check_redis(self) -> None:
        """Raise `CacheUnavailable` unless the cache is on and every command is allowed."""
        if not self.settings.cache_enabled:
            raise CacheUnavailable("switched off")
        for parts in self.resources:
            self.redis.check(f"{parts.resource.key_prefix}health")

    def check_dynamodb(self) -> None:
        """Raise `StoreUnavailable` unless each table answers."""
        for parts in self.resources:
            parts.repository.ping()

    def import_all(self) -> None:
        """Import now what a first miss or write would import, and make DynamoDB's client."""
        for parts in self.resources:
            parts.import_all()

    def invalidate(self, records: Sequence[stream.Record]) -> None:
        """Delete the cache entries that a batch of stream records has outdated."""
        by_table = {self.settings.tables[each.resource.name]: each for each in self.resources}
        for table, batch in groupby(records, stream.table_of):
            if table in by_table:
                by_table[table].invalidator.process(list(batch))
            else:
                for record in batch:
                    stream.log_malformed(record)


def create_app(container: Container) -> Chalice:
    """Return the app with every route, each protected as the settings require."""
    settings = container.settings
    app = Chalice(app_name="product-catalog")
    app.api.binary_types = []
    app.api.cors = cors.config(settings.cors_allow_origin)
    app.register_middleware(partial(routes.answer, app.api), "http")
    for parts in container.resources:
        app.register_blueprint(parts.routes)
    app.register_blueprint(health.HealthRoutes(container.check_redis, container.check_dynamodb))
    app.register_blueprint(docs.DocsRoutes(enabled=settings.docs))
    resources = [parts.resource.name for parts in container.resources]
    app.register_blueprint(root.RootRoutes(resources, with_docs=settings.docs))
    access.guard(app.routes, settings)
    return app
