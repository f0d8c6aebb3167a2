"""Limit (a): one GET by redis-py, and an answer."""

import os

import redis

cache = redis.Redis(host=os.environ["REDIS_HOST"], port=int(os.environ["REDIS_PORT"]))


def handler(event, _context):
    """Answer what is cached."""
    body = cache.get("product:" + event["pathParameters"]["product_id"])
    return answer(body.decode())


def answer(body):
    """Return JSON that is ready to send."""
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": body}
