"""Tests by boundary; `doubles` holds the fakes. See `CONTRIBUTING.md`."""
