"""The expressions of a conditional write, for fields of any name."""

from datetime import UTC, datetime

import pytest

from chalicelib.dynamodb.expressions import Expression
from chalicelib.resources.precondition import Precondition

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize("name", ["v0", "n0", "second", "moment", "one"])
def test_a_field_may_have_the_name_of_a_placeholder(name: str) -> None:
    """The field's value does not replace a value of the condition, nor the reverse."""
    expression = Expression(Precondition({7}, {8}, MOMENT))
    expression.assign(name, "mine")

    first_try = expression.update()["ExpressionAttributeValues"]
    second_try = expression.unless_since(MOMENT)["ExpressionAttributeValues"]

    assert {":v0", ":n0", ":second", ":one", f":new_{name}"} == first_try.keys()
    assert {*first_try, ":moment"} == second_try.keys()
