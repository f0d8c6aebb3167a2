"""Limit (c): as (b); a PUT is checked by Pydantic, and is one UpdateItem and a DEL."""

from decimal import Decimal
from typing import Annotated

import miss
from hit import answer, cache
from pydantic import BaseModel, Field


class Changes(BaseModel):
    """The fields to change."""

    name: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    description: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    price: Annotated[Decimal, Field(gt=0)] | None = None
    stock_quantity: Annotated[int, Field(ge=0)] | None = None
    category: str | None = None


def handler(event, context):
    """Answer a read as (b) does, or change the product."""
    if event["httpMethod"] == "GET":
        return miss.handler(event, context)
    product_id = event["pathParameters"]["product_id"]
    named = Changes.model_validate_json(event["body"]).model_dump(exclude_unset=True)
    changed = miss.dynamodb.update_item(
        TableName=miss.TABLE,
        Key={"id": {"S": product_id}},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in named),
        ExpressionAttributeNames={f"#{name}": name for name in named},
        ExpressionAttributeValues={
            f":{name}": {"N" if name in miss.NUMBERS else "S": str(value)}
            for name, value in named.items()
        },
        ReturnValues="ALL_NEW",
    )
    cache.delete("product:" + product_id)
    return answer(miss.to_json(changed["Attributes"]))
