"""Steps that compute the same look the same, so that what differs is seen.

The first step starts from zeros instead of a state, the last hands nothing on, and `x[10]` is wider than
`x[9]`. None of that may move the boxes: every step of a row gets the same ports and the same sizes.
"""

from __future__ import annotations

from ..model.boxes import Box, Tile
from ..model.items import Item, Model
from ..model.labels import UNKNOWN
from ..model.tiles import TileBuilder
from ..model.time_steps import Place


def same_exits(model: Model, builder: TileBuilder) -> None:
    """Give all steps of a row the same ports on the right, in the order in which the next step takes them."""
    for run in model.runs:
        tiles = [items for items in (model.tiles[place] for place in run) if any(map(builder.tile_of.get, items))]
        wanted: dict[tuple[int, int, str], int] = {}
        for items in tiles:
            for k, item in enumerate(items):
                for link in item.uses:
                    if link.target.place != item.place:
                        key = (k, link.number, item.op)
                        wanted[key] = min(wanted.get(key, 1 << 30), _turn(link.target, item.place))
        for items in tiles:
            for k, number, op in sorted(wanted, key=lambda key: (wanted[key], key)):
                if k < len(items) and items[k].op == op and items[k] in builder.tile_of:
                    builder.exit(items[k], number)


def _turn(target: Item, place: Place | None) -> int:
    """When in its step `target` takes the value; values that leave the row come after those that stay."""
    if target.place is None or place is None or target.place.row != place.row:
        return 1 << 20
    return target.index


def same_sizes(tiles: list[Tile]) -> None:
    """Make boxes that correspond equally large and pin them to the same edge."""
    groups: dict[object, list[Tile]] = {}
    for tile in tiles:
        if tile.kind == "step" and tile.data:  # a rolled step has none: it stands for its row alone
            number = {box: k for k, box in enumerate(tile.boxes)}
            form = tuple((number[a.tail], number[a.head]) for a in tile.arrows)
            groups.setdefault((tile.data.get("row"), len(tile.boxes), form), []).append(tile)
    for alike in groups.values():
        for boxes in zip(*(tile.boxes for tile in alike), strict=True):
            _alike(alike, boxes)


def _alike(tiles: list[Tile], boxes: tuple[Box, ...]) -> None:
    port = next((box for box in boxes if box.kind == "port"), None)
    for box in boxes if port is not None else ():
        if box.kind == "input" and box.lines[0].startswith(("0", "const", UNKNOWN)):  # the state before the first step
            box.lines[0] = f"{port.lines[0].partition('[')[0]} = {box.lines[0]}"  # type: ignore[union-attr]
            box.measure()
    width, height = max(box.w for box in boxes), max(box.h for box in boxes)
    for side in ("left", "right"):
        pinned = any(box in getattr(tile, side) for tile, box in zip(tiles, boxes, strict=True) if box.kind == "port")
        for tile, box in zip(tiles, boxes, strict=True):
            edge = getattr(tile, side)
            if pinned and box not in edge:
                edge.append(box)
    for box in boxes:
        box.w, box.h = width, height
