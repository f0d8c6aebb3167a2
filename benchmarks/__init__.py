"""What is measured, each by one command. Never deployed; `chalicelib` knows nothing of it."""
