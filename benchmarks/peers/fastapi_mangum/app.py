"""Products on FastAPI, behind Mangum."""

import json
import os
import uuid
from decimal import Decimal
from typing import Annotated

import boto3
import redis
from fastapi import FastAPI, HTTPException, Response
from mangum import Mangum
from pydantic import BaseModel, Field

app = FastAPI(title="products")
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
def create_product(draft: Draft) -> Response:
    """Store a new product."""
    product = {"id": str(uuid.uuid4()), **draft.model_dump(exclude_none=True)}
    table.put_item(Item=product)
    return answer(to_json(product), 201)


@app.get("/products/{product_id}")
def get_product(product_id: str) -> Response:
    """Answer from the cache, or from the table."""
    cached = cache.get(f"product:{product_id}")
    if cached is not None:
        return answer(cached)
    product = table.get_item(Key={"id": product_id}).get("Item")
    if product is None:
        raise HTTPException(404, f"Product with id '{product_id}' not found")
    body = to_json(product)
    cache.setex(f"product:{product_id}", TTL_SECONDS, body)
    return answer(body)


@app.put("/products/{product_id}")
def update_product(product_id: str, changes: Changes) -> Response:
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


@app.delete("/products/{product_id}")
def delete_product(product_id: str) -> Response:
    """Remove the product."""
    table.delete_item(Key={"id": product_id})
    cache.delete(f"product:{product_id}")
    return Response(status_code=204)


def answer(body, status=200):
    """Return JSON that is ready to send."""
    return Response(body, status, media_type="application/json")


def to_json(product):
    """Return a product as JSON."""
    return json.dumps({name: product[name] for name in FIELDS if name in product}, default=float)


handler = Mangum(app, lifespan="off")
