"""The limit: a Lambda that does one GET, and nothing that an API would need beside it."""

import os

import redis

cache = redis.Redis(host=os.environ["REDIS_HOST"], port=int(os.environ["REDIS_PORT"]))


def handler(event, _context):
    """Answer what is cached."""
    body = cache.get(f"product:{event['pathParameters']['product_id']}")
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": body.decode(),
    }
