"""
The first version of this API: FastAPI, SQLAlchemy over SQLite, cache-aside in Redis.

    uvicorn main:app

As FastAPI's tutorial on SQL databases has it, with neither handicaps nor
heroics: `def` endpoints, since a session and redis-py block; Pydantic in and out; on a write,
commit, then delete the key. Redis down costs a time-out and no error.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Annotated, Any

import redis
from fastapi import Depends, FastAPI, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Numeric, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

TTL_SECONDS = int(os.environ.get("CACHE_TTL_SECONDS", "3600"))
engine = create_engine(
    os.environ.get("DATABASE_URL", "sqlite:///products.db"),
    connect_args={"check_same_thread": False},
)
new_session = sessionmaker(engine, expire_on_commit=False)
cache = redis.Redis(
    host=os.environ.get("REDIS_HOST", "localhost"),
    port=int(os.environ.get("REDIS_PORT", "6379")),
    socket_timeout=1,
    socket_connect_timeout=1,
)


class Base(DeclarativeBase):
    """What SQLAlchemy's tables share."""


class Row(Base):
    """A product, as it is stored."""

    __tablename__ = "products"

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: str(uuid.uuid4()))
    name: Mapped[str]
    description: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Numeric(14, 4))
    stock_quantity: Mapped[int]
    category: Mapped[str | None]


class NewProduct(BaseModel):
    """What a client sends to make one."""

    name: str = Field(min_length=1, max_length=255)
    description: str = Field(min_length=1, max_length=10_000)
    price: float = Field(gt=0)
    stock_quantity: int = Field(ge=0)
    category: str | None = Field(None, max_length=100)


class Changes(BaseModel):
    """What a client sends to change one: any subset of the fields."""

    name: str | None = Field(None, min_length=1, max_length=255)
    description: str | None = Field(None, min_length=1, max_length=10_000)
    price: float | None = Field(None, gt=0)
    stock_quantity: int | None = Field(None, ge=0)
    category: str | None = Field(None, max_length=100)


class Product(NewProduct):
    """What a client gets."""

    model_config = ConfigDict(from_attributes=True)

    id: str


Base.metadata.create_all(engine)
app = FastAPI(title="Product catalog")


def session() -> Iterator[Session]:
    """Give each request a session of its own."""
    with new_session() as opened:
        yield opened


Db = Annotated[Session, Depends(session)]


@app.post("/products", status_code=201)
def create_product(new: NewProduct, db: Db) -> Product:
    """Store a new product."""
    row = Row(**new.model_dump())
    db.add(row)
    db.commit()
    return Product.model_validate(row)


@app.get("/products/{product_id}")
def read_product(product_id: str, db: Db, response: Response) -> Product:
    """Answer from the cache, or from the database and fill the cache."""
    if (cached := recall(product_id)) is not None:
        response.headers["X-Cache"] = "HIT"
        return Product.model_validate_json(cached)
    product = Product.model_validate(found(db, product_id))
    remember(product)
    response.headers["X-Cache"] = "MISS"
    return product


@app.put("/products/{product_id}")
def update_product(product_id: str, changes: Changes, db: Db) -> Product:
    """Change the fields that are given."""
    row = found(db, product_id)
    for name, value in changes.model_dump(exclude_unset=True).items():
        setattr(row, name, value)
    db.commit()
    forget(product_id)
    return Product.model_validate(row)


@app.delete("/products/{product_id}", status_code=204)
def delete_product(product_id: str, db: Db) -> None:
    """Remove the product."""
    db.delete(found(db, product_id))
    db.commit()
    forget(product_id)


@app.get("/health")
def health(db: Db) -> dict[str, Any]:
    """Ask both stores."""
    try:
        db.execute(text("SELECT 1"))
    except SQLAlchemyError:
        raise HTTPException(503, "The database does not answer") from None
    with suppress(redis.RedisError):
        return {"status": "healthy", "redis": "connected" if cache.ping() else "disconnected"}
    return {"status": "healthy", "redis": "disconnected"}


def found(db: Session, product_id: str) -> Row:
    """Return the row, or answer 404."""
    row = db.get(Row, product_id)
    if row is None:
        raise HTTPException(404, f"Product with id '{product_id}' not found")
    return row


def recall(product_id: str) -> bytes | None:
    """Return what the cache holds; nothing where it does not answer."""
    try:
        return cache.get(f"product:{product_id}")
    except redis.RedisError:
        return None


def remember(product: Product) -> None:
    """Put the product into the cache, if it answers."""
    with suppress(redis.RedisError):
        cache.set(f"product:{product.id}", product.model_dump_json(), ex=TTL_SECONDS)


def forget(product_id: str) -> None:
    """Delete the product's key, if the cache answers."""
    with suppress(redis.RedisError):
        cache.delete(f"product:{product_id}")
