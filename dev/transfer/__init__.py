"""Import and export of products, as NDJSON or a JSON array."""
