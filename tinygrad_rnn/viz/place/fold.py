"""Folding: which steps are shown, and one box for each stretch of steps that is not."""

from __future__ import annotations

from ...study.results import counted
from ..model.boxes import Arrow, Box, Hop, Tile
from ..model.items import Link, Model
from ..model.labels import cuts_text
from ..model.tiles import TileBuilder
from ..model.time_steps import Place
from .grid import Grid

UNFOLDED = 8  # the default view shows at most this many steps in full
ENDS = 2  # a folded view shows this many steps at each end
MODULE_UNFOLDED, MODULE_ENDS = 12, 3  # the same for the module view, whose steps are small
LONG_GRAPH, HEAD, TAIL = 400, 30, 60  # a graph without steps: operations shown before and after the fold


def shown_steps(model: Model, view: str, steps: range | None) -> set[Place]:
    """The places that get a tile of their own."""
    places = set(model.tiles)
    if steps is not None:
        return {place for place in places if place.step in steps}
    if view not in ("folded", "module"):
        return places
    ends, most = (ENDS, 2 * ENDS + 1) if view == "folded" else (MODULE_ENDS, MODULE_UNFOLDED)
    shown: set[Place] = set()
    for run in model.runs:
        run = sorted(run)
        shown.update(run if len(run) <= most else run[:ends] + run[-ends:])
    return shown | _at_first_cut(model)


def _at_first_cut(model: Model) -> set[Place]:
    """The steps on both sides of the first cut: where the gradient ends must not be folded away."""
    for link in model.links:
        if link.cut and link.source.place and link.target.place and link.source.place != link.target.place:
            return {link.source.place, link.target.place}
    return set()


class Folds:
    """The fold boxes of a picture. A fold stands for neighbouring hidden steps of one row."""

    def __init__(self, model: Model, grid: Grid, shown: set[Place]):
        self.model = model
        self.tile_of: dict[Place, Tile] = {}
        self.tiles: list[Tile] = []
        for run in model.runs:
            hidden: list[Place] = []
            for place in [*sorted(run), None]:
                if place is not None and place not in shown:
                    hidden.append(place)
                elif hidden:
                    self._fold(hidden, grid)
                    hidden = []

    def _fold(self, hidden: list[Place], grid: Grid) -> None:
        box = Box(
            f"fold{len(self.tiles)}",
            "fold",
            ["…", steps_text(len(hidden)), f"t = {hidden[0].step} … {hidden[-1].step}"],
        )
        cuts = sum(bool(link.cut) for place in hidden for item in self.model.tiles[place] for link in item.inputs)
        if cuts:
            box.lines.append(cuts_text(cuts))
        box.measure()
        tile = grid.tile_for(hidden[0])
        box.w = max(box.w, 120.0)  # room for numbers at both ends of the strip below
        tile.kind, tile.title, tile.boxes = "fold", "", [box]
        tile.w, tile.h = box.w + 16, box.h + 24
        self.tiles.append(tile)
        self.tile_of.update(dict.fromkeys(hidden, tile))

    def stand_in(self, link: Link) -> tuple[Tile, Box] | None:
        """The fold that hides where a value comes from."""
        place = link.source.place
        tile = self.tile_of.get(place) if place is not None else None
        return None if tile is None else (tile, tile.boxes[0])

    def connect(self, builder: TileBuilder) -> None:
        """Hops from what is shown, and from other folds, into folds."""
        made: dict[tuple[object, ...], Hop] = {}
        for place, tile in self.tile_of.items():
            for item in self.model.tiles[place]:
                for link in item.inputs:
                    source = link.source
                    if source.place is not None and source.place in self.tile_of:
                        other = self.tile_of[source.place]
                        key: tuple[object, ...] = (other, link.number, link.cut, tile)
                        start = None if other is tile else (other, other.boxes[0])
                    else:
                        key = (source, link.number, link.cut, tile)
                        start = None if source not in builder.tile_of else (builder.tile_of[source], None)
                    if start is None:
                        continue
                    if key in made:
                        made[key].arrow.links.append(link)
                        continue
                    same_row = source.place is not None and source.place.row == place.row
                    kind = "cut" if link.cut else "state" if same_row else "value"
                    tail = start[1] or builder.exit(source, link.number)
                    made[key] = Hop(Arrow(tail, tile.boxes[0], kind, [link]), start[0], tile)
                    builder.picture.hops.append(made[key])


def steps_text(count: int) -> str:
    """'1 step', '46 steps'."""
    return counted(count, "step")
