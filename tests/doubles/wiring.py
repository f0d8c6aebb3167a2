"""The type of the fixture that builds the app with fake Redis and DynamoDB."""

from collections.abc import Callable

from chalicelib.bootstrap import Container

Wire = Callable[..., Container]
