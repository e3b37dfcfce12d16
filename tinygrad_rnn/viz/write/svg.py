"""The SVG writer: a placed picture as text. Needs nothing, works in light and dark, carries data for scripts.

Boxes have `data-node`, `data-t` and `data-param` attributes, arrows `data-from` and `data-to`, all with
identifiers of our own.
"""

from __future__ import annotations

from ..model.boxes import Arrow, Mark, Picture, Tile
from ..style import DARK, FONT, FONT_SIZE, LEVELS, LIGHT, THEMES, Theme, level, shade, text_width
from .legend import Legend
from .play import Play
from .quote import xml_text
from .shapes import arrowhead, beside, box_svg, cross, middle, path, ring


def write_svg(picture: Picture, theme: str = "auto", engine: str = "", play: bool = False) -> str:
    """The whole SVG document; with `play`, gradients appear one after the other, as backward sends them."""
    order = Play(picture) if play else None
    legend = Legend(picture)
    top = 22.0 + 14.0 * len(picture.remarks)
    width = max(
        picture.w, legend.w, text_width(picture.title) + 32, *(text_width(n) + 32 for n in picture.remarks), 120.0
    )
    height = top + picture.h + legend.h
    shown = min(1.0, (picture.wrap or width) / width)  # one step may be wider than a line
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width * shown:.0f}" '
        f'height="{height * shown:.0f}" class="tg" role="img" aria-label="{xml_text(picture.title)}">',
        f"<!-- drawn by tinygrad_rnn, layout: {engine} -->",
        f"<title>{xml_text(picture.title)}</title>",
        f"<style>{css(theme)}{order.css() if order else ''}</style>",
        f'<rect class="tg-paper" width="{width:.0f}" height="{height:.0f}"/>',
        f'<text class="tg-title" x="16" y="16">{xml_text(picture.title)}</text>',
    ]
    parts += [
        f'<text class="tg-note" x="16" y="{30 + 14 * k}">{xml_text(note)}</text>'
        for k, note in enumerate(picture.remarks)
    ]
    parts.append(f'<g transform="translate(0 {top:.0f})">')
    for tile in picture.tiles:
        _tile(parts, tile, picture, order)
    for hop in sorted(picture.hops, key=lambda hop: hop.arrow.norm or 0.0):  # the largest on top, where lines meet
        _arrow(parts, hop.arrow, picture, order)
    parts += [_mark(mark) for mark in picture.marks]
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
        ".tg .tg-fold{stroke-dasharray:5 3}.tg .tg-cluster{fill:none;stroke-dasharray:3 3}.tg .tg-zero{stroke-dasharray:1 4}"
        ".tg .tg-unreached{stroke-dasharray:2 2}.tg .tg-differs{stroke-width:2.6}.tg .tg-ring{stroke-width:1.2}.tg .tg-note.tg-label{text-anchor:middle}"
    )


def _colours(theme: Theme) -> str:
    fills = "".join(f".tg .tg-r-{role}{{fill:{fill}}}" for role, fill in theme.fill.items() if role)
    shades = [(k, shade(k, theme)) for k in range(LEVELS)]
    fills += f".tg .tg-differs{{stroke:{theme.cut}}}.tg .tg-unreached{{fill:{theme.paper};stroke:{theme.soft}}}.tg .tg-unreached~text{{fill:{theme.soft}}}"
    return (
        f".tg .tg-paper{{fill:{theme.paper}}}.tg text{{fill:{theme.ink}}}.tg .tg-note{{fill:{theme.soft}}}.tg .tg-label{{stroke:{theme.paper}}}"
        f".tg .tg-tile{{fill:{theme.tile};stroke:{theme.soft}}}.tg .tg-cluster{{stroke:{theme.soft}}}"
        f".tg .tg-b{{fill:{theme.fill['']};stroke:{theme.ink}}}{fills}"
        f".tg path{{stroke:{theme.ink}}}.tg .tg-parameter{{stroke:{theme.soft}}}.tg .tg-state,.tg .tg-delay{{stroke:{theme.state}}}"
        f".tg .tg-cut,.tg .tg-x{{stroke:{theme.cut}}}.tg .tg-zero,.tg .tg-ring{{stroke:{theme.gradient};fill:{theme.paper}}}.tg .tg-zero{{fill:none}}.tg .tg-factor{{fill:{theme.strong}}}.tg .tg-faint{{stroke:{theme.soft}}}"
        + "".join(f".tg .tg-g{k}{{stroke:{colour}}}.tg .tg-f{k}{{fill:{colour}}}" for k, colour in shades)
    )


def _tile(parts: list[str], tile: Tile, picture: Picture, order: Play | None) -> None:
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
        _arrow(parts, arrow, picture, order)
    for box in tile.boxes:
        turn = None if order is None else order.of_box.get(box)
        box_svg(parts, box, "" if turn is None else f"tg-n{turn}")
    parts.append("</g>")


def _arrow(parts: list[str], arrow: Arrow, picture: Picture, order: Play | None) -> None:
    if not arrow.points:
        return
    ends = f' data-from="{arrow.tail.id}" data-to="{arrow.head.id}"'
    scale = picture.scale
    place = scale.at(arrow.norm) if scale is not None else None
    points = arrow.points[::-1] if picture.reverse else arrow.points
    if scale is None or not picture.reverse:
        faint = " tg-faint" if scale is not None and arrow.kind == "value" else ""
        parts.append(f'<path class="tg-{arrow.kind}{faint}"{ends} d="{path(points)}{arrowhead(points)}"/>')
    track = beside(arrow.points, 2.6 if not picture.reverse else 0.0)[::-1]
    if scale is not None and place is not None:
        shade, width = f"tg-g{level(place)}", scale.width(place)
        if order is not None and arrow in order.of_arrow:
            shade += f" tg-p{order.of_arrow[arrow]}"
        parts.append(
            f'<path class="tg-grad {shade}" style="stroke-width:{width:.2f}"{ends} d="{path(track)}">'
            f"<title>|gradient| {arrow.norm:.3g}</title></path>"
            f'<path class="tg-grad tg-tip {shade}" style="stroke-width:{min(2.0, width):.2f}" '
            f'd="{arrowhead(track, 4 + 2 * place)}"/>'
        )
    elif scale is not None and arrow.norm == 0:
        parts.append(f'<path class="tg-zero"{ends} d="{path(track)}"><title>|gradient| 0</title></path>')
        parts.append(ring(*middle(track)))
    elif scale is not None and picture.reverse:
        parts.append(f'<path class="tg-faint"{ends} d="{path(points)}"/>')
    if arrow.kind == "cut":
        parts.append(f'<path class="tg-x" d="{cross(arrow.points)}"/>')
    if arrow.label:
        x, y = middle(arrow.points)
        x, y = arrow.at or (x, y - 7)
        kind = "tg-label tg-factor" if arrow.label.startswith("×") else "tg-label"
        parts.append(f'<text class="{kind}" x="{x:.1f}" y="{y + 3.5:.1f}">{xml_text(arrow.label)}</text>')


def _mark(mark: Mark) -> str:
    """A piece of the strip."""
    x, y = mark.x, mark.y
    if mark.kind == "bar":
        return (
            f'<rect class="tg-bar tg-f{level(mark.place)}" x="{x:.1f}" y="{y - mark.h:.1f}" width="{mark.w:.1f}" '
            f'height="{mark.h:.1f}"/>'
        )
    if mark.kind == "line":
        return f'<path class="tg-faint" d="M{x:.1f} {y:.1f}h{mark.w:.1f}"/>'
    if mark.kind == "ring":
        return ring(x, y)
    style = {"head": "tg-head", "factor": "tg-label tg-factor", "note": "tg-label tg-note", "time": "tg-label tg-note"}
    return f'<text class="{style.get(mark.kind, "tg-label")}" x="{x:.1f}" y="{y:.1f}">{xml_text(mark.text)}</text>'
