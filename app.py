"""Declares every Lambda of the product catalog. The rules live in `chalicelib`."""

from chalice.app import Chalice

from chalicelib import telemetry, wiring
from chalicelib.api import health, products, routes

app = Chalice(app_name="product-catalog")
app.api.binary_types = []
app.register_middleware(routes.reshape, "http")
app.register_blueprint(products.routes)
app.register_blueprint(health.routes)

# A setting at fault stops the start, here, and not the first request.
telemetry.configure(wiring.container().settings)
