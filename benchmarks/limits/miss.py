"""Limit (b): as (a); on a miss one GetItem by boto3's client, and a SET."""

import json
import os

import boto3
from hit import answer, cache

dynamodb = boto3.client("dynamodb")
TABLE = os.environ["PRODUCTS_TABLE"]
TTL_SECONDS = 3600
FIELDS = ("id", "name", "description", "price", "stock_quantity", "category")
NUMBERS = {"price": float, "stock_quantity": int}


def handler(event, _context):
    """Answer from the cache, or from the table."""
    product_id = event["pathParameters"]["product_id"]
    cached = cache.get("product:" + product_id)
    if cached is not None:
        return answer(cached.decode())
    found = dynamodb.get_item(TableName=TABLE, Key={"id": {"S": product_id}}, ConsistentRead=True)
    body = to_json(found["Item"])
    cache.set("product:" + product_id, body, ex=TTL_SECONDS)
    return answer(body)


def to_json(item):
    """Return an item's fields as JSON."""
    values = {name: next(iter(item[name].values())) for name in FIELDS if name in item}
    return json.dumps({name: NUMBERS.get(name, str)(value) for name, value in values.items()})
