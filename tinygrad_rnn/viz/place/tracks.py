"""Lines between tiles that are not neighbours: which way they go, and where they do not lie on each other.

Horizontal tracks run above the rows and vertical ones beside the columns; arrows to or from the same port share one.
"""

from __future__ import annotations

from ..model.boxes import Box, Hop, Picture, Point, Tile

TRACK = 7.0

Cells = dict[Tile, tuple[int, int]]  # (column from the left, row from the bottom) of each tile


def beside(hop: Hop, cells: Cells) -> bool:
    """Are these neighbours, in the direction in which the row runs?"""
    (tail, row), (head, other) = cells[hop.tail], cells[hop.head]
    if row != other or hop.tail.mirrored != hop.head.mirrored:
        return False
    ahead = head - tail
    return ahead == (-1 if hop.tail.mirrored else 1)


def end_of(hop: Hop, out: bool) -> Point:
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


def loop_rooms(picture: Picture, cells: Cells) -> dict[int, float]:
    """Room above and beside rolled tiles for the arrows that come back, by row."""
    found: dict[int, float] = {}
    for tile, count in _loops(picture).items():
        row = cells[tile][1]
        found[row] = max(found.get(row, 0.0), 14.0 + 17.0 * count)
    return found


def _loops(picture: Picture) -> dict[Tile, int]:
    loops: dict[Tile, int] = {}
    for hop in picture.hops:
        if hop.tail is hop.head:
            loops[hop.tail] = loops.get(hop.tail, 0) + 1
    return loops


class Tracks:
    """Horizontal tracks above the rows and vertical ones beside the columns, for hops between tiles far apart."""

    def __init__(self, picture: Picture, cells: Cells):
        self.cells = cells
        self.loops: dict[Tile, int] = _loops(picture)
        self.hops: list[Hop] = [h for h in picture.hops if h.tail is not h.head and not beside(h, cells)]
        fan_in: dict[Box, int] = {}
        for hop in self.hops:
            fan_in[hop.arrow.head] = fan_in.get(hop.arrow.head, 0) + 1
        self.bus: dict[Hop, Box] = {
            hop: hop.arrow.head if fan_in[hop.arrow.head] > 1 else hop.arrow.tail for hop in self.hops
        }
        self.level: dict[tuple[int, Box], int] = {}  # (row, bus) -> which horizontal track above that row
        self.levels: dict[int, int] = {}
        self.slot: dict[tuple[int, Box], int] = {}  # (column gap, end) -> which vertical track in it
        self.slots: dict[int, int] = {}
        self.spans: dict[int, tuple[float, float]] = {}
        self._assign()

    def _gap_of(self, hop: Hop, out: bool) -> int:
        """Which column gap the hop passes at its start or end: gap k is left of column k."""
        tile = hop.tail if out else hop.head
        return self.cells[tile][0] + (out != tile.mirrored)

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
        return min(self.cells[hop.tail][1], self.cells[hop.head][1])

    def room_beside(self, gap: int) -> float:
        """Extra width of a column gap."""
        return TRACK * max(0, self.slots.get(gap, 0) - 2)

    def room_above(self, row: int) -> float:
        """Extra height above a row."""
        return TRACK * self.levels.get(row, 0)

    def route(self, tops: dict[int, float], spans: dict[int, tuple[float, float]]) -> None:
        """Lay the lines; `tops` is where each row begins, `spans` from where to where each column goes."""
        self.spans = spans
        for hop in self.hops:
            row = self._row_of(hop)
            y = tops[row] - 8 - TRACK * self.level[row, self.bus[hop]]
            start, end = end_of(hop, True), end_of(hop, False)
            x0 = self._x(hop, True, start)
            x1 = self._x(hop, False, end)
            if hop.head.kind == "fold":
                hop.arrow.label = ""  # several arrive at one point, and the strip has the numbers
            hop.arrow.at = (x1 + end[0]) / 2, end[1] - 8
            hop.arrow.points = rounded([start, (x0, start[1]), (x0, y), (x1, y), (x1, end[1]), end])

    def _x(self, hop: Hop, out: bool, end: Point) -> float:
        tile = hop.tail if out else hop.head
        box = hop.arrow.tail if out else hop.arrow.head
        away = 8.0 + 9.0 * self.loops.get(tile, 0) + TRACK * 0.8 * self.slot[self._gap_of(hop, out), box]
        right = out != tile.mirrored
        low, high = self.spans[self.cells[tile][0]]
        return high + away if right else low - away


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
