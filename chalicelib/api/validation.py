"""
The rules of fields, by Pydantic: what the schemas of any resource share. Knows no resource.

Imported on the first write only: Pydantic costs 170 ms that no read should pay.
"""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.errors import MAX_ERRORS, FieldError, InvalidFields
from chalicelib.resources.representation import ID_PATTERN

# `\S`, written out: each dialect of regular expressions has its own idea of white space, and the
# OpenAPI document has this pattern too. It is Unicode's White_Space.
NOT_BLANK: Final = (
    r"[^\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a"
    r"\u2028\u2029\u202f\u205f\u3000]"
)
Id = Annotated[
    str,
    Field(
        pattern=ID_PATTERN,
        description="Made by the server, or contained in an import.",
        examples=["550e8400-e29b-41d4-a716-446655440000"],
        json_schema_extra={"format": "uuid"},
    ),
]
UNNAMED: Any = Field(default=None, validate_default=False)
"""The default of a field of `Changes` that may not be null."""
REMOVABLE: Any = Field(default=None, description="`null` removes it.")
"""The default of an optional field of `Changes`."""

_PATTERNS: Final = {
    NOT_BLANK: "Must not be only white space",
    ID_PATTERN: "Must be a UUID in lower case",
}
_KINDS: Final = {"model_type": "Must be a JSON object", "is_instance_of": "Must be a number"}
"""Messages in place of Pydantic's that name a Python class."""


class Fields(BaseModel):
    """The base of all schemas: no unknown field, no conversion of types."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class Changes(Fields):
    """
    Any subset of the fields.

    A field that the client did not name reads as `None` too, so use `named`.
    """

    def named(self) -> dict[str, Any]:
        """Return the fields that the client named, and only those."""
        return self.model_dump(exclude_unset=True)


Schema = TypeVar("Schema", bound=BaseModel)


def parse(schema: type[Schema], data: object) -> Schema:
    """Check `data`, decoded JSON whose fractions are `Decimal`. Raise `InvalidFields`."""
    data, left_out = _shortened(schema, data)
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        errors = [_field_error(each) for each in error.errors(include_url=False)]
        raise InvalidFields(errors, len(errors) + left_out) from None


def _shortened(schema: type[Schema], data: object) -> tuple[object, int]:
    """
    Leave out unknown fields past the first `MAX_ERRORS`; return also how many.

    Pydantic makes an error of each, and a body has room for thirty thousand.
    """
    if not isinstance(data, dict):
        return data, 0
    known = {name: data[name] for name in schema.model_fields if name in data}
    unknown = (name for name in data if name not in known)
    kept = known | {name: data[name] for name in islice(unknown, MAX_ERRORS)}
    return kept, len(data) - len(kept)


def _field_error(error: Any) -> FieldError:
    pattern = error.get("ctx", {}).get("pattern")
    msg = _PATTERNS.get(pattern) or _KINDS.get(error["type"], error["msg"])
    return FieldError(tuple(error["loc"]), msg, error["type"])
