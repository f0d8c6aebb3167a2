"""The cache-aside protocol: leases, fences, invalidation. Knows no Redis client and no resource."""
