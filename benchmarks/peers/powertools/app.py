"""Products on Powertools' resolver: its validation by Pydantic, its Logger."""

import json
import os
import uuid
from decimal import Decimal
from typing import Annotated

import boto3
import redis
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from pydantic import BaseModel, Field

app = APIGatewayRestResolver(enable_validation=True)
logger = Logger(service="products")
table = boto3.resource("dynamodb").Table(os.environ["PRODUCTS_TABLE"])
cache = redis.Redis(host=os.environ["REDIS_HOST"], port=int(os.environ["REDIS_PORT"]))

TTL_SECONDS = 3600


class Draft(BaseModel):
    """A new product."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    description: Annotated[str, Field(min_length=1, max_length=10_000)]
    price: Annotated[Decimal, Field(gt=0)]
    stock_quantity: Annotated[int, Field(ge=0)]
    category: str | None = None


class Changes(BaseModel):
    """The fields to change."""

    name: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    description: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    price: Annotated[Decimal, Field(gt=0)] | None = None
    stock_quantity: Annotated[int, Field(ge=0)] | None = None
    category: str | None = None


FIELDS = ("id", *Draft.model_fields)


@app.post("/products")
def create_product(draft: Draft):
    """Store a new product."""
    product = {"id": str(uuid.uuid4()), **draft.model_dump(exclude_none=True)}
    table.put_item(Item=product)
    return answer(to_json(product), 201)


@app.get("/products/<product_id>")
def get_product(product_id: str):
    """Answer from the cache, or from the table."""
    cached = cache.get(f"product:{product_id}")
    if cached is not None:
        logger.info("cache hit", product_id=product_id)
        return answer(cached.decode())
    logger.info("cache miss", product_id=product_id)
    product = table.get_item(Key={"id": product_id}).get("Item")
    if product is None:
        raise NotFoundError(f"Product with id '{product_id}' not found")
    body = to_json(product)
    cache.setex(f"product:{product_id}", TTL_SECONDS, body)
    return answer(body)


@app.put("/products/<product_id>")
def update_product(product_id: str, changes: Changes):
    """Change the fields that the body names."""
    named = changes.model_dump(exclude_unset=True)
    product = table.update_item(
        Key={"id": product_id},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in named),
        ExpressionAttributeNames={f"#{name}": name for name in named},
        ExpressionAttributeValues={f":{name}": value for name, value in named.items()},
        ReturnValues="ALL_NEW",
    )["Attributes"]
    cache.delete(f"product:{product_id}")
    return answer(to_json(product))


@app.delete("/products/<product_id>")
def delete_product(product_id: str):
    """Remove the product."""
    table.delete_item(Key={"id": product_id})
    cache.delete(f"product:{product_id}")
    return Response(status_code=204)


def answer(body, status=200):
    """Return JSON that is ready to send."""
    return Response(status_code=status, content_type="application/json", body=body)


def to_json(product):
    """Return a product as JSON."""
    return json.dumps({name: product[name] for name in FIELDS if name in product}, default=float)


@logger.inject_lambda_context
def handler(event, context):
    """Resolve one event."""
    return app.resolve(event, context)
