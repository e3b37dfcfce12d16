"""The views of one recording: operations in full or folded, modules, backward, or rolled into one step.

A view chooses which steps get tiles and what stands for the others; `grid.py` puts the tiles into
columns (time) and rows (layer and direction).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..model.boxes import Box, Picture, Tile
from ..model.items import Item, Link, Model, norm_of
from ..model.labels import Labels, number_text
from ..model.tiles import TileBuilder, clusters_of, step_tile
from ..style import GradientScale
from .align import same_exits, same_sizes
from .fold import HEAD, LONG_GRAPH, TAIL, Folds, shown_steps
from .grid import Grid
from .rolled import roll

VIEWS = ("auto", "op", "folded", "rolled", "module", "backward")


@dataclass(slots=True)
class Wanted:
    """What the user asked for."""

    view: str
    labels: Labels
    grads: bool = False
    steps: range | None = None


def build(model: Model, wanted: Wanted) -> Picture:
    """The picture of a model, not yet laid out."""
    picture = Picture(wanted.view, reverse=wanted.view == "backward")
    builder = TileBuilder(model, wanted.labels, picture)
    if not model.tiles:
        _whole(model, builder, wanted)
    else:
        grid = Grid(model, one_column=wanted.view == "rolled")
        for piece in grid.pieces:
            tile = builder.tile(piece.items, piece.tile)
            tile.clusters = clusters_of(tile, piece.items, builder.box_of)
        if wanted.view == "rolled":
            roll(model, builder, grid)
        else:
            _steps(model, builder, grid, wanted)
    builder.mark_outputs()
    _norms(picture)
    if builder.by_module and wanted.grads:
        _norms_on_ports(picture)
    same_sizes(picture.tiles)
    return _finished(picture, model, wanted)


def _steps(model: Model, builder: TileBuilder, grid: Grid, wanted: Wanted) -> None:
    """A tile for each step that is shown, and a fold for each stretch that is not."""
    shown = shown_steps(model, wanted.view, wanted.steps)
    folds = Folds(model, grid, shown)
    for place, items in model.tiles.items():
        if place in shown:
            step_tile(builder, items, grid.tile_for(place))
    builder.picture.tiles += folds.tiles
    same_exits(model, builder)
    builder.connect(folds.stand_in)
    folds.connect(builder)
    hidden = len(model.tiles) - len(shown)
    builder.picture.stats["folded_steps"] = hidden
    if hidden:
        note = f"{hidden} of {len(model.tiles)} steps are folded into '…' boxes"
        builder.picture.notes.append(note + ("; view='op' draws all" if wanted.view == "folded" else ""))


def _whole(model: Model, builder: TileBuilder, wanted: Wanted) -> None:
    """A graph without steps is one tile; of a very long one the middle is folded."""
    items, hidden = model.rest, []
    if wanted.view == "folded" and len(items) > LONG_GRAPH:
        items, hidden = items[:HEAD] + items[-TAIL:], items[HEAD:-TAIL]
        builder.picture.notes.append(
            f"{len(hidden):,} of {len(model.rest):,} operations are folded into one box; view='op' draws all"
        )
    tile = builder.tile(items, Tile(kind="graph"), whole=True, hidden=hidden)
    tile.clusters = clusters_of(tile, items, builder.box_of)
    if wanted.view == "rolled":
        builder.picture.notes.append("no time steps were recorded: wrap the loop body in `with tinygrad_rnn.step(t):`")


def _finished(picture: Picture, model: Model, wanted: Wanted) -> Picture:
    """With legend, gradient scale and counts."""
    if wanted.grads:
        norms = [link.norm for link in model.links if link.norm is not None]
        picture.scale = GradientScale(norms)
        if not norms:
            picture.notes.append("no gradient was recorded: run backward inside tg.record()")
    for item in model.parameters:
        label = full_name(item)
        shape = " × ".join(map(str, item.shapes[0])) or "1"
        picture.parameters.append((item.id, f"{label}: {shape}", len(item.uses)))
    kinds = {arrow.kind for arrow in picture.arrows()}
    picture.signs = [kind for kind in ("state", "delay", "cut") if kind in kinds]
    picture.stats = {
        "nodes": sum(item.kind == "op" for item in model.items),
        "edges": len(model.links),
        "steps": model.steps,
        "parameters": len(model.parameters),
        "cuts": sum(bool(link.cut) for link in model.links),
        "drawn": sum(len(tile.boxes) for tile in picture.tiles),
        "folded_steps": picture.stats.get("folded_steps", 0),
    }
    return picture


def _norms_on_ports(picture: Picture) -> None:
    """In the module view there is room to write how much gradient each state brings back."""
    brought: dict[Box, list[Link]] = {}
    for hop in picture.hops:
        if hop.arrow.kind == "state" and hop.arrow.head.kind == "port":
            brought.setdefault(hop.arrow.head, []).extend(hop.arrow.links)
    for port, links in brought.items():
        norm = norm_of(links)
        if norm is not None:
            port.lines.append(f"|∂| {number_text(norm)}")
            port.measure()


def full_name(item: Item) -> str:
    """A parameter's name with the path of the module that uses it: 'head0.q.weight'."""
    path = item.uses[0].target.scope.path.partition(".")[2] if item.uses else ""
    if item.name and path and "." not in item.name:
        return f"{path}.{item.name}"
    return item.name or item.id


def _norms(picture: Picture) -> None:
    """The gradient of each arrow; a port on the right edge gets back what all its hops bring."""
    leaving: dict[Box, list[Link]] = {}
    for hop in picture.hops:
        if hop.arrow.tail.kind == "port":
            leaving.setdefault(hop.arrow.tail, []).extend(hop.arrow.links)
    for arrow in picture.arrows():
        if arrow.head in leaving:
            arrow.links = leaving[arrow.head]
        arrow.norm = norm_of(arrow.links)
