"""Fakes written by hand, and wrappers that record commands and calls."""
