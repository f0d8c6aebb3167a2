"""The live page of the local stack, `make watch`: the cache at work, and buttons to try it."""
