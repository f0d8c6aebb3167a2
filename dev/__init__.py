"""The local stack and the tools around it. Never deployed; `chalicelib` does not import it."""
