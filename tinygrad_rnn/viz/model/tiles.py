"""From the model to tiles: the boxes and arrows inside one time step, and the hops between steps.

A parameter is drawn where it is used, as a chip in each step, never as one node with an edge to every
step: that is both what makes layouts slow and what makes pictures unreadable. A value that goes from
one tile to another leaves through a port on the right edge and enters through one on the left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...study.results import counted
from .boxes import Arrow, Box, Cluster, Hop, Picture, Tile
from .grouping import affine_box, affine_groups, is_parameter, module_box, module_calls
from .items import Item, Link, Model, norm_of, transposed_parameter
from .labels import Labels, cuts_text, how, short

DIRECTIONS = {"forward": "→ ", "reverse": "← "}
MANY = 3  # an operation with more inputs than this from one row gets one port for all of them


@dataclass(slots=True)
class Entry:
    """A value entering a tile: which links it stands for, and the port."""

    tile: Tile
    port: Box
    links: list[Link] = field(default_factory=list)


class TileBuilder:
    """Builds the tiles of a picture and remembers what has to be connected between them."""

    def __init__(self, model: Model, labels: Labels, picture: Picture, compact: bool = False):
        self.model: Model = model
        self.labels: Labels = labels
        self.picture: Picture = picture
        self.by_module: bool = picture.view == "module"
        self.compact: bool = compact and not self.by_module and not picture.reverse
        self.tile_of: dict[Item, Tile] = {}
        self.box_of: dict[Item, Box] = {}  # for operations
        self.entries: list[Entry] = []
        self.exits: dict[tuple[Item, int], Box] = {}
        self.boxes_made: int = 0
        self.outputs: Any = {(model.item_of[node], number) for node, number in model.outputs}

    def tile(self, items: Iterable[Item], tile: Tile, whole: bool = False, hidden: Sequence[Item] = ()) -> Tile:
        """Fill `tile` with the operations `items`.

        whole   the graph is this tile alone, without ports
        hidden  operations for which one box "…" stands
        """
        items = [item for item in items if transposed_parameter(item) is None]
        calls = module_calls(items) if self.by_module else affine_groups(items) if self.compact else {}
        shared: dict[object, Box] = {}
        together: dict[object, list[Item]] = {}
        for item, key in calls.items():
            together.setdefault(key, []).append(item)
        for item in items:
            self.tile_of[item] = tile
            key = calls.get(item, item)
            if key not in shared:
                shared[key] = self._place(tile, self._box(item, together.get(key, [])))
            self.box_of[item] = shared[key]
        if hidden:
            fold = Box("fold0", "fold", ["…", counted(len(hidden), "operation")])
            tile.boxes.append(fold)
            self.tile_of.update(dict.fromkeys(hidden, tile))
            self.box_of.update(dict.fromkeys(hidden, fold))
        chips: dict[object, Box] = {}
        entries: dict[object, Entry] = {}
        for item in items:
            crowded = self._crowded(item)
            for link in item.inputs:
                self._input(tile, link, chips, entries, whole, crowded)
        if hidden:
            self._into_fold(hidden, tile)
        if hidden or calls:
            self._tell_cuts(tile, [*items, *hidden])
            _merge(tile)
        self.picture.tiles.append(tile)
        return tile

    def _box(self, item: Item, together: list[Item]) -> Box:
        """The box of an item, or of those that share one with it."""
        if self.by_module:
            return module_box(item, self.labels, self._id())
        return affine_box(together, self.labels, self._id()) if together else self.labels.box(item, self._id())

    def _into_fold(self, hidden: Sequence[Item], tile: Tile) -> None:
        """Arrows from what is shown into the box that stands for what is hidden."""
        for item in hidden:
            for link in item.inputs:
                tail, fold = self.box_of.get(link.source), self.box_of[item]
                if tail is not None and tail is not fold:
                    tile.arrows.append(Arrow(tail, fold, "cut" if link.cut else "value", [link]))

    def _tell_cuts(self, tile: Tile, items: Iterable[Item]) -> None:
        """A box that stands for many operations says how many cuts are between them: nothing else would show them."""
        counts: dict[Box, int] = {}
        for item in items:
            box = self.box_of[item]
            inside = sum(bool(link.cut) and self.box_of.get(link.source) is box for link in item.inputs)
            if inside:
                counts[box] = counts.get(box, 0) + inside
        for box, count in counts.items():
            box.lines.append(cuts_text(count))
        for box in tile.boxes:
            box.measure()

    def _id(self) -> str:
        self.boxes_made += 1
        return f"b{self.boxes_made}"

    @staticmethod
    def _place(tile: Tile, box: Box) -> Box:
        if tile.kind == "step":
            box.data |= tile.data
        tile.boxes.append(box)
        return box

    @staticmethod
    def _crowded(item: Item) -> set[int]:
        """The rows from which more values come into `item` than can each have a port."""
        if len(item.inputs) <= MANY:
            return set()
        rows = [link.source.place.row for link in item.inputs if link.source.place is not None]
        return {row for row in rows if rows.count(row) > MANY} if len(rows) < 64 else set(rows)

    def _input(
        self, tile: Tile, link: Link, chips: dict[object, Box], entries: dict[object, Entry], whole: bool,
        crowded: set[int],
    ) -> None:  # fmt: skip
        source, head = link.source, self.box_of[link.target]
        if source.kind == "constant" and self.labels.backward:
            return  # no gradient goes there
        if self.compact and is_parameter(source) and head.lines[0].startswith("linear") and len(head.lines) > 1:
            return  # the box says how many
        if source.kind != "op" or transposed_parameter(source) is not None:
            if self.by_module and (source.kind == "parameter" or transposed_parameter(source) is not None):
                return  # the legend lists them
            tail = self._chip(tile, link, chips, whole)
            kind = "parameter" if tail.kind == "parameter" else "value"
            tile.arrows.append(Arrow(tail, head, "cut" if link.cut else kind, [link]))
            return
        if self.tile_of.get(source) is tile:
            kind = "cut" if link.cut else "value"
            if self.box_of[source] is head:
                return
            label = source.names.get(link.number, "") if len(source.shapes) > 1 else ""
            tile.arrows.append(Arrow(self.box_of[source], head, kind, [link], short(label, 6)))
            return
        row = source.place.row if source.place is not None else None
        key: object = (link.target, row, link.number) if row in crowded else (source, link.number, link.cut)
        kind = "state" if _same_row(link) else "value"
        entry = entries.get(key)
        if entry is None:
            name = _whence(link) + value_name(source, link.number)
            entry = entries[key] = Entry(tile, self._port(tile, name, tile.left))
            self.entries.append(entry)
            if row in crowded:
                tile.arrows.append(Arrow(entry.port, head, kind, entry.links))
        if row not in crowded:
            tile.arrows.append(Arrow(entry.port, head, kind, [link]))
        entry.links.append(link)

    def _chip(self, tile: Tile, link: Link, chips: dict[object, Box], whole: bool) -> Box:
        """The box of a leaf, parameter or constant: one per tile, or one per use if it is used often."""
        source = link.source
        turned = transposed_parameter(source)
        often = whole and source.kind == "parameter" and len(source.uses) > 3
        key: object = (source, link.target) if often else source
        box = chips.get(key)
        if box is None:
            box = chips[key] = self._place(tile, self.labels.box(turned or source, self._id()))
            if turned is not None:
                box.lines[0] += "ᵀ"
                box.measure()
        return box

    def _port(self, tile: Tile, label: str, side: list[Box]) -> Box:
        box = Box(self._id(), "port", [label])
        box.measure()
        side.append(self._place(tile, box))
        return box

    def exit(self, item: Item, number: int) -> Box:
        """The port through which output `number` of `item` leaves its tile."""
        together = item.place is None and len(item.shapes) > MANY  # an unbind over time leaves through one port
        key = (item, -1 if together else number)
        port = self.exits.get(key)
        if port is None:
            tile = self.tile_of[item]
            last = len(item.shapes) - 1
            names = [value_name(item, 0), value_name(item, last)] if together else [value_name(item, number)]
            port = self.exits[key] = self._port(tile, spread(names), tile.right)
            kind = (
                "state" if any(_same_row(link) and link.target.place != item.place for link in item.uses) else "value"
            )
            tile.arrows.append(Arrow(self.box_of[item], port, kind))
        return port

    def connect(self, shown: Callable[[Link], tuple[Tile, Box] | None]) -> None:
        """Make the hops. `shown(link)` says from where a value comes whose source has no tile of its own, if from anywhere."""
        for entry in self.entries:
            hops: dict[tuple[Box, str], Hop] = {}
            for link in entry.links:
                self._hop(entry, link, shown, hops)
            if len({link.source for link in entry.links}) > 1:  # one port for many values
                entry.port.lines = [spread([value_name(link.source, link.number) for link in entry.links])]
                entry.port.measure()

    def _hop(
        self, entry: Entry, link: Link, shown: Callable[[Link], tuple[Tile, Box] | None],
        hops: dict[tuple[Box, str], Hop],
    ) -> None:  # fmt: skip
        if link.source in self.tile_of:
            tail_tile, tail = self.tile_of[link.source], self.exit(link.source, link.number)
        else:
            found = shown(link)
            if found is None:
                return
            tail_tile, tail = found
        kind = "cut" if link.cut else "state" if _same_row(link) else "value"
        hop = hops.get((tail, link.cut))
        if hop is None:
            hop = hops[tail, link.cut] = Hop(Arrow(tail, entry.port, kind), tail_tile, entry.tile)
            self.picture.hops.append(hop)
        hop.arrow.links.append(link)

    def mark_outputs(self) -> None:
        """Give the results that were asked for a shape of their own."""
        titles = self.model.title_of_output
        for item, number in sorted(self.outputs, key=lambda output: output[0].id):
            if item in self.tile_of:
                tile = self.tile_of[item]
                name = titles.get((item, number)) or item.label_of(number) or "result"
                box = Box(self._id(), "output", [short(name)])
                box.measure()
                tile.right.append(self._place(tile, box))
                tile.arrows.append(Arrow(self.box_of[item], box))


def _same_row(link: Link) -> bool:
    """Does the value stay in its row, as a state?"""
    a, b = link.source.place, link.target.place
    return a is not None and b is not None and a.row == b.row


def _merge(tile: Tile) -> None:
    """One arrow between two boxes, with the gradient of all; but a cut stays one, and so does what cannot be added up."""
    merged: dict[tuple[Box, Box, bool], Arrow] = {}
    kept: list[Arrow] = []
    for arrow in tile.arrows:
        first = merged.setdefault((arrow.tail, arrow.head, arrow.kind == "cut"), arrow)
        together = first.links + arrow.links
        if first is arrow or (norm_of(together) is None and any(link.norm is not None for link in together)):
            kept.append(arrow)
        else:
            first.links = together
    tile.arrows = kept


def _whence(link: Link) -> str:
    """What tells a value apart that comes from another layer or direction: 'layer 0 · ', '← ' for the reverse one."""
    source, target = link.source.scope, link.target.scope
    if link.source.place is None or link.target.place is None or link.source.place.row == link.target.place.row:
        return ""
    if source.layer is not None and target.layer is not None and source.layer != target.layer:
        return f"layer {source.layer} · "
    return "" if target.direction is not None or source.direction is None else DIRECTIONS.get(source.direction, "")


def value_name(item: Item, number: int) -> str:
    """How a value is called where it enters and leaves a tile: 'h[3]'; with another shape it is the same value."""
    while item.op in ("Reshape", "Stack") and not item.name and len(item.inputs) == 1 and item.place is not None:
        link = item.inputs[0]
        if link.source.place != item.place:
            break
        item, number = link.source, link.number
    name = short(item.label_of(number), 12) or (how(item) if item.symbol == "[ ]" else item.symbol)
    if item.op == "Unbind" and item.place is None and number not in item.names:
        whole = item.inputs[0].source
        if whole.op == "Stack" and len(whole.inputs) == len(item.shapes):  # apart again what was put together
            return value_name(whole.inputs[number].source, whole.inputs[number].number)
        return f"{short(item.name or _whole_name(item), 12)}[{number}]"
    if len(item.shapes) > 1 and number not in item.names:
        name += f".{number}"
    return f"{name}[{item.place.step}]" if item.place is not None else name


def _whole_name(item: Item) -> str:
    """Of what an unbind gives the parts: through views, to something with a name."""
    while item.op in ("Unbind", "Permute", "Transpose", "Reshape", "Cast") and item.inputs and not item.name:
        item = item.inputs[0].source
    return item.name or item.symbol or "x"


def spread(names: list[str]) -> str:
    """'h[0] … h[9]' for many."""
    return names[0] if names[0] == names[-1] else f"{names[0]} … {names[-1]}"


def step_tile(builder: TileBuilder, items: list[Item], tile: Tile) -> Tile:
    """A tile for one time step; if several modules work in it, with a frame around each."""
    builder.tile(items, tile)
    if len({item.scope.path for item in items}) > 1 and not builder.by_module:
        frames = clusters_of(tile, items, builder.box_of)
        everything = {builder.box_of[item] for item in items if item in builder.box_of}
        tile.clusters = [frame for frame in frames if not everything <= set(frame.boxes)]
        for frame in tile.clusters:
            frame.depth -= min(f.depth for f in tile.clusters)
    return tile


def clusters_of(tile: Tile, items: Iterable[Item], box_of: dict[Item, Box]) -> list[Cluster]:
    """Frames for the modules in a tile, outermost first, with the parameters that only they use."""
    found: dict[str, Cluster] = {}
    for item in items:
        parts = item.scope.path.split(".") if item.scope.path else []
        for depth in range(len(parts)):
            cluster = found.setdefault(".".join(parts[: depth + 1]), Cluster(short(parts[depth]), [], depth))
            if item in box_of:
                cluster.boxes.append(box_of[item])
    for cluster in found.values():
        cluster.boxes = list(dict.fromkeys(cluster.boxes))
    heads: dict[Box, set[Box]] = {}
    for arrow in tile.arrows:
        heads.setdefault(arrow.tail, set()).add(arrow.head)
    kept = sorted((c for c in found.values() if len(c.boxes) > 1), key=lambda cluster: cluster.depth)
    homes: dict[Box, dict[Cluster, None]] = {}
    for cluster in kept:
        for box in cluster.boxes:
            homes.setdefault(box, {})[cluster] = None
    for box in tile.boxes:
        if box.kind == "parameter" and box in heads:
            first, *others = heads[box]
            for cluster in homes.get(first, ()):
                if all(cluster in homes.get(other, ()) for other in others):
                    cluster.boxes.append(box)
    return kept
