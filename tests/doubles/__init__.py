"""Fakes written by hand, and wrappers that count what goes over the wire."""
