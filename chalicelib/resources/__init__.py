"""
The resources of this API: one declaration each, from which the other names derive.

To add a resource: `docs/add-a-resource.md`.
"""

from typing import Final, NamedTuple


class Resource(NamedTuple):
    """`name`: the plural, as paths and settings have it. `noun`: how messages call one item."""

    name: str
    noun: str

    @property
    def key_prefix(self) -> str:
        """What the Redis key of each item begins with."""
        return f"{self.noun.lower()}:"

    @property
    def id_name(self) -> str:
        """How a path and the log call an item's id."""
        return f"{self.noun.lower()}_id"

    @property
    def table_variable(self) -> str:
        """The environment variable that names the DynamoDB table."""
        return f"{self.name.upper()}_TABLE"

    @property
    def stream_function(self) -> str:
        """The Lambda function that the table's stream calls: `app.py` declares it."""
        return "invalidate" if self == RESOURCES[0] else f"invalidate_{self.name}"

    @property
    def template_name(self) -> str:
        """What the names of its parts begin with in the templates of `infra/`."""
        return self.name.capitalize()

    @property
    def stream_variable(self) -> str:
        """The environment variable with the ARN of the table's stream."""
        return f"{self.name.upper()}_STREAM_ARN"


PRODUCTS: Final = Resource(name="products", noun="Product")

RESOURCES: Final = (PRODUCTS,)
