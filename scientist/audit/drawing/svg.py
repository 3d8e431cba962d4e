"""Small plots as SVG text: panels side by side, each with lines, points and bars of error.

Colours are readable on light and on dark ground and follow the reader's preference. Every
text is escaped, so that no label can add elements of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from scientist.records import clean

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56a0c9", "#8a6fd1", "#a05a2c")
PALE = "#8c8c8c"
PANEL, HEIGHT, TOP, LEFT, GAP = 420, 300, 64, 64, 100
LINE = 18
HEAD = 34  # of the title above the panels
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #333333; }
.title { font-size: 16px; font-weight: 600; }
.panel { font-size: 13px; font-weight: 600; }
.ground { fill: #ffffff; }
.axis { stroke: #777777; fill: none; }
.grid { stroke: #dddddd; }
@media (prefers-color-scheme: dark) {
  text { fill: #dddddd; }
  .ground { fill: #1c1c1c; }
  .grid { stroke: #3a3a3a; }
}
"""


@dataclass(frozen=True)
class Series:
    """Points of one kind, joined by a line or not; pale series stay in the background.

    `notes` are written beside the points, `bars` are ranges of y about them.
    """

    label: str
    points: Sequence[tuple[float, float]]
    joined: bool = True
    marked: bool = False
    pale: bool = False
    notes: Sequence[str] = ()
    bars: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class Panel:
    """One pair of axes. A series without a label is drawn but not in the legend."""

    title: str
    x_label: str
    y_label: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x_ticks: Sequence[float]
    y_ticks: Sequence[float]
    series: Sequence[Series]


def render(title: str, panels: Sequence[Panel]) -> str:
    """The panels as one SVG document."""
    return _document(title, panels, 0)


def apart(panels: Sequence[Panel]) -> list[str]:
    """Each panel as an SVG of its own, for a page that has a heading and a style already."""
    return [_document(panel.title, [panel], HEAD) for panel in panels]


def _document(title: str, panels: Sequence[Panel], cut: int) -> str:
    legend = max((sum(bool(s.label) for s in panel.series) for panel in panels), default=0)
    width = LEFT + len(panels) * (PANEL + GAP) - GAP + 60
    height = TOP + HEIGHT + 56 + LINE * legend + 10
    drawn = [_panel(panel, LEFT + n * (PANEL + GAP)) for n, panel in enumerate(panels)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 {cut} {width} {height - cut}" '
            f'width="{width}" height="{height - cut}" role="img">',
            f"<title>{_clean(title)}</title>",
            *([] if cut else [f"<style>{STYLE}</style>"]),
            f'<rect class="ground" width="{width}" height="{height}"/>',
            *([] if cut else [_text(LEFT, 26, title, "title")]),
            *drawn,
            "</svg>\n",
        ]
    )


def _panel(panel: Panel, left: float) -> str:
    across = _scale(panel.x_range, left, left + PANEL)
    down = _scale(panel.y_range, TOP + HEIGHT, TOP)
    bottom = TOP + HEIGHT
    parts, colours, place = [_text(left, TOP - 12, panel.title, "panel")], 0, bottom + 62
    for tick in panel.y_ticks:
        y = down(tick)
        parts.append(f'<path class="grid" d="M{left} {y:.1f}H{left + PANEL}"/>')
        parts.append(_text(left - 8, y + 4, f"{tick:g}", anchor="end"))
    for tick in panel.x_ticks:
        x = across(tick)
        parts.append(f'<path class="axis" d="M{x:.1f} {bottom}v5"/>')
        parts.append(_text(x, bottom + 18, f"{tick:g}", anchor="middle"))
    parts.append(f'<path class="axis" d="M{left} {TOP}V{bottom}H{left + PANEL}"/>')
    parts.append(_text(left + PANEL / 2, bottom + 38, panel.x_label, anchor="middle"))
    x, y = left - 53, TOP + HEIGHT / 2
    turned = f' transform="rotate(-90 {x} {y})"'
    parts.append(_text(x, y, panel.y_label, anchor="middle", more=turned))
    for series in panel.series:
        colour = PALE if series.pale else COLOURS[colours % len(COLOURS)]
        dashed = series.pale or colours >= len(COLOURS)
        pen = f'stroke="{colour}" stroke-width="2"' + ' stroke-dasharray="4 4"' * dashed
        colours += not series.pale
        points = [(across(x), down(y)) for x, y in series.points]
        bars = [(down(low), down(high)) for low, high in series.bars]
        parts.append(_series(series, points, bars, colour, pen))
        if series.label:
            parts.append(f'<path {pen} d="M{left} {place - 4}h22"/>')
            parts.append(_text(left + 30, place, series.label))
            place += LINE
    return "\n".join(parts)


def _series(
    series: Series,
    points: Sequence[tuple[float, float]],
    bars: Sequence[tuple[float, float]],
    colour: str,
    pen: str,
) -> str:
    parts = [f"<g><title>{_clean(series.label)}</title>"]
    if series.joined:
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        parts.append(f'<path fill="none" {pen} d="M{path}"/>')
    for (x, _), (low, high) in zip(points, bars, strict=False):
        parts.append(f'<path stroke="{colour}" d="M{x:.1f} {low:.1f}V{high:.1f}"/>')
    if series.marked:
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
    for (x, y), note in zip(points, series.notes, strict=False):
        parts.append(_text(x + 7, y - 7, note))
    return "".join([*parts, "</g>"])


def _scale(values: tuple[float, float], start: float, end: float) -> Callable[[float], float]:
    low, high = values
    return lambda value: start + (end - start) * (value - low) / ((high - low) or 1.0)


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "", more: str = "") -> str:
    kind = f' class="{kind}"' if kind else ""
    anchor = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{kind}{anchor}{more}>{_clean(text)}</text>'


def _clean(text: str) -> str:
    """Text for XML, which knows no control characters, not even escaped."""
    return escape(clean(text))
