"""Charts as SVG, by hand: they need no library, and follow the reader's light or dark scheme."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final, NamedTuple

_WIDTH: Final = 760
_STYLE: Final = """<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 15px; }
  .quiet { fill: #59636e; }
  .grid { stroke: #d1d9e0; }
  .ours { fill: #0969da; stroke: #0969da; }
  .limit { fill: #818b98; stroke: #818b98; }
  .peer0 { fill: #bc4c00; stroke: #bc4c00; }
  .peer1 { fill: #8250df; stroke: #8250df; }
  .peer2 { fill: #1a7f37; stroke: #1a7f37; }
  polyline { fill: none !important; stroke-width: 2; }
  rect, circle { stroke: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .quiet { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .ours { fill: #4493f8; stroke: #4493f8; }
    .peer0 { fill: #db6d28; stroke: #db6d28; }
    .peer1 { fill: #ab7df8; stroke: #ab7df8; }
    .peer2 { fill: #3fb950; stroke: #3fb950; }
  }
</style>"""


class Bar(NamedTuple):
    """A bar, and the quartiles that a whisker shows."""

    label: str
    kind: str
    value: float
    low: float
    high: float


class Line(NamedTuple):
    """Values by x, ascending."""

    label: str
    kind: str
    points: Sequence[tuple[float, float]]


def bars(title: str, groups: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """Draw groups of bars from one zero, so that lengths compare."""
    longest = max(bar.high for _, group in groups for bar in group)
    scale = 420 / longest
    parts, y = [], 52
    for name, group in groups:
        parts.append(f'<text class="quiet" x="16" y="{y}">{escape(name)}</text>')
        for bar in group:
            y += 22
            parts += _bar(bar, y, scale)
        y += 32
    return _picture(title, y - 8, parts)


def _bar(bar: Bar, y: int, scale: float) -> Iterator[str]:
    x, low, high = 190, 190 + bar.low * scale, 190 + bar.high * scale
    yield f'<text x="{x - 8}" y="{y}" text-anchor="end">{escape(bar.label)}</text>'
    yield (
        f'<rect class="{bar.kind}" x="{x}" y="{y - 12}" width="{bar.value * scale:.1f}" '
        'height="15" rx="2"/>'
    )
    yield f'<path class="grid" d="M{low:.1f} {y - 4.5} H{high:.1f}" stroke-width="2"/>'
    x_value = max(high, x + bar.value * scale) + 8
    yield f'<text x="{x_value:.1f}" y="{y}">{_number(bar.value)}</text>'


def lines(title: str, x_label: str, lines: Sequence[Line]) -> str:
    """Draw lines, both axes logarithmic."""
    xs = [x for line in lines for x, _ in line.points]
    ys = [y for line in lines for _, y in line.points]
    across = _Axis(min(xs), max(xs), 70, 560)
    upward = _Axis(10 ** math.floor(math.log10(min(ys))), max(ys) * 1.1, 330, 50)
    parts = [*_grid(across, upward), *_marks(x_label, xs, across)]
    labels = _apart([upward.place(line.points[-1][1]) for line in lines])
    for line, label_y in zip(lines, labels, strict=True):
        places = [(across.place(x), upward.place(y)) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline class="{line.kind}" points="{path}"/>')
        parts += [
            f'<circle class="{line.kind}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places
        ]
        parts.append(f'<text x="572" y="{label_y + 4:.1f}">{escape(line.label)}</text>')
    return _picture(title, 380, parts)


class _Axis(NamedTuple):
    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Return where a value stands."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)


def _grid(across: _Axis, upward: _Axis) -> Iterator[str]:
    value = upward.low
    while value <= upward.high:
        for step in (1, 2, 5):
            if value * step <= upward.high:
                y = upward.place(value * step)
                yield f'<path class="grid" d="M{across.start} {y:.1f} H{across.end}"/>'
                label = _number(value * step)
                yield f'<text class="quiet" x="62" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
        value *= 10
    yield '<text class="quiet" x="16" y="42">ms</text>'


def _marks(label: str, xs: Sequence[float], across: _Axis) -> Iterator[str]:
    for x in sorted(set(xs)):
        place = f'x="{across.place(x):.1f}" y="350" text-anchor="middle"'
        yield f'<text class="quiet" {place}>{x:,.0f}</text>'
    yield f'<text class="quiet" x="315" y="370" text-anchor="middle">{escape(label)}</text>'


def _apart(places: Sequence[float]) -> list[float]:
    """Return places moved so that no two labels lie over each other."""
    moved: dict[int, float] = {}
    last = -math.inf
    for index in sorted(range(len(places)), key=lambda n: places[n]):
        last = max(places[index], last + 16)
        moved[index] = last
    return [moved[index] for index in range(len(places))]


def _picture(title: str, height: int, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">'
    heading = f'<text class="title" x="16" y="24">{escape(title)}</text>'
    name = f"<title>{escape(title)}</title>"
    return "\n".join([head, name, _STYLE, heading, *parts, "</svg>"]) + "\n"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
