"""Writes `chalicelib/api/openapi.json`: `make openapi`."""

from dev.openapi.document import FILE, build, render

FILE.write_text(render(build()), encoding="utf-8")
print(f"Wrote {FILE.relative_to(FILE.parents[2])}")
