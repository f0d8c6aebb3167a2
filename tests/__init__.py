"""The tests: `unit` (no network), `integration` (real servers), `doubles` (fakes made by hand)."""
