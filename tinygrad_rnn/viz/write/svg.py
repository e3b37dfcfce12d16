"""The SVG writer: a placed picture as text. Needs nothing, works in light and dark, carries data for scripts.

Boxes have `data-node`, `data-t` and `data-param` attributes, arrows `data-from` and `data-to`, all with
identifiers of our own.
"""

from __future__ import annotations

import math
from typing import Any

from ..model.boxes import Arrow, Box, Picture, Point, Tile
from ..style import DARK, FONT, FONT_SIZE, LIGHT, LINE_HEIGHT, THEMES, GradientScale, Theme, text_width
from .quote import xml_text

LEGEND_LINE = 26.0
SIGNS = {
    "state": "value carried to another step",
    "delay": "comes back in the next step",
    "cut": "cut: the value passes, no gradient comes back (detach or no_grad)",
}


def write_svg(picture: Picture, theme: str = "auto", engine: str = "") -> str:
    """The whole SVG document."""
    legend = Legend(picture)
    top = 22.0 + 14.0 * len(picture.notes)
    width = max(
        picture.w, legend.w, text_width(picture.title) + 32, *(text_width(n) + 32 for n in picture.notes), 120.0
    )
    height = top + picture.h + legend.h
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" class="tg" role="img" aria-label="{xml_text(picture.title)}">',
        f"<!-- drawn by tinygrad_rnn, layout: {engine} -->",
        f"<title>{xml_text(picture.title)}</title>",
        f"<style>{css(theme)}</style>",
        f'<rect class="tg-paper" width="{width:.0f}" height="{height:.0f}"/>',
        f'<text class="tg-title" x="16" y="16">{xml_text(picture.title)}</text>',
    ]
    parts += [
        f'<text class="tg-note" x="16" y="{30 + 14 * k}">{xml_text(note)}</text>'
        for k, note in enumerate(picture.notes)
    ]
    parts.append(f'<g transform="translate(0 {top:.0f})">')
    for tile in picture.tiles:
        _tile(parts, tile, picture)
    for hop in picture.hops:
        _arrow(parts, hop.arrow, picture)
    parts += ["</g>", f'<g transform="translate(0 {top + picture.h:.0f})">', *legend.parts, "</g>", "</svg>"]
    return "\n".join(parts)


def css(theme: str) -> str:
    """The style sheet: light, dark, or light unless the reader prefers dark."""
    if theme in THEMES:
        return _colours(THEMES[theme]) + _shapes()
    return _colours(LIGHT) + _shapes() + "@media (prefers-color-scheme:dark){" + _colours(DARK) + "}"


def _shapes() -> str:
    return (
        f".tg text{{font:{FONT_SIZE:g}px {FONT};text-anchor:middle}}.tg .tg-title,.tg .tg-note,.tg .tg-head,.tg .tg-says"
        "{text-anchor:start}.tg .tg-title{font-weight:bold}.tg path{fill:none;stroke-width:1}.tg .tg-b{stroke-width:1}"
        ".tg .tg-state{stroke-width:1.6}.tg .tg-delay{stroke-width:2.4}.tg .tg-cut{stroke-width:1.6;stroke-dasharray:2 3}"
        ".tg .tg-x{stroke-width:2}.tg .tg-grad{stroke-dasharray:6 3}.tg .tg-tip{stroke-dasharray:none}.tg .tg-label{font-size:9.5px;paint-order:stroke;stroke-width:3;stroke-linejoin:round}"
        ".tg .tg-fold{stroke-dasharray:5 3}.tg .tg-cluster{fill:none;stroke-dasharray:3 3}"
    )


def _colours(theme: Theme) -> str:
    fills = "".join(f".tg .tg-r-{role}{{fill:{fill}}}" for role, fill in theme.fill.items() if role)
    return (
        f".tg .tg-paper{{fill:{theme.paper}}}.tg text{{fill:{theme.ink}}}.tg .tg-note{{fill:{theme.soft}}}.tg .tg-label{{stroke:{theme.paper}}}"
        f".tg .tg-tile{{fill:{theme.tile};stroke:{theme.soft}}}.tg .tg-cluster{{stroke:{theme.soft}}}"
        f".tg .tg-b{{fill:{theme.fill['']};stroke:{theme.ink}}}{fills}"
        f".tg path{{stroke:{theme.ink}}}.tg .tg-parameter{{stroke:{theme.soft}}}.tg .tg-state,.tg .tg-delay{{stroke:{theme.state}}}"
        f".tg .tg-cut,.tg .tg-x{{stroke:{theme.cut}}}.tg .tg-grad{{stroke:{theme.gradient}}}.tg .tg-faint{{stroke:{theme.soft}}}"
    )


def _tile(parts: list[str], tile: Tile, picture: Picture) -> None:
    data = "".join(f' data-{name}="{xml_text(value)}"' for name, value in tile.data.items())
    parts.append(f'<g transform="translate({tile.x:.1f} {tile.y:.1f})"{data}>')
    if tile.kind in ("step", "rest"):
        parts.append(f'<rect class="tg-tile" width="{tile.w:.1f}" height="{tile.h:.1f}" rx="9"/>')
    if tile.title:
        parts.append(f'<text class="tg-head" x="10" y="15">{xml_text(tile.title)}</text>')
    for cluster in tile.clusters:
        if cluster.frame is not None:
            x, y, w, h = cluster.frame
            parts.append(f'<rect class="tg-cluster" x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="7"/>')
            parts.append(
                f'<text class="tg-head tg-label" x="{x + 5:.1f}" y="{y + 10:.1f}">{xml_text(cluster.title)}</text>'
            )
    for arrow in tile.arrows:
        _arrow(parts, arrow, picture)
    for box in tile.boxes:
        _box(parts, box)
    parts.append("</g>")


def _box(parts: list[str], box: Box) -> None:
    data = "".join(f' data-{name}="{xml_text(value)}"' for name, value in box.data.items())
    tip = f"<title>{xml_text(box.tip)}</title>" if box.tip else ""
    role = box.role or {"op": "", "port": "port"}.get(box.kind, box.kind)
    parts.append(f'<g id="{box.id}"{data}>{tip}{_outline(box, f"tg-b tg-r-{role}" if role else "tg-b")}')
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


def _arrow(parts: list[str], arrow: Arrow, picture: Picture) -> None:
    if not arrow.points:
        return
    ends = f' data-from="{arrow.tail.id}" data-to="{arrow.head.id}"'
    place = picture.scale.at(arrow.norm) if picture.scale is not None else None
    points = arrow.points[::-1] if picture.reverse else arrow.points
    if picture.scale is None or not picture.reverse:
        faint = " tg-faint" if picture.scale is not None and arrow.kind == "value" else ""
        parts.append(f'<path class="tg-{arrow.kind}{faint}"{ends} d="{path(points)}{arrowhead(points)}"/>')
    if place is not None and picture.scale is not None:
        track = beside(arrow.points, 2.6 if not picture.reverse else 0.0)[::-1]
        parts.append(
            f'<path class="tg-grad" style="stroke-width:{picture.scale.width(place):.2f};stroke-opacity:{0.3 + 0.7 * place:.2f}"'
            f'{ends} d="{path(track)}"><title>|gradient| {arrow.norm:.3g}</title></path>'
            f'<path class="tg-grad tg-tip" style="stroke-width:{min(2.0, picture.scale.width(place)):.2f};'
            f'stroke-opacity:{0.3 + 0.7 * place:.2f}" d="{arrowhead(track, 4 + 2 * place)}"/>'
        )
    elif picture.scale is not None and picture.reverse:
        parts.append(f'<path class="tg-faint"{ends} d="{path(points)}"/>')
    if arrow.kind == "cut":
        parts.append(f'<path class="tg-x" d="{cross(arrow.points)}"/>')
    if arrow.label:
        x, y = middle(arrow.points)
        x, y = arrow.at or (x, y - 7)
        parts.append(f'<text class="tg-label" x="{x:.1f}" y="{y + 3.5:.1f}">{xml_text(arrow.label)}</text>')


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
    """The line moved sideways: each point along the normal of the line there."""
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


def scale_text(scale: GradientScale) -> str:
    """What the widths of the gradient tracks mean."""
    return f"gradient norm, log scale: {scale.low:.2g} … {scale.high:.2g}; {scale.count} of {scale.of} edges carry one"


class Legend:
    """The lines under the picture: shared parameters once, signs, and the gradient scale."""

    def __init__(self, picture: Picture):
        self.parts: list[str] = []
        self.x: float = 16.0
        self.y: float = 14.0
        self.w: float = 0.0
        self.limit: Any = max(560.0, picture.w - 32)
        for id, label, uses in picture.parameters[:40]:
            self._parameter(id, f"{label} · used {uses}×" if uses > 1 else label)
        self._break()
        for sign in picture.signs:
            self._sign(sign)
        if picture.scale is not None and picture.scale.count:
            self._scale(picture)
        self._break()
        self.h: Any = self.y + 4

    def _break(self) -> None:
        if self.x > 16:
            self.x, self.y = 16.0, self.y + LEGEND_LINE

    def _room(self, width: float) -> None:
        if self.x + width > self.limit:
            self._break()
        self.w = max(self.w, self.x + width + 16)

    def _parameter(self, id: str, text: str) -> None:
        box = Box(f"legend-{id}", "parameter", [text])
        box.data["param"] = id
        box.measure()
        self._room(box.w)
        box.x, box.y = self.x + box.w / 2, self.y
        _box(self.parts, box)
        self.x += box.w + 12

    def _says(self, text: str, drawn: float) -> None:
        self.parts.append(
            f'<text class="tg-says" x="{self.x + drawn + 6:.1f}" y="{self.y + 4:.1f}">{xml_text(text)}</text>'
        )
        self.x += drawn + text_width(text) + 26

    def _sign(self, sign: str) -> None:
        self._room(30 + text_width(SIGNS[sign]))
        points = [(self.x, self.y), (self.x + 8, self.y), (self.x + 20, self.y), (self.x + 28, self.y)]
        self.parts.append(f'<path class="tg-{sign}" d="{path(points)}{arrowhead(points)}"/>')
        if sign == "cut":
            self.parts.append(f'<path class="tg-x" d="{cross(points)}"/>')
        self._says(SIGNS[sign], 28)

    def _scale(self, picture: Picture) -> None:
        scale = picture.scale
        assert scale is not None
        text = scale_text(scale)
        self._room(80 + text_width(text))
        for k in range(4):
            place = k / 3
            x = self.x + 18 * k
            points = [(x + 15, self.y), (x + 10, self.y), (x + 5, self.y), (x, self.y)]
            self.parts.append(
                f'<path class="tg-grad" style="stroke-width:{scale.width(place):.2f};stroke-opacity:{0.3 + 0.7 * place:.2f}" '
                f'd="{path(points)}"/>'
            )
        self._says(text, 72)
