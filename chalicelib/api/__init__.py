"""The HTTP side of the catalog: the only package, beside `app.py`, that knows Chalice."""
