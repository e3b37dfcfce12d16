"""The module view: which operations share a box.

A box is one call of one module in one tile. A module that computes, calls another and computes on gets
a second box for what comes after: in one box, the picture would have arrows in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable

from .boxes import Box
from .items import Item
from .labels import Labels, short

Key = tuple[object, ...]


def module_calls(items: Iterable[Item]) -> dict[Item, Key]:
    """For the operations of a tile, oldest first: the box that each belongs to."""
    key_of: dict[Item, Key] = {}
    upstream: dict[Item, dict[Key, int]] = {}  # for each call on a path to an item: its newest stretch there
    for item in items:
        own: Key = (item.scope.path, item.scope.call) if item.scope.path else ("step",) if item.place else (item.id,)
        calls: dict[Key, int] = {}
        stretch = 0
        for link in item.inputs:
            before = upstream.get(link.source, {})
            for call, number in before.items():
                calls[call] = max(number, calls.get(call, 0))
            if own in before:
                came_back = key_of[link.source][:-1] != own
                stretch = max(stretch, before[own] + came_back)
        calls[own] = stretch
        upstream[item] = calls
        key_of[item] = (*own, stretch)
    return key_of


def module_box(item: Item, labels: Labels, id: str) -> Box:
    """The box of a module call, named by the last part of its path; of an operation outside modules, its own."""
    if not item.scope.path and item.place is None:
        return labels.box(item, id)
    box = Box(id, "module", [short(item.scope.path.rpartition(".")[2]) or "step"], tip=item.scope.path)
    if item.place is not None:
        box.data["row"] = str(item.place.row)
    box.measure()
    return box
