"""DOT text, and running Graphviz: the program `dot`, or the library inside pygraphviz.

The program is used for two things: laying out one tile at a time (it gets sizes and our own ids, never
a label), and turning a placed picture into PNG or PDF. It always runs with a time limit.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import Any

from ..model.boxes import Box, Mark, Picture, Point, Tile, in_order, title_height
from ..place.layout import LayoutTimeout, layered
from ..style import LIGHT, level, shade, text_width
from .legend import SIGNS, border_text, scale_text
from .quote import dot_text
from .shapes import direction, middle

POINTS = 72.0
LARGE = 600  # boxes in one tile
MARGIN = 12.0
COLOURS = {
    "state": "blue",
    "delay": "blue, heavy",
    "cut": "red, dotted, ✕",
    "zero": "orange, dotted",
    "unreached": "dashed box",
    "differs": "red frame",
}
SHAPES = {"input": "ellipse", "parameter": "cds", "output": "hexagon", "port": "box", "module": "box", "fold": "box"}


class GraphvizFailed(Exception):
    """Graphviz was there, but did not do it."""


def find_engine() -> str:
    """The best way to run Graphviz here: "dot", "pygraphviz", or "" if there is none."""
    if shutil.which("dot"):
        return "dot"
    try:
        import pygraphviz  # noqa: F401  # pyright: ignore[reportMissingImports]
    except ImportError:
        return ""
    return "pygraphviz"


def run(source: str, to: str, program: str, engine: str, timeout: float) -> bytes:
    """Run Graphviz on `source`; `to` is "plain", "svg", "png" or "pdf", `program` "dot" or "nop2"."""
    if engine == "pygraphviz":
        return _run_pygraphviz(source, to, program)
    command = ["dot", f"-T{to}", f"-K{program}"]
    if os.name == "nt":
        command[0] = shutil.which("dot") or "dot"
    try:
        done = subprocess.run(command, input=source.encode(), capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise LayoutTimeout(f"dot did not finish in {timeout:g} s") from None
    except OSError as error:
        raise GraphvizFailed(f"dot could not be started: {error}") from None
    if done.returncode or not done.stdout:
        raise GraphvizFailed(f"dot failed: {done.stderr.decode(errors='replace').strip()[:300]}")
    return done.stdout


def _run_pygraphviz(source: str, to: str, program: str) -> bytes:
    import pygraphviz  # pyright: ignore[reportMissingImports]

    pieces = []
    try:
        for text in source.split(SEPARATOR):
            pieces.append(pygraphviz.AGraph(string=text).draw(format=to, prog=program))
    except Exception as error:  # the library raises whatever its C code reports
        raise GraphvizFailed(f"pygraphviz failed: {error}") from None
    return b"".join(piece if isinstance(piece, bytes) else piece.encode() for piece in pieces)


# --- layout of tiles ----------------------------------------------------------------------------------

SEPARATOR = "\n// next\n"


def layout_with(engine: str, timeout: float) -> Any:
    """A function that lays out tiles with Graphviz, all in one run of the program.

    A tile that is too large for it, where `dot` would take minutes, gets our own layout.
    """

    def lay_out(tiles: list[Tile]) -> None:
        until = time.monotonic() + timeout
        for tile in tiles:
            if len(tile.boxes) > LARGE:
                layered(tile, until)
        tiles = [tile for tile in tiles if 0 < len(tile.boxes) <= LARGE]
        if tiles:
            plain = run(SEPARATOR.join(_bare(tile) for tile in tiles), "plain", "dot", engine, timeout)
            graphs = plain.decode().split("stop\n")
            for tile, text in zip(tiles, graphs, strict=False):
                _read_plain(tile, text)

    return lay_out


def _bare(tile: Tile) -> str:
    """A tile for layout only: sizes and our own ids."""
    number = {box: k for k, box in enumerate(tile.boxes)}
    in_order(tile)
    lines = [
        "digraph {",
        "rankdir=LR nodesep=0.13 ranksep=0.3 node[shape=box fixedsize=true label=\"\"] edge[arrowhead=none fontname=Helvetica fontsize=10]",
    ]  # fmt: skip
    for box, k in number.items():
        group = f" group=g{box.data['row']}" if box.kind == "module" and "row" in box.data else ""  # in one line
        group += " shape=ellipse" if box.kind == "input" else ""  # so that arrows end at its outline
        lines.append(f"{k} [width={box.w / POINTS:.4f} height={box.h / POINTS:.4f}{group}]")
    for side, rank in ((tile.left, "min"), (tile.right, "max")):
        ports = [str(number[box]) for box in side]
        if ports:
            chain = f" {' -> '.join(ports)} [style=invis]" if len(ports) > 1 else ""  # keeps their order
            lines.append(f"{{rank={rank}; {'; '.join(ports)};{chain}}}")
    lines += _nested(tile, number)
    for a in tile.arrows:
        room = "x" * round(text_width(a.label, 9.5) / 5.0)  # as wide as the label, which never gets here
        lines.append(f'{number[a.tail]} -> {number[a.head]} [weight={3 if a.kind == "state" else 1} label="{room}"]')
    return "\n".join([*lines, "}"])


def _nested(tile: Tile, number: dict[Box, int]) -> list[str]:
    """Clusters inside clusters, by depth."""
    lines: list[str] = []
    members = [(c, set(c.boxes)) for c in tile.clusters]

    def write(k: int, depth: int) -> None:
        cluster, inside = members[k]
        lines.append(f"subgraph cluster_{k} {{ margin=8 {' '.join(f'{number[b]};' for b in cluster.boxes)}")
        for j in range(k + 1, len(members)):
            if members[j][0].depth == depth + 1 and members[j][1] <= inside:
                write(j, depth + 1)
        lines.append("}")

    for k, (cluster, _) in enumerate(members):
        if cluster.depth == 0:
            write(k, 0)
    return lines


def _read_plain(tile: Tile, text: str) -> None:
    """Take places and curves from Graphviz's plain format; its y points up."""
    top = title_height(tile) + MARGIN
    height = 0.0
    edges: dict[tuple[int, int], list[Any]] = {}
    for line in text.splitlines():
        words = line.split()
        if words and words[0] == "graph":
            tile.w, height = float(words[2]) * POINTS + 2 * MARGIN, float(words[3]) * POINTS
            tile.h = height + top + MARGIN
        elif words and words[0] == "node":
            box = tile.boxes[int(words[1])]
            box.x, box.y = float(words[2]) * POINTS + MARGIN, height - float(words[3]) * POINTS + top
        elif words and words[0] == "edge":
            values = [float(word) * POINTS for word in words[4 : 4 + 2 * int(words[3])]]
            points = [(x + MARGIN, height - y + top) for x, y in zip(values[::2], values[1::2], strict=True)]
            after = words[4 + 2 * int(words[3]) :]
            at = None
            if len(after) > 3:  # label, x, y, style, colour
                at = float(after[1]) * POINTS + MARGIN, height - float(after[2]) * POINTS + top
            edges.setdefault((int(words[1]), int(words[2])), []).append((points, at))
    number = {box: k for k, box in enumerate(tile.boxes)}
    for arrow in tile.arrows:
        curves = edges[number[arrow.tail], number[arrow.head]]
        fitting = [k for k, (_, at) in enumerate(curves) if (at is not None) == bool(arrow.label)]
        arrow.points, arrow.at = curves.pop(fitting[0] if fitting else 0)


# --- DOT text -----------------------------------------------------------------------------------------


def write_dot(picture: Picture) -> str:
    """The picture as DOT, each box at its place: `dot -Tpng` draws it as it is (layout=nop2 asks for that)."""
    lines = [
        "digraph tinygrad_rnn {",
        f'graph [layout=nop2, splines=true, outputorder=edgesfirst, fontname="Helvetica", fontsize=11, labelloc=t, '
        f"labeljust=l, label={dot_text(picture.title, *picture.remarks)}]",
        'node [fontname="Helvetica", fontsize=11, fixedsize=shape, style=filled, fillcolor="#f6f6f6"]',
        'edge [arrowsize=0.5, color="#444444"]',
    ]
    for k, tile in enumerate(picture.tiles):
        lines += _tile(k, tile, picture)
    for hop in picture.hops:
        lines += _edge(hop.arrow, 0.0, 0.0, picture)
    lines += [_mark(k, mark, picture) for k, mark in enumerate(picture.marks) if mark.kind != "line"]
    lines += _legend(picture)
    return "\n".join([*lines, "}"]) + "\n"


def _tile(k: int, tile: Tile, picture: Picture) -> list[str]:
    lines = []
    framed = tile.kind in ("step", "rest")
    if framed:
        x0, y0, x1, y1 = tile.x, picture.h - tile.y - tile.h, tile.x + tile.w, picture.h - tile.y
        lines.append(
            f'subgraph cluster_{k} {{ label={dot_text(tile.title)}; style="rounded,filled"; fillcolor="#fafafa"; color="#8a8a8a"; '
            f'bb="{x0:.1f},{y0:.1f},{x1:.1f},{y1:.1f}"; lp="{x0 + tile.w / 2:.1f},{y1 - 11:.1f}";'
        )
    lines += [_node(box, tile, picture) for box in tile.boxes]
    lines += _cluster_lines(k, tile, picture)
    if framed:
        lines.append("}")
    for arrow in tile.arrows:
        lines += _edge(arrow, tile.x, tile.y, picture)
    return lines


def _cluster_lines(k: int, tile: Tile, picture: Picture) -> list[str]:
    lines = []
    for n, cluster in enumerate(tile.clusters):
        frame = cluster.frame
        if frame is None:
            continue
        x0, y1 = tile.x + frame[0], picture.h - tile.y - frame[1]
        lines.append(
            f'subgraph cluster_{k}_{n} {{ label={dot_text(cluster.title)}; style="rounded,dashed"; color="#8a8a8a"; fontsize=9; '
            f'bb="{x0:.1f},{y1 - frame[3]:.1f},{x0 + frame[2]:.1f},{y1:.1f}"; lp="{x0 + frame[2] / 2:.1f},{y1 - 7:.1f}"; '
            f"{' '.join(f'{box.id};' for box in cluster.boxes)} }}"
        )
    return lines


def _node(box: Box, tile: Tile, picture: Picture) -> str:
    role = box.role or {"op": ""}.get(box.kind, box.kind)
    style = "rounded,filled" if box.kind in ("op", "port", "module", "fold") else "filled"
    extra = "".join(f", {name}={dot_text(value)}" for name, value in box.data.items() if name in ("param", "t"))
    return (
        f"{box.id} [label={dot_text(*box.lines)}, tooltip={dot_text(box.tip or box.lines[0])}, shape={SHAPES.get(box.kind, 'box')}, "
        f'style="{style}", fillcolor="{LIGHT.fill.get(role, LIGHT.fill[""])}", width={box.w / POINTS:.3f}, height={box.h / POINTS:.3f}, '
        f'pos="{tile.x + box.x:.1f},{picture.h - tile.y - box.y:.1f}"{extra}]'
    )


def _edge(arrow: Any, x: float, y: float, picture: Picture) -> list[str]:
    if not arrow.points:
        return []
    place = picture.scale.at(arrow.norm) if picture.scale is not None else None
    style = {
        "state": ', color="#0072B2"',
        "delay": ', color="#0072B2", penwidth=2.2',
        "cut": ', color="#b00000", style=dotted',
    }.get(arrow.kind, "")
    style += f', class="{arrow.kind}"'
    if arrow.kind == "cut":
        style += ', label="✕", fontcolor="#b00000"' + _label_at(arrow, x, y, picture)
    elif arrow.label:
        style += f", label={dot_text(arrow.label)}" + _label_at(arrow, x, y, picture)
    lines = []
    if not picture.reverse or place is None:
        lines.append(
            f'{arrow.tail.id} -> {arrow.head.id} [pos="{_spline(arrow.points, x, y, picture, picture.reverse)}"{style}]'
        )
    if place is not None and picture.scale is not None:
        offset = 0.0 if picture.reverse else 2.6
        lines.append(
            f'{arrow.tail.id} -> {arrow.head.id} [dir=back, style=dashed, color="{shade(level(place), LIGHT)}", '
            f'penwidth={picture.scale.width(place):.2f}, pos="{_spline(arrow.points, x, y - offset, picture, True)}"]'
        )
    return lines


def _spline(points: list[Point], x: float, y: float, picture: Picture, back: bool) -> str:
    """Graphviz's `pos` of an edge: where the head points, then the line, which ends a little before."""
    points = list(points)
    tip = points[0] if back else points[-1]
    dx, dy = direction(points[::-1] if back else points)
    points[0 if back else -1] = tip[0] - 5.0 * dx, tip[1] - 5.0 * dy
    placed = [f"{x + a:.1f},{picture.h - y - b:.1f}" for a, b in points]
    return f"{'s' if back else 'e'},{x + tip[0]:.1f},{picture.h - y - tip[1]:.1f} " + " ".join(placed)


def _label_at(arrow: Any, x: float, y: float, picture: Picture) -> str:
    a, b = arrow.at or middle(arrow.points)
    return f', fontsize=9, lp="{x + a:.1f},{picture.h - y - b + 6:.1f}"'


def _mark(k: int, mark: Mark, picture: Picture) -> str:
    """A piece of the strip, as a node."""
    x, y, w, h = mark.x, mark.y, mark.w, mark.h
    style = 'shape=plaintext, style=""'
    if mark.kind == "bar":
        x, y, style = (
            x + w / 2,
            y - h / 2,
            f'shape=box, color="{shade(level(mark.place), LIGHT)}", fillcolor="{shade(level(mark.place), LIGHT)}"',
        )
    elif mark.kind == "ring":
        w, h, style = 6.0, 6.0, f'shape=circle, fixedsize=true, color="{LIGHT.gradient}", fillcolor="{LIGHT.paper}"'
    else:
        w, h = text_width(mark.text) + 4, 12.0
        x, y = (x + w / 2 if mark.kind == "head" else x), y - 4
    return (
        f"mark_{k} [label={dot_text(mark.text)}, tooltip={dot_text(mark.text)}, fontsize=9, {style}, "
        f'width={w / POINTS:.3f}, height={h / POINTS:.3f}, pos="{x:.1f},{picture.h - y:.1f}"]'
    )


def _legend(picture: Picture) -> list[str]:
    """The parameters once, below the picture, and what the lines mean."""
    lines: list[str] = []
    x, y = 16.0, picture.h + 18
    for id, label, uses in picture.parameters[:40]:
        box = Box(f"legend_{id}", "parameter", [f"{label} · used {uses}×" if uses > 1 else label])
        box.measure()
        if x > 16 and x + box.w > max(560.0, picture.w - 16):
            x, y = 16.0, y + 26
        box.x, box.y = x + box.w / 2, y
        box.data["param"] = id
        lines.append(_node(box, Tile(), picture))
        x += box.w + 12
    signs = [f"{COLOURS[sign]}: {SIGNS[sign]}" for sign in picture.signs]
    if picture.scale is not None and picture.scale.count:
        signs.append(f"orange, dashed: {scale_text(picture.scale)}")
    if picture.lanes:
        signs.append(border_text(picture))
    for k, sign in enumerate(signs):
        width = text_width(sign) + 16
        at = f"{16 + width / 2:.1f},{picture.h - y - 24 - 16 * k:.1f}"
        lines.append(
            f'sign_{k} [shape=plaintext, style="", width={width / POINTS:.3f}, height=0.2, label={dot_text(sign)}, pos="{at}"]'
        )
    return lines
