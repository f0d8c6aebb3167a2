"""Declares the Lambda functions of the product catalog. The rules are in `chalicelib`."""

from chalice.app import DynamoDBEvent

from chalicelib import bootstrap, telemetry
from chalicelib.resources import PRODUCTS
from chalicelib.settings import at_start

# An invalid setting stops the start, here, and not the first request.
settings = at_start.settings()
telemetry.configure(settings)
container = bootstrap.Container(settings)
if settings.imports_early:
    container.import_all()
app = bootstrap.create_app(container)


# Declared here and not in a blueprint, where the middleware of `app` would be skipped.
# From the stream's start: a record written before the mapping was made invalidates too.
@app.on_dynamodb_record(
    stream_arn=settings.stream_arns[PRODUCTS.name],
    name="invalidate",
    starting_position="TRIM_HORIZON",
)
def invalidate(event: DynamoDBEvent) -> None:
    """Delete the cache keys behind a batch of stream records. Lambda repeats what raises."""
    telemetry.begin(request_id=getattr(event.context, "aws_request_id", ""))
    container.invalidate(event.to_dict()["Records"])
