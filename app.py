"""Declares every Lambda of the product catalog. The rules live in `chalicelib`."""

from functools import partial

from chalice.app import Chalice, DynamoDBEvent

from chalicelib import start, telemetry, wiring
from chalicelib.api import access, cors, docs, health, products, root, routes

# An invalid setting stops the start, here, and not the first request.
settings = start.settings()
telemetry.configure(settings)
if settings.imports_early:
    wiring.import_all()

app = Chalice(app_name="product-catalog")
app.api.binary_types = []
app.api.cors = cors.config(settings.cors_allow_origin)
app.register_middleware(partial(routes.answer, app.api), "http")
app.register_blueprint(products.routes)
app.register_blueprint(health.routes)
app.register_blueprint(docs.routes)
app.register_blueprint(root.routes)
access.guard(app.routes, settings)


# Declared here and not in a blueprint, where the middleware of `app` would be skipped.
# From the stream's start: a record written before the mapping was made invalidates too.
@app.on_dynamodb_record(
    stream_arn=settings.products_stream_arn, name="invalidate", starting_position="TRIM_HORIZON"
)
def invalidate(event: DynamoDBEvent) -> None:
    """Delete the cache keys behind a batch of stream records. Lambda repeats what raises."""
    telemetry.begin(request_id=getattr(event.context, "aws_request_id", ""))
    wiring.container().invalidator.process(event.to_dict()["Records"])
