"""Put the tiles in their places and draw the arrows between them.

Tiles of the same form share one layout: an unrolled network is T copies of one small graph, and laying
out one step instead of all of them is what keeps the cost linear in T. Arrows between tiles run in the
space between columns and rows, never across a tile; arrows to or from the same port share a track.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable

from ..model.boxes import Box, Cluster, Hop, Picture, Point, Tile, title_height
from .layout import curve

COLUMN_GAP, ROW_GAP, TRACK = 44.0, 26.0, 7.0
EDGE = 16.0


def arrange(picture: Picture, lay_out: Callable[[list[Tile]], None]) -> None:
    """Lay out the tiles with `lay_out` and place them; then route the hops."""
    _lay_out_forms(picture.tiles, lay_out)
    # numbered without the gaps that folded steps leave
    columns = {c: k for k, c in enumerate(sorted({tile.column for tile in picture.tiles}))}
    rows = {r: k for k, r in enumerate(sorted({tile.row for tile in picture.tiles}))}
    _fit_folds(picture, rows)
    _place(picture, columns, rows)
    for hop in picture.hops:
        if hop.tail is not hop.head and _beside(hop, columns):
            hop.arrow.points = curve([_end(hop, out=True), _end(hop, out=False)])
    _delays(picture)


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


def _rows_with_loops(picture: Picture, rows: dict[int, int]) -> dict[int, float]:
    """Room above and beside rolled tiles for the arrows that come back."""
    loops: dict[Tile, int] = {}
    for hop in picture.hops:
        if hop.tail is hop.head:
            loops[hop.tail] = loops.get(hop.tail, 0) + 1
    found: dict[int, float] = {}
    for tile, count in loops.items():
        found[rows[tile.row]] = max(found.get(rows[tile.row], 0.0), 14.0 + 17.0 * count)
    return found


def _fit_folds(picture: Picture, rows: dict[int, int]) -> None:
    """A fold is as high as its row, so that states enter and leave it straight."""
    for tile in picture.tiles:
        if tile.kind == "fold":
            tile.h = max([t.h for t in picture.tiles if t.row == tile.row and t.kind != "fold"], default=tile.h)
            box = tile.boxes[0]
            tile.w = box.w + 8
            box.h = tile.h - 8
            box.x, box.y = tile.w / 2, tile.h / 2


def _place(picture: Picture, columns: dict[int, int], rows: dict[int, int]) -> None:
    """Coordinates of every tile: column by column, rows upwards, with room for the tracks."""
    tracks = _Tracks(picture, columns, rows)
    loops = _rows_with_loops(picture, rows)
    x = EDGE + (max(loops.values()) * 0.6 if loops else 0.0)
    for number in range(len(columns)):
        members = [t for t in picture.tiles if columns[t.column] == number]
        width = max(t.w for t in members)
        x += tracks.room_beside(number)
        for tile in members:
            tile.x = x + (width - tile.w if tile.kind == "rest" and tile.column < 0 else 0)
        x += width + COLUMN_GAP
    picture.w = x - COLUMN_GAP + tracks.room_beside(len(columns)) + EDGE
    y = EDGE
    tops: dict[int, float] = {}
    for number in reversed(range(len(rows))):
        members = [t for t in picture.tiles if rows[t.row] == number]
        height = max(t.h for t in members)
        y += tracks.room_above(number) + loops.get(number, 0.0)
        tops[number] = y - loops.get(number, 0.0)
        for tile in members:
            tile.y = y + (0 if tile.kind != "rest" else (height - tile.h) / 2)
        y += height + ROW_GAP
    picture.h = y - ROW_GAP + EDGE
    tracks.route(tops)


def _beside(hop: Hop, columns: dict[int, int]) -> bool:
    """Are these neighbours, in the direction in which the row runs?"""
    if hop.tail.row != hop.head.row or hop.tail.mirrored != hop.head.mirrored:
        return False
    ahead = columns[hop.head.column] - columns[hop.tail.column]
    return ahead == (-1 if hop.tail.mirrored else 1)


def _end(hop: Hop, out: bool) -> Point:
    """Where a hop leaves its first tile, or enters its second: the outer side of the port."""
    tile, box = (hop.tail, hop.arrow.tail) if out else (hop.head, hop.arrow.head)
    other = (hop.head, hop.arrow.head) if out else (hop.tail, hop.arrow.tail)
    right = out != tile.mirrored
    x = tile.x + box.x + (box.w / 2 if right else -box.w / 2)
    y = tile.y + box.y
    if tile.kind == "fold":  # meet the port of the neighbour at its own height
        y = min(max(other[0].y + other[1].y, tile.y + 14), tile.y + tile.h - 14)
        if other[0].kind == "fold":
            y = tile.y + tile.h / 2
    return x, y


class _Tracks:
    """Horizontal tracks above the rows and vertical ones beside the columns, for hops between tiles far apart."""

    def __init__(self, picture: Picture, columns: dict[int, int], rows: dict[int, int]):
        self.columns, self.rows = columns, rows
        self.hops = [h for h in picture.hops if h.tail is not h.head and not _beside(h, columns)]
        fan_in: dict[Box, int] = {}
        for hop in self.hops:
            fan_in[hop.arrow.head] = fan_in.get(hop.arrow.head, 0) + 1
        self.bus = {hop: hop.arrow.head if fan_in[hop.arrow.head] > 1 else hop.arrow.tail for hop in self.hops}
        self.level: dict[tuple[int, Box], int] = {}  # (row, bus) -> which horizontal track above that row
        self.levels: dict[int, int] = {}
        self.slot: dict[tuple[int, Box], int] = {}  # (column gap, end) -> which vertical track in it
        self.slots: dict[int, int] = {}
        self._assign()

    def _gap_of(self, hop: Hop, out: bool) -> int:
        """Which column gap the hop passes at its start or end: gap k is left of column k."""
        tile = hop.tail if out else hop.head
        return self.columns[tile.column] + (out != tile.mirrored)

    def _assign(self) -> None:
        spans: dict[tuple[int, Box], tuple[int, int]] = {}
        for hop in self.hops:
            a, b = self._gap_of(hop, True), self._gap_of(hop, False)
            key = (self._row_of(hop), self.bus[hop])
            low, high = spans.get(key, (min(a, b), max(a, b)))
            spans[key] = min(low, a, b), max(high, a, b)
            for gap, end in ((a, hop.arrow.tail), (b, hop.arrow.head)):
                if (gap, end) not in self.slot:
                    self.slot[gap, end] = self.slots.get(gap, 0)
                    self.slots[gap] = self.slot[gap, end] + 1
        busy: dict[int, list[int]] = {}  # per row: for each track, the last gap used
        for (row, bus), (low, high) in sorted(spans.items(), key=lambda entry: (entry[1], entry[0][0])):
            tracks = busy.setdefault(row, [])
            for k, until in enumerate(tracks):
                if until < low:
                    tracks[k] = high
                    break
            else:
                k = len(tracks)
                tracks.append(high)
            self.level[row, bus] = k
            self.levels[row] = len(tracks)

    def _row_of(self, hop: Hop) -> int:
        """Above which row the hop runs: above the lower of the two."""
        return min(self.rows[hop.tail.row], self.rows[hop.head.row])

    def room_beside(self, gap: int) -> float:
        """Extra width of a column gap."""
        return TRACK * max(0, self.slots.get(gap, 0) - 2)

    def room_above(self, row: int) -> float:
        """Extra height above a row."""
        return TRACK * self.levels.get(row, 0)

    def route(self, tops: dict[int, float]) -> None:
        for hop in self.hops:
            row = self._row_of(hop)
            y = tops[row] - 8 - TRACK * self.level[row, self.bus[hop]]
            start, end = _end(hop, True), _end(hop, False)
            x0 = self._x(hop, True, start)
            x1 = self._x(hop, False, end)
            hop.arrow.points = rounded([start, (x0, start[1]), (x0, y), (x1, y), (x1, end[1]), end])

    def _x(self, hop: Hop, out: bool, end: Point) -> float:
        tile = hop.tail if out else hop.head
        box = hop.arrow.tail if out else hop.arrow.head
        away = 8.0 + TRACK * 0.8 * self.slot[self._gap_of(hop, out), box]
        right = out != tile.mirrored
        return tile.x + tile.w + away if right else tile.x - away


def rounded(corners: list[Point], radius: float = 5.0) -> list[Point]:
    """A line with right angles and round corners, as cubic Bézier points."""
    points = [corners[0]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        enter, leave = _towards(corner, before, radius), _towards(corner, after, radius)
        points += [_towards(points[-1], enter, 1.0), enter, enter, corner, corner, leave]
    last = corners[-1]
    points += [points[-1], last, last]
    return points


def _towards(a: Point, b: Point, length: float) -> Point:
    distance = ((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5
    share = min(0.5, length / distance) if distance else 0.0
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])


def _delays(picture: Picture) -> None:
    """Delays leave a tile on one side and come back over its top, nested."""
    loops: dict[Tile, list[Hop]] = {}
    for hop in picture.hops:
        if hop.tail is hop.head:
            loops.setdefault(hop.tail, []).append(hop)
    for tile, hops in loops.items():
        hops.sort(key=lambda hop: hop.arrow.tail.y)
        for k, hop in enumerate(hops):
            start, end = _end(hop, True), _end(hop, False)
            y = tile.y - 12 - 16 * k
            side = -1 if tile.mirrored else 1
            x0 = tile.x + (tile.w if side > 0 else 0) + side * (9 + 7 * k)
            x1 = tile.x + (0 if side > 0 else tile.w) - side * (9 + 7 * k)
            hop.arrow.points = rounded([start, (x0, start[1]), (x0, y), (x1, y), (x1, end[1]), end], 8.0)
            hop.arrow.at = (x0 + x1) / 2, y - 7
