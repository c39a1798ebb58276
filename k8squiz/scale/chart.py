"""How something grows, on two logarithmic axes: as text for a terminal, and as SVG for a file."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from html import escape

from engine.cluster import Mode

Series = Mapping[Mode, Sequence[tuple[int, float]]]
# Letters, so that a screen without colour tells them apart; dashes do the same on paper.
MARKS = {Mode.IPTABLES: "I", Mode.IPVS: "V", Mode.NFTABLES: "N"}
_DASHES = {Mode.IPTABLES: "", Mode.IPVS: "7 4", Mode.NFTABLES: "2 3"}
# Okabe and Ito's palette: told apart by colour-blind readers too, on light and on dark ground.
COLOURS = {Mode.IPTABLES: "#d55e00", Mode.IPVS: "#0072b2", Mode.NFTABLES: "#009e73"}
_SEVERAL = "*"
_FONT = 'font-family="ui-sans-serif, system-ui, sans-serif" font-size="13"'
_STYLE = (
    "svg{background:#fff;color:#222}@media(prefers-color-scheme:dark){svg{background:#16181d;color:#ddd}}"
    ".axis{stroke:currentColor;stroke-opacity:.25}text{fill:currentColor}"
)


def text_chart(series: Series, width: int = 64, height: int = 12) -> list[str]:
    """The lines of a chart `width` columns wide. Where marks meet, there is a *."""
    scale = _Scale(series, width - 10, height)
    cells: dict[tuple[int, int], str] = {}
    for name, points in series.items():
        placed = [scale.place(*point) for point in points]
        for (x, y), (to_x, to_y) in itertools.pairwise(placed):
            for column in range(x + 1, to_x):
                row = round(y + (to_y - y) * (column - x) / (to_x - x))
                cells.setdefault((column, row), "·")
        for x, y in placed:
            here = cells.get((x, y), "·")
            cells[x, y] = MARKS[name] if here == "·" else _SEVERAL
    lines = []
    for row in range(height - 1, -1, -1):
        label = scale.label(row)
        body = "".join(cells.get((column, row), " ") for column in range(scale.width))
        lines.append(f"{label:>8} ┤{body}".rstrip() if label else f"{'':>8} │{body}".rstrip())
    lines.append(f"{'':>8} └{'─' * scale.width}")
    lines.append(_ticks(scale))
    return lines


def _ticks(scale: _Scale) -> str:
    line = [" "] * (scale.width + 20)
    for size in scale.sizes:
        text = f"{size}"
        start = 10 + scale.column(size) - len(text) // 2
        line[start : start + len(text)] = text
    return "".join(line).rstrip()


class _Scale:
    """Where a point stands: columns and rows count from the lower left."""

    def __init__(self, series: Series, width: int, height: int) -> None:
        points = [point for found in series.values() for point in found]
        self.width, self.height = width, height
        self.sizes = sorted({size for size, _ in points})
        values = [max(1.0, value) for _, value in points]
        self.low = math.floor(math.log10(min(values)))
        self.high = max(self.low + 1, math.ceil(math.log10(max(values))))

    def column(self, size: int) -> int:
        first, last = math.log10(self.sizes[0]), math.log10(self.sizes[-1])
        share = (math.log10(size) - first) / (last - first) if last > first else 0.5
        return 1 + round(share * (self.width - 4))

    def place(self, size: int, value: float) -> tuple[int, int]:
        share = (math.log10(max(1.0, value)) - self.low) / (self.high - self.low)
        return self.column(size), round(share * (self.height - 1))

    def label(self, row: int) -> str:
        for power in range(self.low, self.high + 1):
            if round((power - self.low) / (self.high - self.low) * (self.height - 1)) == row:
                return f"{10**power:,}"
        return ""


def svg_chart(charts: Sequence[tuple[str, Series]], title: str) -> str:
    """One SVG file with a chart below the other, each (heading, series). It loads nothing; dark where the reader is."""
    high = 300
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {50 + high * len(charts)}" {_FONT} role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<text x="20" y="28" font-size="17" font-weight="600">{escape(title)}</text>',
    ]
    for number, (heading, series) in enumerate(charts):
        parts += _panel(heading, series, 50 + high * number)
    return "\n".join([*parts, "</svg>", ""])


def _panel(heading: str, series: Series, top: int) -> list[str]:
    left, right, lower = 80, 620, top + 240
    scale = _Scale(series, right - left + 4, 200)
    parts = [f'<text x="20" y="{top + 16}" font-weight="600">{escape(heading)}</text>']
    for power in range(scale.low, scale.high + 1):
        y = lower - (power - scale.low) / (scale.high - scale.low) * 199
        parts.append(f'<line class="axis" x1="{left}" y1="{y:.0f}" x2="{right}" y2="{y:.0f}"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.0f}" text-anchor="end">{10**power:,}</text>')
    for size in scale.sizes:
        parts.append(f'<text x="{left + scale.column(size)}" y="{lower + 20}" text-anchor="middle">{size:,}</text>')
    parts.append(f'<text x="{right}" y="{lower + 38}" text-anchor="end">Services</text>')
    ends: dict[Mode, tuple[int, int]] = {}
    for name, points in series.items():
        placed = [(left + x, lower - y) for x, y in (scale.place(*point) for point in points)]
        path = " ".join(f"{x},{y}" for x, y in placed)
        style = f'stroke="{COLOURS[name]}" stroke-width="2.5" stroke-dasharray="{_DASHES[name]}" fill="none"'
        parts.append(f'<polyline points="{path}" {style}/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3.5" fill="{COLOURS[name]}"/>' for x, y in placed]
        ends[name] = placed[-1]
    for name, (x, y) in _apart(ends).items():
        parts.append(f'<text x="{x + 10}" y="{y + 4}" style="fill:{COLOURS[name]}">{name}</text>')
    return parts


def _apart(ends: Mapping[Mode, tuple[int, int]]) -> dict[Mode, tuple[int, int]]:
    """Where the names go, from top to bottom as the lines end, so that none lies on another."""
    found: dict[Mode, tuple[int, int]] = {}
    free = 0
    for name, (x, y) in sorted(ends.items(), key=lambda end: end[1][1]):
        found[name] = (x, max(y, free))
        free = found[name][1] + 15
    return found
