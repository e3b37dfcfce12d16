"""A layout of our own: layers from left to right, after Sugiyama, Tagawa and Toda (1981). No Graphviz needed.

    rank      longest path from the left edge; sources move right, next to what uses them
    order     within a rank by the mean place of the neighbours, a few sweeps up and down
    height    pulled towards the neighbours, without overlaps

An arrow over several ranks gets a dummy point in each, so that it bends around boxes; arrows over very
many ranks go straight, because dummies for them would make the cost quadratic.
"""

from __future__ import annotations

import math
import time
from itertools import pairwise

from ..model.boxes import Arrow, Box, Point, Tile, in_order, title_height
from ..style import text_width

RANK_GAP, ROW_GAP, DUMMY_GAP = 24.0, 9.0, 5.0
MARGIN = 12.0
LONG = 24  # an arrow over more ranks than this gets no dummies
SWEEPS = 6


class _Vertex:
    """A box or a dummy, during layout."""

    __slots__ = ("after", "before", "box", "h", "rank", "w", "x", "y")

    def __init__(self, box: Box | None, w: float, h: float):
        self.box, self.w, self.h = box, w, h
        self.rank, self.x, self.y = 0, 0.0, 0.0
        self.before: list[_Vertex] = []
        self.after: list[_Vertex] = []


class LayoutTimeout(Exception):
    """The layout took longer than it was given."""


def layered(tile: Tile, until: float = math.inf) -> None:
    """Give each box of `tile` its place and each arrow its curve, and the tile its size.

    Raises LayoutTimeout when `time.monotonic()` passes `until`.
    """
    vertex = {box: _Vertex(box, box.w, box.h) for box in tile.boxes}
    _set_ranks(tile, vertex)
    chains = [_chain(arrow, vertex) for arrow in tile.arrows]
    layers = _layers(list(vertex.values()), chains)
    in_order(tile)
    homes: dict[_Vertex, object] = {vertex[box]: frame for frame in tile.clusters for box in frame.boxes}  # innermost
    _order(layers, homes, [[vertex[box] for box in side] for side in (tile.left, tile.right)], until)
    _heights(layers, until)
    _columns(layers)
    _settle(tile, vertex, layers)
    for arrow, chain in zip(tile.arrows, chains, strict=True):
        arrow.points = curve(chain_points(chain))
        if arrow.label and len(chain) > 2:
            arrow.at = chain[len(chain) // 2].x, chain[len(chain) // 2].y - 6


def layered_all(tiles: list[Tile], until: float = math.inf) -> None:
    """`layered` for each of several tiles."""
    for tile in tiles:
        layered(tile, until)


def _set_ranks(tile: Tile, vertex: dict[Box, _Vertex]) -> None:
    for arrow in tile.arrows:
        vertex[arrow.tail].after.append(vertex[arrow.head])
        vertex[arrow.head].before.append(vertex[arrow.tail])
    apart: dict[tuple[_Vertex, _Vertex], int] = {}  # a label wants a rank of its own
    for arrow in tile.arrows:
        key = vertex[arrow.tail], vertex[arrow.head]
        apart[key] = max(apart.get(key, 1), 2 if arrow.label else 1)
    waiting = {v: len(v.before) for v in vertex.values()}
    ready = [v for v, n in waiting.items() if n == 0]
    order: list[_Vertex] = []
    while ready:
        v = ready.pop()
        order.append(v)
        for w in v.after:
            w.rank = max(w.rank, v.rank + apart[v, w])
            waiting[w] -= 1
            if waiting[w] == 0:
                ready.append(w)
    left = {vertex[box] for box in tile.left}  # these stay at the edge
    for v in reversed(order):  # sources stand next to what uses them
        if not v.before and v.after and v not in left:
            v.rank = min(w.rank - apart[v, w] for w in v.after)
    last = max((v.rank for v in order), default=0)
    for box in tile.right:
        vertex[box].rank = max(last, vertex[box].rank) if not vertex[box].after else vertex[box].rank
    for v in vertex.values():
        v.before, v.after = [], []


def _chain(arrow: Arrow, vertex: dict[Box, _Vertex]) -> list[_Vertex]:
    """The arrow's vertices from tail to head, with a dummy in each rank between."""
    tail, head = vertex[arrow.tail], vertex[arrow.head]
    chain = [tail]
    if 1 < head.rank - tail.rank <= LONG:
        middle = (tail.rank + head.rank) // 2
        for rank in range(tail.rank + 1, head.rank):
            labelled = bool(arrow.label) and rank == middle
            dummy = _Vertex(None, text_width(arrow.label, 9.5) if labelled else 2.0, 22.0 if labelled else 2.0)
            dummy.rank = rank
            chain.append(dummy)
    chain.append(head)
    for v, w in pairwise(chain):
        v.after.append(w)
        w.before.append(v)
    return chain


def _layers(vertices: list[_Vertex], chains: list[list[_Vertex]]) -> list[list[_Vertex]]:
    everything = vertices + [v for chain in chains for v in chain[1:-1]]
    layers: list[list[_Vertex]] = [[] for _ in range(max((v.rank for v in everything), default=-1) + 1)]
    for v in everything:
        layers[v.rank].append(v)
    return layers


def _order(layers: list[list[_Vertex]], home: dict[_Vertex, object], edges: list[list[_Vertex]], until: float) -> None:
    """Sort each layer by the mean place of its neighbours, a few sweeps.

    Vertices of one frame stay together; those at the tile's `edges` keep their own order.
    """
    place = {v: float(k) for layer in layers for k, v in enumerate(layer)}
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        _check(until)
        for layer in layers if forward else reversed(layers):
            means = {}
            for v in layer:
                near = v.before if forward else v.after
                means[v] = sum(place[w] for w in near) / len(near) if near else place[v]
            layer.sort(key=means.__getitem__)
            if home:
                _together(layer, means, home)
            for fixed in edges:
                _keep_order(layer, fixed)
            for k, v in enumerate(layer):
                place[v] = float(k) - 0.5 * len(layer)  # centred, so that layers of unlike length compare


def _together(layer: list[_Vertex], means: dict[_Vertex, float], home: dict[_Vertex, object]) -> None:
    groups: dict[object, list[float]] = {}
    for v in layer:
        groups.setdefault(home.get(v, v), []).append(means[v])
    centre = {group: sum(places) / len(places) for group, places in groups.items()}
    rank = {group: k for k, group in enumerate(sorted(centre, key=centre.__getitem__))}
    layer.sort(key=lambda v: (rank[home.get(v, v)], means[v]))


def _keep_order(layer: list[_Vertex], fixed: list[_Vertex]) -> None:
    """Put those of `fixed` that are in the layer into the order of `fixed`, in the slots they have."""
    members = set(fixed)
    slots = [k for k, v in enumerate(layer) if v in members]
    if slots:
        present = {layer[k] for k in slots}
        for k, v in zip(slots, [v for v in fixed if v in present], strict=True):
            layer[k] = v


def _check(until: float) -> None:
    if time.monotonic() > until:
        raise LayoutTimeout


def _heights(layers: list[list[_Vertex]], until: float) -> None:
    for layer in layers:
        y = 0.0
        for v in layer:
            v.y = y
            y += v.h + ROW_GAP
        for v in layer:
            v.y -= y / 2
    for sweep in range(2 * SWEEPS):
        _check(until)
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted = [_pull(v, both=sweep > SWEEPS) for v in layer]
            _without_overlap(layer, wanted)


def _pull(v: _Vertex, both: bool) -> float:
    near = v.before + v.after if both or not v.before else v.before
    if not near:
        return v.y
    weights = [4.0 if v.box is None and w.box is None else 1.0 for w in near]  # long arrows stay straight
    return sum(c * w.y for c, w in zip(weights, near, strict=True)) / sum(weights)


def _gap(a: _Vertex, b: _Vertex) -> float:
    return (a.h + b.h) / 2 + (ROW_GAP if a.box is not None and b.box is not None else DUMMY_GAP)


def _without_overlap(layer: list[_Vertex], wanted: list[float]) -> None:
    """Put the layer as near to `wanted` as its order and gaps allow: overlapping neighbours move as one block."""
    blocks: list[list[float]] = []  # [sum of wanted - offset, how many], see isotonic regression
    offsets, offset = [], 0.0
    for k, v in enumerate(layer):
        if k:
            offset += _gap(layer[k - 1], v)
        offsets.append(offset)
        blocks.append([wanted[k] - offset, 1.0])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += count
    k = 0
    for total, count in blocks:
        for _ in range(int(count)):
            layer[k].y = total / count + offsets[k]
            k += 1


def _columns(layers: list[list[_Vertex]]) -> None:
    x = 0.0
    for layer in layers:
        width = max((v.w for v in layer), default=0.0)
        for v in layer:
            v.x = x + width / 2
        x += width + RANK_GAP


def _settle(tile: Tile, vertex: dict[Box, _Vertex], layers: list[list[_Vertex]]) -> None:
    everything = [v for layer in layers for v in layer]
    if not everything:
        tile.w, tile.h = 40.0, 30.0
        return
    top = min(v.y - v.h / 2 for v in everything) - MARGIN - title_height(tile)
    left = min(v.x - v.w / 2 for v in everything) - MARGIN
    for v in everything:
        v.x -= left
        v.y -= top
        if v.box is not None:
            v.box.x, v.box.y = v.x, v.y
    tile.w = max(v.x + v.w / 2 for v in everything) + MARGIN
    tile.h = max(v.y + v.h / 2 for v in everything) + MARGIN


def chain_points(chain: list[_Vertex]) -> list[Point]:
    """Where an arrow starts, passes and ends."""
    tail, head = chain[0], chain[-1]
    middle = [(v.x, v.y) for v in chain[1:-1]]
    return [(tail.x + tail.w / 2, tail.y), *middle, (head.x - head.w / 2, head.y)]


def curve(points: list[Point]) -> list[Point]:
    """A smooth line from left to right through `points`, as cubic Bézier points."""
    result = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        bend = 0.5 * (x1 - x0)
        result += [(x0 + bend, y0), (x1 - bend, y1), (x1, y1)]
    return result
