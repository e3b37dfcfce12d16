"""Put the tiles in their places and draw the arrows between them.

Tiles of the same form share one layout: an unrolled network is T copies of one small graph, and laying
out one step instead of all of them is what keeps the cost linear in T. Arrows between tiles run in the
space between columns and rows, never across a tile; arrows to or from the same port share a track.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable

from ..model.boxes import Box, Cluster, Hop, Picture, Tile, title_height
from ..style import LINE_HEIGHT
from .layout import curve
from .strip import strip
from .tracks import Cells, Tracks, beside, end_of, loop_rooms, rounded

COLUMN_GAP, ROW_GAP = 44.0, 26.0
EDGE = 16.0


def arrange(picture: Picture, lay_out: Callable[[list[Tile]], None]) -> None:
    """Lay out the tiles with `lay_out` and place them, in as many lines as the width wants; then route the hops."""
    _lay_out_forms(picture.tiles, lay_out)
    columns = sorted({tile.column for tile in picture.tiles})  # numbered without the gaps that folded steps leave
    most = len(columns)
    if picture.wrap is not None:
        widths = {c: max(t.w for t in picture.tiles if t.column == c) for c in columns}
        most = max(1, min(most, int(picture.wrap // (min(widths.values()) + COLUMN_GAP))))
    while True:
        cells = _cells(picture, columns, most)
        _fit_folds(cells)
        _place(picture, cells, -(-len(columns) // most))
        if picture.wrap is None or picture.w <= picture.wrap or most == 1:
            break
        most -= 1
    for hop in picture.hops:
        if hop.tail is not hop.head and beside(hop, cells):
            hop.arrow.points = curve([end_of(hop, out=True), end_of(hop, out=False)])
            hop.arrow.at = None  # a wider attempt may have led it elsewhere
    _delays(picture)


def _cells(picture: Picture, columns: list[int], most: int) -> Cells:
    """(column, row) of each tile, rows counted upwards: at most that many columns in a line, lines downwards."""
    rows = {r: k for k, r in enumerate(sorted({tile.row for tile in picture.tiles}))}
    last = (len(columns) - 1) // most
    place = {c: divmod(k, most) for k, c in enumerate(columns)}
    return {t: (place[t.column][1], rows[t.row] + len(rows) * (last - place[t.column][0])) for t in picture.tiles}


def _lay_out_forms(tiles: list[Tile], lay_out: Callable[[list[Tile]], None]) -> None:
    first: dict[object, Tile] = {}
    copies: list[tuple[Tile, Tile]] = []
    for tile in tiles:
        if tile.kind == "fold":
            continue
        known = first.setdefault(tile.form(), tile)
        if known is not tile:
            copies.append((known, tile))
    lay_out(list(first.values()))
    for tile in first.values():
        if tile.mirrored:
            _mirror(tile)
        _clusters(tile)
    for model, tile in copies:
        tile.w, tile.h = model.w, model.h
        for box, other in zip(tile.boxes, model.boxes, strict=True):
            box.x, box.y = other.x, other.y
        for arrow, other in zip(tile.arrows, model.arrows, strict=True):
            arrow.points, arrow.at = other.points, other.at
        for cluster, other in zip(tile.clusters, model.clusters, strict=True):
            cluster.frame = other.frame


def _mirror(tile: Tile) -> None:
    for box in tile.boxes:
        box.x = tile.w - box.x
    for arrow in tile.arrows:
        arrow.points = [(tile.w - x, y) for x, y in arrow.points]
        if arrow.at is not None:
            arrow.at = tile.w - arrow.at[0], arrow.at[1]


def _clusters(tile: Tile) -> None:
    """Frames around modules, inner ones first; one that would take in a stranger is left out rather than lie."""
    homes: dict[Box, list[Cluster]] = {}
    for cluster in sorted(tile.clusters, key=lambda c: -c.depth):
        for box in cluster.boxes:
            homes.setdefault(box, []).append(cluster)
    working = sorted((box for box in tile.boxes if box.kind in ("op", "module")), key=lambda box: box.x)
    places = [box.x for box in working]
    for cluster in sorted(tile.clusters, key=lambda c: -c.depth):
        inside = set(cluster.boxes)
        spans = [(b.x - b.w / 2, b.y - b.h / 2, b.x + b.w / 2, b.y + b.h / 2) for b in cluster.boxes]
        for inner in dict.fromkeys(home for box in cluster.boxes for home in homes[box]):
            if inner.depth > cluster.depth and inner.frame is not None and inside.issuperset(inner.boxes):
                x, y, w, h = inner.frame
                spans.append((x, y, x + w, y + h))
        x0, y0 = min(s[0] for s in spans) - 6, min(s[1] for s in spans) - 16
        x1, y1 = max(s[2] for s in spans) + 6, max(s[3] for s in spans) + 6
        near = working[bisect_right(places, x0) : bisect_left(places, x1)]
        strangers = any(y0 < b.y < y1 for b in near if b not in inside)
        cluster.frame = None if strangers else (x0, y0, x1 - x0, y1 - y0)
    _without_crossing(tile)
    frames = [cluster.frame for cluster in tile.clusters if cluster.frame is not None]
    if frames:
        _shift(
            tile, max(0.0, 8 - min(f[0] for f in frames)), max(0.0, title_height(tile) + 4 - min(f[1] for f in frames))
        )
        tile.w = max(tile.w, max(c.frame[0] + c.frame[2] for c in tile.clusters if c.frame) + 8)
        tile.h = max(tile.h, max(c.frame[1] + c.frame[3] for c in tile.clusters if c.frame) + 8)


def _without_crossing(tile: Tile) -> None:
    """Leave out frames that cross another that neither contains nor is contained."""
    inside = {cluster: set(cluster.boxes) for cluster in tile.clusters}
    for a, b in _overlapping(tile.clusters):
        if a.frame is not None and b.frame is not None and not inside[a] <= inside[b]:
            a.frame = b.frame = None


def _overlapping(clusters: list[Cluster]) -> list[tuple[Cluster, Cluster]]:
    """Pairs of frames that share an area, the outer or earlier one second: a sweep from left to right."""
    number = {cluster: k for k, cluster in enumerate(clusters)}
    pairs: list[tuple[Cluster, Cluster]] = []
    waiting: list[Cluster] = []
    for a in sorted((c for c in clusters if c.frame is not None), key=lambda c: c.frame[0] if c.frame else 0.0):
        assert a.frame is not None
        ax, ay, _, ah = a.frame
        waiting = [b for b in waiting if b.frame and ax < b.frame[0] + b.frame[2]]
        for b in waiting:
            if b.frame and ay < b.frame[1] + b.frame[3] and b.frame[1] < ay + ah:
                pairs.append((a, b) if number[a] > number[b] else (b, a))
        waiting.append(a)
    return sorted(pairs, key=lambda pair: (number[pair[0]], number[pair[1]]))


def _shift(tile: Tile, dx: float, dy: float) -> None:
    if not dx and not dy:
        return
    tile.w, tile.h = tile.w + dx, tile.h + dy
    for box in tile.boxes:
        box.x, box.y = box.x + dx, box.y + dy
    for arrow in tile.arrows:
        arrow.points = [(x + dx, y + dy) for x, y in arrow.points]
        if arrow.at is not None:
            arrow.at = arrow.at[0] + dx, arrow.at[1] + dy
    for cluster in tile.clusters:
        if cluster.frame is not None:
            x, y, w, h = cluster.frame
            cluster.frame = x + dx, y + dy, w, h


def _fit_folds(cells: Cells) -> None:
    """A fold is as high as its row, so that states enter and leave it straight."""
    for tile, (_, row) in cells.items():
        if tile.kind == "fold":
            beside = [t.h for t, (_, other) in cells.items() if other == row and t.kind == "step"]
            box = tile.boxes[0]
            tile.h = max([*beside, 12 + LINE_HEIGHT * (1 + len(box.lines))])
            tile.w, box.h = box.w + 8, tile.h - 8
            box.x, box.y = tile.w / 2, tile.h / 2


def _place(picture: Picture, cells: Cells, lines: int) -> None:
    """Coordinates of every tile: column by column, rows upwards, with room for the tracks and the strip."""
    tracks = Tracks(picture, cells)
    loops = loop_rooms(picture, cells)
    width: dict[int, float] = {}
    height: dict[int, float] = {}
    for tile, (column, row) in cells.items():
        width[column], height[row] = max(width.get(column, 0.0), tile.w), max(height.get(row, 0.0), tile.h)
    lefts: dict[int, float] = {}
    x = EDGE + (max(loops.values()) * 0.6 if loops else 0.0)
    for column in sorted(width):
        lefts[column] = x = x + tracks.room_beside(column)
        x += width[column] + COLUMN_GAP
    picture.w = x - COLUMN_GAP + tracks.room_beside(len(width)) + EDGE + (max(loops.values()) * 0.6 if loops else 0.0)
    y, tops = EDGE, {}
    for row in sorted(height, reverse=True):
        y += tracks.room_above(row)
        tops[row] = y
        y += loops.get(row, 0.0)
        for tile, (column, own) in cells.items():
            if own == row:
                tile.x = lefts[column] + (width[column] - tile.w if tile.kind == "rest" and tile.column < 0 else 0)
                tile.y = y + (0 if tile.kind != "rest" else (height[row] - tile.h) / 2)
        y += height[row] + ROW_GAP
    picture.h = y - ROW_GAP + EDGE
    tracks.route(tops, {column: (left, left + width[column]) for column, left in lefts.items()})
    strip(picture, picture.h - EDGE + 6, in_lines=lines > 1)


def _delays(picture: Picture) -> None:
    """Delays leave a tile on one side and come back over its top, nested."""
    loops: dict[Tile, list[Hop]] = {}
    for hop in picture.hops:
        if hop.tail is hop.head:
            loops.setdefault(hop.tail, []).append(hop)
    for tile, hops in loops.items():
        hops.sort(key=lambda hop: hop.arrow.tail.y)
        for k, hop in enumerate(hops):
            start, end = end_of(hop, True), end_of(hop, False)
            y = tile.y - 12 - 16 * k
            side = -1 if tile.mirrored else 1
            x0 = tile.x + (tile.w if side > 0 else 0) + side * (9 + 7 * k)
            x1 = tile.x + (0 if side > 0 else tile.w) - side * (9 + 7 * k)
            hop.arrow.points = rounded([start, (x0, start[1]), (x0, y), (x1, y), (x1, end[1]), end], 8.0)
            hop.arrow.at = (x0 + x1) / 2, y - 7
