"""Which time step each operation belongs to: by its scope, else by what it is connected to.

    row     one run over time: a layer and direction, a loop. Steps that come back start a new row
    place   (row, step): one tile of the picture

Code beside a layer often works step by step without saying so: `loss = loss + f(h)` in a loop, or the
`cat` of two directions. Such operations get rows of their own, or a long sequence would end in one
enormous heap of operations "outside time". (The studies want states, not tiles: study/steps.py.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..._mode import Scope

if TYPE_CHECKING:
    from ...study.steps import Steps
    from .items import Item

REPEATS = 3  # operations of a kind must appear in this many steps before they count as step by step


class Place(NamedTuple):
    """Where in time an item is. `row` counts runs over time, oldest first."""

    row: int
    step: int


def place_items(items: list[Item], time: Steps) -> list[Scope]:
    """Set `item.place` where an operation belongs to a step; return the scope of each row."""
    row_of: dict[Item, tuple[object, int]] = {}  # item -> (row, by some key; step)
    _by_scope(items, row_of, time)
    if row_of:
        _before(items, row_of)
        _after(items, row_of)
    scopes: dict[object, Scope] = {}
    for item in items:
        if item in row_of:
            row = row_of[item][0]
            scope = scopes.setdefault(row, item.scope)
            if scope.path != item.scope.path:
                scopes[row] = scope._replace(path=_common(scope.path, item.scope.path))
    number = {row: k for k, row in enumerate(scopes)}
    for item, (row, step) in row_of.items():
        item.place = Place(number[row], step)
    return list(scopes.values())


def _common(a: str, b: str) -> str:
    """The module path that contains both."""
    shared = []
    for x, y in zip(a.split("."), b.split("."), strict=False):
        if x != y:
            break
        shared.append(x)
    return ".".join(shared)


def _by_scope(items: list[Item], row_of: dict[Item, tuple[object, int]], time: Steps) -> None:
    running: dict[Any, tuple[int, int, set[int]]] = {}  # (layer, direction) -> row, step now, steps so far
    rows = 0
    known = [(item, time.time(item.node)) for item in items if item.kind == "op" and item.node is not None]
    timed = [(item, step) for item, step in known if step is not None]
    for (item, step), key in zip(timed, _layers([item for item, _ in timed]), strict=True):
        row, now, done = running.get(key, (-1, -1, set()))
        if row < 0 or (step != now and step in done):
            row, done = rows, set()
            rows += 1
        done.add(step)
        running[key] = row, step, done
        row_of[item] = row, step


def _layers(timed: list[Item]) -> list[tuple[int | None, str | None]]:
    """(layer, direction) of each: that of the scope, and what a layer that sees one step at a time does around the
    step (it takes x and h apart, puts h together again) goes with the step before, or else with the first."""
    within: dict[tuple[str, int], list[tuple[int | None, str | None]]] = {}
    for scope in [item.scope for item in timed if item.scope.direction is not None]:
        within.setdefault((scope.path, scope.call), []).append((scope.layer, scope.direction))
    now: dict[tuple[str, int], tuple[int | None, str | None]] = {}
    found = []
    for scope in [item.scope for item in timed]:
        call, key = (scope.path, scope.call), (scope.layer, scope.direction)
        inside = within.get(call, [])
        if key == (None, None) and len({direction for _, direction in inside}) == 1:
            key = now.get(call, inside[0])
        now[call] = key
        found.append(key)
    return found


def _after(items: list[Item], row_of: dict[Item, tuple[object, int]]) -> None:
    """Operations on what one step gave, and sums that grow with every step: they belong to their newest input."""
    found: dict[Item, tuple[frozenset[object], int]] = {}  # item -> rows it depends on, step
    for item in items:
        if item.kind != "op" or item in row_of:
            continue
        rows: set[object] = set()
        steps: set[int] = set()
        for link in item.inputs:
            source = link.source
            if source in row_of:
                rows.add(row_of[source][0])
                steps.add(row_of[source][1])
            elif source in found:
                rows |= found[source][0]
                steps.add(found[source][1])
            elif source.kind == "op":
                break
        else:
            if steps:
                found[item] = frozenset(rows), max(steps)
    _accept(found, row_of, "after")


def _before(items: list[Item], row_of: dict[Item, tuple[object, int]]) -> None:
    """Operations that only prepare the input of one step, such as an embedding inside the loop."""
    found: dict[Item, tuple[frozenset[object], int]] = {}
    depends: set[Item] = set()
    for item in items:
        if item in row_of or any(link.source in depends for link in item.inputs):
            depends.add(item)
    for item in reversed(items):
        if item.kind != "op" or item in depends or not item.uses:
            continue
        targets = {row_of.get(link.target) or found.get(link.target) for link in item.uses}
        if len(targets) == 1:
            target = targets.pop()
            if target is not None:
                rows = target[0] if isinstance(target[0], frozenset) else frozenset([target[0]])
                found[item] = rows, target[1]
    _accept(found, row_of, "before")


def _accept(found: dict[Item, tuple[frozenset[object], int]], row_of: dict[Item, Any], why: str) -> None:
    """Keep candidates whose kind appears in enough steps."""
    kinds: dict[object, set[int]] = {}
    for item, (rows, step) in found.items():
        kinds.setdefault((item.op, rows), set()).add(step)
    for item, (rows, step) in found.items():
        if len(kinds[item.op, rows]) >= REPEATS:
            row_of[item] = (why, rows), step
