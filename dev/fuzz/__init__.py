"""Holds the API to its own document, by thousands of requests that schemathesis makes of it."""
