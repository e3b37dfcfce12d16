"""The views of one recording: operations in full or folded, rolled into one step, backward; see also modules.py.

Each view chooses which steps get tiles, and what stands for the others; `grid.py` puts the tiles into
columns (time) and rows (layer and direction).
"""

from __future__ import annotations

from dataclasses import dataclass

from .align import same_exits, same_sizes
from .grid import Grid
from .labels import Labels, number_text
from .model import Item, Model
from .picture import Arrow, Box, Cluster, Hop, Picture, Tile
from .steps import Place
from .style import GradientScale
from .tiles import TileBuilder, clusters_of

VIEWS = ("auto", "op", "folded", "rolled", "module", "backward")
UNFOLDED = 8  # the default view shows at most this many steps in full
ENDS = 2  # a folded view shows this many steps at each end


@dataclass(slots=True)
class Wanted:
    """What the user asked for."""

    view: str = "op"
    labels: Labels | None = None
    grads: bool = False
    steps: range | None = None
    ends: int = ENDS


def operations(model: Model, wanted: Wanted) -> Picture:
    """One tile per time step (view "op" or "backward"), or the first and last steps and a box for the rest ("folded")."""
    picture = Picture(wanted.view, reverse=wanted.view == "backward")
    builder = TileBuilder(model, wanted.labels or Labels(), picture)
    grid = Grid(model)
    shown_steps = _shown_steps(model, grid, wanted)
    folds: dict[tuple[int, int], tuple[Tile, Box]] = {}
    _rest_tiles(model, builder, grid)
    for place, items in model.tiles.items():
        if place in shown_steps:
            builder.tile(items, grid.tile_for(place))
        else:
            _into_fold(picture, grid, place, shown_steps, folds)
    same_exits(model, builder)
    builder.connect(lambda item: _fold_for(item, grid, shown_steps, folds))
    _fold_entries(model, builder, grid, shown_steps, folds)
    builder.mark_outputs()
    for (tile, box), places in _by_fold(model, grid, shown_steps, folds).items():
        steps = sorted(place.step for place in places)
        box.lines = ["…", f"{len(steps)} steps", f"t = {steps[0]} … {steps[-1]}"]
        box.measure()
        tile.w, tile.h = box.w + 16, box.h + 24
    same_sizes(picture.tiles)
    hidden = len(model.tiles) - len(shown_steps)
    if hidden:
        picture.notes.append(f"{hidden} of {len(model.tiles)} steps are folded into '…' boxes; view='op' draws all")
    return finish(picture, model, wanted)


def _shown_steps(model: Model, grid: Grid, wanted: Wanted) -> set[Place]:
    """The places that get a tile of their own."""
    places = set(model.tiles)
    if wanted.steps is not None:
        return {place for place in places if place.step in wanted.steps}
    if wanted.view != "folded":
        return places
    shown: set[Place] = set()
    for row in range(len(model.rows)):
        run = sorted(place for place in places if place.row == row)
        if len(run) <= 2 * wanted.ends + 1:
            shown.update(run)
        else:
            shown.update(run[: wanted.ends] + run[-wanted.ends :])
    return shown


def _run_of(grid: Grid, place: Place, shown: set[Place]) -> tuple[int, int]:
    """Which stretch of hidden steps a place belongs to: its row and the number of shown steps before it."""
    return place.row, sum(p.row == place.row and p.step < place.step for p in shown)


def _into_fold(picture: Picture, grid: Grid, place: Place, shown: set[Place], folds: dict) -> None:
    key = _run_of(grid, place, shown)
    if key not in folds:
        box = Box(f"fold{len(folds)}", "fold", ["…"])
        tile = grid.tile_for(place)
        tile.kind, tile.title, tile.boxes = "fold", "", [box]
        folds[key] = tile, box
        picture.tiles.append(tile)


def _fold_for(item: Item, grid: Grid, shown: set[Place], folds: dict) -> tuple[Tile, Box] | None:
    if item.place is None or item.place in shown:
        return None
    return folds.get(_run_of(grid, item.place, shown))


def _by_fold(model: Model, grid: Grid, shown: set[Place], folds: dict) -> dict[tuple[Tile, Box], list[Place]]:
    found: dict[tuple[Tile, Box], list[Place]] = {}
    for place in model.tiles:
        if place not in shown:
            found.setdefault(folds[_run_of(grid, place, shown)], []).append(place)
    return found


def _fold_entries(model: Model, builder: TileBuilder, grid: Grid, shown: set[Place], folds: dict) -> None:
    """Hops from what is shown into a fold."""
    made: set[tuple[Item, int, Tile]] = set()
    for place in model.tiles:
        if place in shown:
            continue
        tile, box = folds[_run_of(grid, place, shown)]
        for item in model.tiles[place]:
            for link in item.inputs:
                source = link.source
                if source.kind != "op" or source not in builder.tile_of or (source, link.number, tile) in made:
                    continue
                made.add((source, link.number, tile))
                port = builder.exit(source, link.number)
                same_row = source.place is not None and source.place.row == place.row
                kind = "cut" if link.cut else "state" if same_row else "value"
                builder.picture.hops.append(Hop(Arrow(port, box, kind, link.norm), builder.tile_of[source], tile))


def _rest_tiles(model: Model, builder: TileBuilder, grid: Grid) -> None:
    """Tiles for what is outside every step; the whole graph in one tile if nothing has a step."""
    if not model.tiles:
        tile = builder.tile(model.rest, Tile(kind="graph"), whole=True)
        tile.clusters = clusters_of(tile, model.rest, builder.box_of)
        return
    for piece in grid.pieces:
        tile = builder.tile(piece.items, piece.tile)
        tile.clusters = clusters_of(tile, piece.items, builder.box_of)


def rolled(model: Model, wanted: Wanted) -> Picture:
    """One tile per row standing for all its steps, with edges that carry a value to the next step."""
    picture = Picture("rolled")
    builder = TileBuilder(model, wanted.labels or Labels(), picture)
    grid = Grid(model, one_column=True)
    _rest_tiles(model, builder, grid)
    chosen: dict[int, Place] = {}
    for row in range(len(model.rows)):
        run = [place for place in model.tiles if place.row == row]
        place = chosen[row] = run[len(run) // 2]  # neither the first nor the last: those may differ
        tile = builder.tile(model.tiles[place], grid.tile_for(place))
        steps = sorted(p.step for p in run)
        tile.title = f"{grid.row_title(row)}one step, × {len(run)} · t = {steps[0]} … {steps[-1]}".strip()
        tile.data = {}
        picture.notes.extend(unlike(model, run, grid.row_title(row)))
    same_exits(model, builder)
    _roll_hops(model, builder, chosen)
    builder.mark_outputs()
    _name_by_t(picture, model, builder, chosen)
    return finish(picture, model, wanted)


def _roll_hops(model: Model, builder: TileBuilder, chosen: dict[int, Place]) -> None:
    """Where a value comes from another step of the same row, draw it as coming from this one, delayed."""

    def stand_in(item: Item) -> tuple[Tile, Box] | None:
        if item.place is None:
            return None
        k, items = item.index, model.tiles[chosen[item.place.row]]
        if k >= len(items) or items[k].op != item.op:
            return None
        return builder.tile_of[items[k]], builder.exit(items[k], 0)

    builder.connect(stand_in)
    for hop in builder.picture.hops:
        if hop.tail is hop.head:
            hop.arrow.kind = "delay"


def _name_by_t(picture: Picture, model: Model, builder: TileBuilder, chosen: dict[int, Place]) -> None:
    """Write h[t] and h[t-1] instead of the numbers of the step that stands for all."""
    for entry in builder.entries:
        source, target = entry.links[0].source, entry.links[0].target
        if source.place is None or len(entry.links) > 1:
            continue
        lag = 0 if target.place is None else source.place.step - target.place.step
        name = entry.port.lines[0].rpartition("[")[0]
        t = f"t{lag:+d}".replace("-", "−") if lag else "t"
        entry.port.lines = [f"{name}[{t}]"]
        entry.port.measure()
        for hop in picture.hops:
            if hop.arrow.head is entry.port and hop.arrow.kind == "delay":
                hop.arrow.label = f"{name}, {abs(lag)} step{'s' if abs(lag) > 1 else ''} later"
    for tile in picture.tiles:
        t = next((str(p.step) for p in chosen.values() if tile.kind == "step"), "")
        for box in tile.boxes:
            if tile.kind == "step" and box.kind == "input" and box.lines[0].endswith(f"[{t}]"):
                box.lines[0] = box.lines[0].removesuffix(f"[{t}]") + "[t]"
    for (item, _), port in builder.exits.items():
        if item.place is not None:
            port.lines = [port.lines[0].rpartition("[")[0] + "[t]"]
            port.measure()


def unlike(model: Model, run: list[Place], title: str = "") -> list[str]:
    """Say which step is first unlike the others of its row, and why; nothing if all are alike."""
    if len(run) < 3:
        return []
    forms = {place: form_of(model.tiles[place]) for place in run}
    usual = forms[run[len(run) // 2]]
    for place in run:
        if forms[place] != usual:
            return [f"{title}steps are not all alike: t = {place.step} {difference(forms[place], usual)}"]
    return []


def form_of(items: list[Item]) -> list[tuple[object, ...]]:
    """What one step computes, apart from which step it is: op, shapes, and where each input comes from."""
    number = {item: k for k, item in enumerate(items)}
    form = []
    for item in items:
        inputs = []
        for link in item.inputs:
            source = link.source
            if source in number:
                inputs.append((number[source], link.number))
            elif source.kind == "parameter":
                inputs.append((source.id, 0))
            else:
                inputs.append(("input", 0))  # a state, the start of one, or x_t
        form.append((item.op, item.shapes, tuple(inputs)))
    return form


def difference(form: list[tuple[object, ...]], usual: list[tuple[object, ...]]) -> str:
    """How a step departs from the usual one, in words."""
    for k, (a, b) in enumerate(zip(form, usual, strict=False)):
        if a[0] != b[0]:
            return f"has {a[0]} as operation {k + 1}, the others {b[0]}"
        if a[1] != b[1]:
            return f"gives shape {a[1]} at operation {k + 1} ({a[0]}), the others {b[1]}"
        if a[2] != b[2]:
            return f"takes other inputs at operation {k + 1} ({a[0]})"
    return f"has {len(form)} operations, the others {len(usual)}"


def finish(picture: Picture, model: Model, wanted: Wanted) -> Picture:
    """Legend, gradient scale and counts."""
    if wanted.grads:
        norms = [link.norm for link in model.links if link.norm is not None]
        picture.scale = GradientScale(norms)
        _norms_on_exits(picture)
        if not norms:
            picture.notes.append("no gradient was recorded: run backward inside viz.record()")
    for item in model.parameters:
        label = full_name(item)
        shape = " × ".join(map(str, item.shapes[0])) or "1"
        picture.parameters.append((item.id, f"{label}: {shape}", len(item.uses)))
    kinds = {arrow.kind for arrow in picture.arrows()}
    picture.signs = [kind for kind in ("state", "delay", "cut") if kind in kinds]
    drawn = sum(len(tile.boxes) for tile in picture.tiles)
    picture.stats = {
        "nodes": sum(item.kind == "op" for item in model.items),
        "edges": len(model.links),
        "steps": model.steps,
        "parameters": len(model.parameters),
        "drawn": drawn,
        "folded_steps": len(model.tiles) - len({t.data["place"] for t in picture.tiles if "place" in t.data and t.kind == "step"})
        if picture.view in ("op", "folded", "backward")
        else 0,
        "cuts": sum(bool(link.cut) for link in model.links),
    }  # fmt: skip
    return picture


def full_name(item: Item) -> str:
    """A parameter's name with the path of the module that uses it: 'head0.q.weight'."""
    path = item.uses[0].target.scope.path.partition(".")[2] if item.uses else ""
    if item.name and path and "." not in item.name:
        return f"{path}.{item.name}"
    return item.name or item.id


def _norms_on_exits(picture: Picture) -> None:
    """What comes back into a port on the right edge is the largest of what its hops bring."""
    arriving: dict[Box, float] = {}
    for hop in picture.hops:
        if hop.arrow.norm is not None:
            arriving[hop.arrow.tail] = max(hop.arrow.norm, arriving.get(hop.arrow.tail, 0.0))
    for tile in picture.tiles:
        for arrow in tile.arrows:
            if arrow.head in arriving and arrow.norm is None:
                arrow.norm = arriving[arrow.head]


__all__ = ["VIEWS", "Cluster", "Wanted", "number_text", "operations", "rolled"]
