"""Bars as SVG, without a library: they follow the reader's light or dark scheme."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final, NamedTuple

_HEAD: Final = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {height}" role="img">
<style>
  text {{ font: 13px system-ui, sans-serif; fill: #1f2328; }}
  .title {{ font-weight: 600; font-size: 15px; }}
  .quartiles {{ stroke: #59636e; stroke-width: 2; }}
  .ours {{ fill: #0969da; }} .limit {{ fill: #afb8c1; }} .peer {{ fill: #bc4c00; }}
  @media (prefers-color-scheme: dark) {{
    text {{ fill: #f0f6fc; }}
    .quartiles {{ stroke: #d1d9e0; }}
    .ours {{ fill: #4493f8; }} .limit {{ fill: #656c76; }} .peer {{ fill: #db6d28; }}
  }}
</style>
<text class="title" x="16" y="24">{title}</text>
"""


class Bar(NamedTuple):
    """A bar of the median, with a whisker from quartile to quartile."""

    label: str
    kind: str
    low: float
    median: float
    high: float


def bars(title: str, groups: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """Draw groups of bars, each group to a scale of its own."""
    parts, y = [], 52
    for name, group in groups:
        parts.append(f'<text x="16" y="{y}">{escape(name)}</text>')
        scale = 460 / max(bar.high for bar in group)
        for bar in group:
            y += 20
            parts += _bar(bar, y, scale)
        y += 30
    return _HEAD.format(height=y - 14, title=escape(title)) + "\n".join(parts) + "\n</svg>\n"


def _bar(bar: Bar, y: int, scale: float) -> Iterator[str]:
    x, low, high = 170, 170 + bar.low * scale, 170 + bar.high * scale
    width = f'width="{bar.median * scale:.1f}"'
    yield f'<text x="{x - 8}" y="{y}" text-anchor="end">{escape(bar.label)}</text>'
    yield f'<rect class="{bar.kind}" x="{x}" y="{y - 12}" {width} height="14" rx="2"/>'
    yield f'<path class="quartiles" d="M{low:.1f} {y - 5} H{high:.1f}"/>'
    yield f'<text x="{high + 8:.1f}" y="{y}">{bar.median:.3g}</text>'
