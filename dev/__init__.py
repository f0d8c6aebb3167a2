"""The local stack and the tools around it. Never deployed; `chalicelib` knows nothing of it."""
