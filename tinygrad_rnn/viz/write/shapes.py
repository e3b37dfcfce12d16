"""Shapes as SVG: boxes with their labels, lines, heads of arrows, and marks on lines."""

from __future__ import annotations

import math

from ..model.boxes import Box, Point
from ..style import FONT_SIZE, LINE_HEIGHT
from .quote import xml_text


def box_svg(parts: list[str], box: Box, turn: str = "") -> None:
    """A box with its label, for hovering its long text, and identifiers of our own."""
    data = "".join(f' data-{name}="{xml_text(value)}"' for name, value in box.data.items())
    tip = f"<title>{xml_text(box.tip)}</title>" if box.tip else ""
    role = box.role or {"op": "", "port": "port"}.get(box.kind, box.kind)
    group = f' class="{turn}"' if turn else ""
    style = f"tg-b tg-r-{role}" if role else "tg-b"
    style += ("" if box.reached else " tg-unreached") + (" tg-differs" if box.differs else "")
    parts.append(f'<g id="{box.id}"{group}{data}>{tip}{_outline(box, style)}')
    y = box.y - (len(box.lines) - 1) * LINE_HEIGHT / 2 + FONT_SIZE * 0.36
    for k, line in enumerate(box.lines):
        parts.append(f'<text x="{box.x:.1f}" y="{y + k * LINE_HEIGHT:.1f}">{xml_text(line)}</text>')
    parts.append("</g>")


def _outline(box: Box, style: str) -> str:
    x, y, w, h = box.x - box.w / 2, box.y - box.h / 2, box.w, box.h
    if box.kind == "input":
        return f'<ellipse class="{style}" cx="{box.x:.1f}" cy="{box.y:.1f}" rx="{w / 2:.1f}" ry="{h / 2:.1f}"/>'
    if box.kind == "parameter":  # a tag that points to where it is used
        nose = min(7.0, w / 3)
        corners = [(x, y), (x + w - nose, y), (x + w, box.y), (x + w - nose, y + h), (x, y + h)]
        return f'<polygon class="{style}" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in corners)}"/>'
    if box.kind == "output":
        cut = 5.0
        corners = [(x + cut, y), (x + w - cut, y), (x + w, box.y), (x + w - cut, y + h), (x + cut, y + h), (x, box.y)]
        return f'<polygon class="{style}" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in corners)}"/>'
    radius = {"port": h / 2, "module": 9.0, "fold": 7.0}.get(box.kind, 5.0)
    extra = " tg-fold" if box.kind == "fold" else ""
    return f'<rect class="{style}{extra}" x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{radius:.1f}"/>'


def path(points: list[Point]) -> str:
    """The `d` of a cubic Bézier line."""
    start, rest = points[0], points[1:]
    return f"M{start[0]:.1f} {start[1]:.1f}C" + " ".join(f"{x:.1f} {y:.1f}" for x, y in rest)


def direction(points: list[Point]) -> Point:
    """Where a line points at its end, as a vector of length 1."""
    (x1, y1) = points[-1]
    for x0, y0 in reversed(points[:-1]):
        length = math.hypot(x1 - x0, y1 - y0)
        if length > 0.5:
            return (x1 - x0) / length, (y1 - y0) / length
    return 1.0, 0.0


def arrowhead(points: list[Point], size: float = 4.0) -> str:
    """Two strokes at the end of the line."""
    dx, dy = direction(points)
    x, y = points[-1]
    a = (x - size * dx - 0.6 * size * dy, y - size * dy + 0.6 * size * dx)
    b = (x - size * dx + 0.6 * size * dy, y - size * dy - 0.6 * size * dx)
    return f"M{a[0]:.1f} {a[1]:.1f}L{x:.1f} {y:.1f}L{b[0]:.1f} {b[1]:.1f}"


def beside(points: list[Point], offset: float) -> list[Point]:
    """The line moved sideways, downwards where it lies flat: each point along the normal of the line there."""
    offset = -offset if points[-1][0] < points[0][0] else offset
    moved = []
    for k, (x, y) in enumerate(points):
        x0, y0 = points[max(0, k - 1)]
        x1, y1 = points[min(len(points) - 1, k + 1)]
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        moved.append((x - offset * (y1 - y0) / length, y + offset * (x1 - x0) / length))
    return moved


def middle(points: list[Point]) -> Point:
    """A point halfway along: the middle of the longest segment."""
    pieces = [points[k : k + 4] for k in range(0, len(points) - 1, 3)]
    p0, p1, p2, p3 = max(pieces, key=lambda p: math.hypot(p[3][0] - p[0][0], p[3][1] - p[0][1]))
    return (p0[0] + 3 * p1[0] + 3 * p2[0] + p3[0]) / 8, (p0[1] + 3 * p1[1] + 3 * p2[1] + p3[1]) / 8


def cross(points: list[Point]) -> str:
    """The mark of a cut: a small x in the middle of the line."""
    (x, y), r = middle(points), 5.0
    return f"M{x - r:.1f} {y - r:.1f}L{x + r:.1f} {y + r:.1f}M{x - r:.1f} {y + r:.1f}L{x + r:.1f} {y - r:.1f}"


def ring(x: float, y: float) -> str:
    """The mark of a gradient that is exactly zero."""
    return f'<circle class="tg-ring" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
