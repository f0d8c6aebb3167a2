"""Declares the Lambda functions of the product catalog. The rules are in `chalicelib`."""

from collections.abc import Callable
from typing import Any

from chalice.app import DynamoDBEvent

from chalicelib import bootstrap, telemetry
from chalicelib.resources import RESOURCES
from chalicelib.settings import at_start

# An invalid setting stops the start, here, and not the first request.
settings = at_start.settings()
telemetry.configure(settings)
container = bootstrap.Container(settings)
if settings.imports_early:
    container.import_all()
app = bootstrap.create_app(container)


def on_each_stream(handler: Callable[[DynamoDBEvent], None]) -> Any:
    """
    Declare a function for each table's stream, so that no table's failing records delay another's.

    From the stream's start: a record written before the mapping was made invalidates too.
    """
    declared = [
        app.on_dynamodb_record(
            stream_arn=settings.stream_arns[resource.name],
            name=resource.stream_function,
            starting_position="TRIM_HORIZON",
        )(handler)
        for resource in RESOURCES
    ]
    return declared[0]  # all do the same


# Declared here and not in a blueprint, where the middleware of `app` would be skipped.
@on_each_stream
def invalidate(event: DynamoDBEvent) -> None:
    """Delete the cache keys behind a batch of stream records. Lambda repeats what raises."""
    telemetry.begin(request_id=getattr(event.context, "aws_request_id", ""))
    container.invalidate(event.to_dict()["Records"])
