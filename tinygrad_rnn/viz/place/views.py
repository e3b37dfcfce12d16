"""The views of one recording: operations in full or folded, modules, backward, or rolled into one step.

A view chooses which steps get tiles and what stands for the others; `grid.py` puts the tiles into
columns (time) and rows (layer and direction).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ...graph import FREED
from ..model.boxes import Box, Picture, Tile
from ..model.gradients import Lane, lanes
from ..model.items import Item, Link, Model, norm_of
from ..model.labels import Labels, gradient_of, number_text
from ..model.tiles import TileBuilder, clusters_of, step_tile
from ..style import GradientScale
from .align import same_exits, same_sizes
from .fold import HEAD, LONG_GRAPH, TAIL, Folds, shown_steps
from .grid import Grid
from .rolled import roll
from .strip import factor_text

LOOP = 4  # a parameter that is used so often outside time steps looks like a loop that was not tagged
VIEWS = ("auto", "op", "folded", "rolled", "module", "backward")


@dataclass(slots=True)
class Wanted:
    """What the user asked for."""

    view: str
    labels: Labels
    grads: bool = False
    steps: range | None = None
    scale: tuple[float, float] | None = None
    wrap: float | None = None
    compact: bool = False
    causes: list[tuple[str, dict[int, float]]] = field(default_factory=list)


def build(model: Model, wanted: Wanted) -> Picture:
    """The picture of a model, not yet laid out."""
    picture = Picture(wanted.view, reverse=wanted.view == "backward", wrap=wanted.wrap, causes=wanted.causes)
    if wanted.grads:
        picture.lanes = [lane for lane in lanes(model) if lane.reached]
    builder = TileBuilder(model, wanted.labels, picture, wanted.compact)
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
    if picture.tile_of:
        _norms_on_ports(picture, builder)
    if wanted.grads and model.has_gradients:
        _unreached(picture, builder)
    if len(set(model.title_of_row.values())) == 2:
        _differences(model, builder)
    same_sizes(picture.tiles)
    return _finished(picture, model, wanted)


def _steps(model: Model, builder: TileBuilder, grid: Grid, wanted: Wanted) -> None:
    """A tile for each step that is shown, and a fold for each stretch that is not."""
    shown = shown_steps(model, wanted.view, wanted.steps)
    folds = Folds(model, grid, shown)
    tile_of = builder.picture.tile_of = dict(folds.tile_of)
    for place, items in model.tiles.items():
        if place in shown:
            tile_of[place] = step_tile(builder, items, grid.tile_for(place))
    builder.picture.tiles += folds.tiles
    same_exits(model, builder)
    builder.connect(folds.stand_in)
    folds.connect(builder)
    hidden = len(model.tiles) - len(shown)
    builder.picture.stats["folded_steps"] = hidden
    if hidden:
        note = f"{hidden} of {len(model.tiles)} steps are folded into '…' boxes"
        builder.picture.remarks.append(note + ("; view='op' draws all" if wanted.view == "folded" else ""))


def _whole(model: Model, builder: TileBuilder, wanted: Wanted) -> None:
    """A graph without steps is one tile; of a very long one the middle is folded."""
    items, hidden = model.rest, []
    if wanted.view == "folded" and len(items) > LONG_GRAPH:
        items, hidden = items[:HEAD] + items[-TAIL:], items[HEAD:-TAIL]
        builder.picture.remarks.append(
            f"{len(hidden):,} of {len(model.rest):,} operations are folded into one box; view='op' draws all"
        )
    often = next((item for item in model.items if _in_a_loop(item)), None)
    if often is not None or wanted.view == "rolled":
        why = f"{often.name or often.id} is used {len(often.uses)} times" if often else "no time steps were recorded"
        builder.picture.remarks.append(
            f"{why}: a loop over time is drawn step by step inside `with tinygrad_rnn.step(t):`"
        )
    tile = builder.tile(items, Tile(kind="graph"), whole=True, hidden=hidden)
    tile.clusters = clusters_of(tile, items, builder.box_of)


def _in_a_loop(item: Item) -> bool:
    """Does the same operation take this leaf again and again?"""
    uses = [(link.target.op, link.position) for link in item.uses] if item.kind in ("leaf", "parameter") else []
    return bool(uses) and max(map(uses.count, set(uses[:50]))) >= LOOP


def _finished(picture: Picture, model: Model, wanted: Wanted) -> Picture:
    """With legend, gradient scale and counts."""
    if wanted.grads:
        norms = [link.norm for link in model.links if link.norm is not None]
        sizes = [norm for lane in picture.lanes for norm in lane.norms.values()]
        picture.scale = GradientScale(norms, sizes, wanted.scale)
        if not norms and not any(item.node.saved_tensors is FREED for item in model.rest if item.node is not None):
            picture.remarks.append("no gradient was recorded: run backward inside tg.record()")
    for item in model.parameters:
        label = full_name(item)
        shape = " × ".join(map(str, item.shapes[0])) or "1"
        size = gradient_of(item) if wanted.grads else None
        known = "" if size is None else f" · ‖∂L/∂·‖ {number_text(size)}"
        picture.parameters.append((item.id, f"{label}: {shape}{known}", len(item.uses)))
    kinds = {arrow.kind for arrow in picture.arrows()}
    if wanted.view == "backward" and all(arrow.norm is not None for arrow in picture.arrows() if arrow.kind == "state"):
        kinds.discard("state")  # the way of the gradient is drawn in its place
    picture.signs = [kind for kind in ("state", "delay", "cut") if kind in kinds]
    if picture.scale is not None and any(arrow.norm == 0 for arrow in picture.arrows()):
        picture.signs.append("zero")
    if not all(box.reached for box in picture.boxes()):
        picture.signs.append("unreached")
    if any(box.differs for box in picture.boxes()):
        picture.signs.append("differs")
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


def _norms_on_ports(picture: Picture, builder: TileBuilder) -> None:
    """At the border of a step: the norm of the gradient by each state, and between two steps the factor."""
    for lane in picture.lanes:
        for t, (node, number) in lane.edges.items():
            port = builder.exits.get((builder.model.item_of[node], number))
            if port is not None and len(port.lines) == 1:
                norm = lane.norms[t]
                port.lines.append("no gradient" if norm != norm else f"∂ {number_text(norm)}")
                port.measure()
        _factors_on_hops(picture, lane)


def _factors_on_hops(picture: Picture, lane: Lane) -> None:
    states = {item: t for t, item in lane.items.items()}
    for hop in picture.hops:
        for link in hop.arrow.links if hop.arrow.kind == "state" and not hop.arrow.label else ():
            t = link.target.place.step if link.target.place is not None else None
            if link.source in states and t in lane.factors and lane.factors[t] == lane.factors[t]:
                hop.arrow.label = factor_text(lane.factors[t])
                break


def _unreached(picture: Picture, builder: TileBuilder) -> None:
    """Mark the boxes to which no gradient came, and the steps in which there are no others."""
    some: dict[Tile, bool] = {}
    for item, box in builder.box_of.items():
        came = item.node is not None and item.node.notes is not None and item.node.notes.arrived is not None
        tile = builder.tile_of[item]
        some[tile] = some.get(tile, False) or came
        if box.kind == "op" and not came:
            box.reached = False
    for tile, came in some.items():
        if not came:
            tile.title = f"{tile.title} · no gradient here".removeprefix(" · ")


def _differences(model: Model, builder: TileBuilder) -> None:
    """Of two graphs that are compared: mark what a step of the one does and no step of the other."""
    does: dict[str, set[object]] = {title: set() for title in model.title_of_row.values()}
    for place, items in model.tiles.items():
        does[model.title_of_row[place.row]].update(map(_does, items))
    for item, box in builder.box_of.items():
        if item.place is not None and box.kind == "op":
            others = (own for title, own in does.items() if title != model.title_of_row[item.place.row])
            box.differs = not any(_does(item) in own for own in others)


def _does(item: Item) -> object:
    return item.op, item.name


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
