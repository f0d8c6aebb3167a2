"""Products on Chalice, as its tutorial goes: boto3's resource, redis-py's defaults, dicts."""

import json
import os
import uuid
from decimal import Decimal

import boto3
import redis
from chalice import BadRequestError, Chalice, NotFoundError, Response

app = Chalice(app_name="products")
table = boto3.resource("dynamodb").Table(os.environ["PRODUCTS_TABLE"])
cache = redis.Redis(host=os.environ["REDIS_HOST"], port=int(os.environ["REDIS_PORT"]))

FIELDS = ("name", "description", "price", "stock_quantity", "category")
TTL_SECONDS = 3600


@app.route("/products", methods=["POST"])
def create_product():
    """Store a new product."""
    product = {"id": str(uuid.uuid4()), **fields_of(app.current_request)}
    if "name" not in product or "price" not in product:
        raise BadRequestError("name and price are required")
    table.put_item(Item=product)
    return Response(to_json(product), {"Content-Type": "application/json"}, 201)


@app.route("/products/{product_id}", methods=["GET"])
def get_product(product_id):
    """Answer from the cache, or from the table."""
    cached = cache.get(f"product:{product_id}")
    if cached is not None:
        return json.loads(cached)
    product = table.get_item(Key={"id": product_id}).get("Item")
    if product is None:
        raise NotFoundError(f"Product with id '{product_id}' not found")
    body = to_json({name: product[name] for name in ("id", *FIELDS) if name in product})
    cache.setex(f"product:{product_id}", TTL_SECONDS, body)
    return json.loads(body)


@app.route("/products/{product_id}", methods=["PUT"])
def update_product(product_id):
    """Change the fields that the body names."""
    changes = fields_of(app.current_request)
    product = table.update_item(
        Key={"id": product_id},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes),
        ExpressionAttributeNames={f"#{name}": name for name in changes},
        ExpressionAttributeValues={f":{name}": value for name, value in changes.items()},
        ReturnValues="ALL_NEW",
    )["Attributes"]
    cache.delete(f"product:{product_id}")
    return json.loads(to_json({name: product[name] for name in ("id", *FIELDS) if name in product}))


@app.route("/products/{product_id}", methods=["DELETE"])
def delete_product(product_id):
    """Remove the product."""
    table.delete_item(Key={"id": product_id})
    cache.delete(f"product:{product_id}")
    return Response("", status_code=204)


def fields_of(request):
    """Return the fields that a body names; fractions as DynamoDB takes them."""
    body = json.loads(request.raw_body, parse_float=Decimal)
    return {name: body[name] for name in FIELDS if name in body}


def to_json(product):
    """Return a product as JSON."""
    return json.dumps(product, default=float)
