"""The product catalog. Start at `caching/cache_aside.py`; `bootstrap.py` joins the parts."""

VERSION = "0.1.0"
"""The one place for it: `pyproject.toml`, the OpenAPI document and `GET /` read it here."""
