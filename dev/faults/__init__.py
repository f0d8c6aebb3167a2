"""Reads and writes at random under faults, and checks that no read is stale."""
