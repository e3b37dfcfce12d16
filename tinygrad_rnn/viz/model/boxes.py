"""What a view produces and a writer draws: boxes and arrows, in tiles, in a grid of columns and rows.

A tile is laid out by itself (in its own coordinates, y downward, origin top left) and then put in its
place: time steps are copies of one small graph, so equal tiles share one layout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..style import FONT_SIZE, LINE_HEIGHT, GradientScale, text_width

if TYPE_CHECKING:
    from .gradients import Lane
    from .items import Link
    from .time_steps import Place

Point = tuple[float, float]


@dataclass(eq=False, slots=True)
class Box:
    """A labelled shape. `kind`: op, input, parameter, output, port, module or fold; x, y is its centre."""

    id: str
    kind: str
    lines: list[str]
    role: str = ""  # gate or state letter, which chooses the colour
    tip: str = ""  # shown on hover: op, shape, module path
    data: dict[str, str] = field(default_factory=dict)  # data-* attributes of the SVG
    w: float = 0.0
    h: float = 0.0
    x: float = 0.0
    y: float = 0.0
    reached: bool = True  # False: backward ran, and no gradient came here
    differs: bool = False  # another graph, with which this one is compared, does nothing like it

    def measure(self) -> None:
        """Set width and height from the label."""
        widest = max((text_width(line) for line in self.lines), default=0.0)
        room = {"parameter": 16.0, "input": 14.0, "module": 22.0}.get(self.kind, 10.0)
        self.w = max(22.0, _up(widest + room, 4))
        self.h = {"module": 20.0}.get(self.kind, 8.0) + max(1, len(self.lines)) * LINE_HEIGHT
        if self.kind == "input" and len(self.lines) > 1:  # an ellipse is narrow where its last line is
            self.w, self.h = _up(1.2 * self.w, 4), 1.2 * self.h


def _up(x: float, step: int) -> float:
    """Rounded up: labels of nearly equal width then share one layout."""
    return float(-(-x // step) * step)


@dataclass(eq=False, slots=True)
class Arrow:
    """From box to box, for one link or several. `kind`: value, parameter, state, cut or delay.

    `points` are cubic Bézier points; `norm` is that of the gradient that went back along all links together.
    """

    tail: Box
    head: Box
    kind: str = "value"
    links: list[Link] = field(default_factory=list, repr=False)
    label: str = ""
    norm: float | None = None
    points: list[Point] = field(default_factory=list)
    at: Point | None = None  # centre of the label, where the layout made room for it


@dataclass(eq=False, slots=True)
class Tile:
    """One time step, or one part of the graph outside time. `left` and `right` are boxes on its edges."""

    title: str = ""
    kind: str = "step"  # step, rest, fold or graph
    row: int = 0
    column: int = 0
    mirrored: bool = False  # runs right to left: the reverse direction
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    left: list[Box] = field(default_factory=list)
    right: list[Box] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)
    data: dict[str, str] = field(default_factory=dict)
    x: float = 0.0
    y: float = 0.0
    w: float = 0.0
    h: float = 0.0

    def form(self) -> tuple[object, ...]:
        """Equal for tiles that can share one layout: sizes, arrows and edges, but not labels."""
        number = {box: k for k, box in enumerate(self.boxes)}
        return (
            tuple((box.w, box.h) for box in self.boxes),
            tuple((number[a.tail], number[a.head], len(a.label)) for a in self.arrows),
            tuple(number[box] for box in self.left),
            tuple(number[box] for box in self.right),
            self.mirrored,
            tuple(tuple(number[box] for box in cluster.boxes) for cluster in self.clusters),
        )


@dataclass(eq=False, slots=True)
class Cluster:
    """A frame around boxes of one module. `depth` 0 is outermost; frame is x, y, w, h."""

    title: str
    boxes: list[Box]
    depth: int = 0
    frame: tuple[float, float, float, float] | None = None


@dataclass(eq=False, slots=True)
class Hop:
    """An arrow from a box of one tile to a box of another."""

    arrow: Arrow
    tail: Tile
    head: Tile


@dataclass(eq=False, slots=True)
class Mark:
    """A piece of the strip under the picture. `kind`: bar, ring, line, or a text (head, number, factor, time, note).

    A bar stands on (x, y), w wide and h high; a line goes from (x, y) to (x + w, y); of a text x is the middle, of a
    head the left end. `place` is that of a norm on the picture's scale.
    """

    kind: str
    x: float
    y: float
    w: float = 0.0
    h: float = 0.0
    text: str = ""
    place: float = 0.0


@dataclass(eq=False, slots=True)
class Picture:
    """Everything that will be drawn."""

    view: str
    tiles: list[Tile] = field(default_factory=list)
    hops: list[Hop] = field(default_factory=list)
    title: str = ""
    remarks: list[str] = field(default_factory=list)
    parameters: list[tuple[str, str, int]] = field(default_factory=list)  # id, label, number of uses
    signs: list[str] = field(default_factory=list)  # entries of the legend, see svg.py
    scale: GradientScale | None = None
    reverse: bool = False  # arrows point the way gradients go
    stats: dict[str, int] = field(default_factory=dict)
    lanes: list[Lane] = field(default_factory=list)  # what the strip shows
    causes: list[tuple[str, dict[int, float]]] = field(default_factory=list)  # and below it: label, value by step
    tile_of: dict[Place, Tile] = field(default_factory=dict)  # the tile, perhaps a fold, of each time step
    marks: list[Mark] = field(default_factory=list)
    wrap: float | None = None  # the width at which lines are broken
    w: float = 0.0
    h: float = 0.0

    def arrows(self) -> Iterator[Arrow]:
        """All arrows, inside tiles and between them."""
        for tile in self.tiles:
            yield from tile.arrows
        for hop in self.hops:
            yield hop.arrow

    def boxes(self) -> Iterator[Box]:
        """All boxes."""
        for tile in self.tiles:
            yield from tile.boxes


def title_height(tile: Tile) -> float:
    """Room for the title on top of a tile."""
    return FONT_SIZE + 9.0 if tile.title else 0.0


def in_order(tile: Tile) -> None:
    """Sort the boxes on each edge by the order in which they were made."""
    number = {box: k for k, box in enumerate(tile.boxes)}
    tile.left.sort(key=number.__getitem__)
    tile.right.sort(key=number.__getitem__)
