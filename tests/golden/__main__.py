"""Writes the golden file of a new `SCHEMA`, in place of the last one: `make golden`."""

import sys

from tests.golden import FILE, FOLDER, entry

if FILE.exists():
    sys.exit(f"{FILE.name} exists: first raise SCHEMA in chalicelib/products/model.py")
for last in FOLDER.glob("cache-entry-*.bin"):
    last.unlink()
FILE.write_bytes(entry())
sys.stdout.write(f"Wrote {FILE.relative_to(FOLDER.parents[1])}\n")
