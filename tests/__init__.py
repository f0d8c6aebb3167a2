"""Tests by boundary. `doubles` contains the fakes. See `CONTRIBUTING.md`."""
