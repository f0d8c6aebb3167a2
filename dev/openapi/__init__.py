"""Builds the OpenAPI document: `python -m dev.openapi`. No Lambda imports it."""
