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
FAR = 64  # boxes asked whether they come from a box; beyond, they are taken to: a second box is never wrong


class _Stretch:
    """What will be one box: operations of one call, `first` to `last` in the order of making, and what they are made from."""

    __slots__ = ("first", "key", "last", "sources")

    def __init__(self, key: Key, first: int):
        self.key, self.first, self.last = key, first, first
        self.sources: dict[_Stretch, None] = {}

    def leads_to(self, others: Iterable[_Stretch]) -> bool:
        """Is one of `others` made from this, in any number of steps?"""
        waiting = [other for other in others if other is not self]
        seen = set(waiting)
        while waiting:
            for source in waiting.pop().sources:
                if source is self or len(seen) > FAR:
                    return True
                if (
                    source not in seen and source.last > self.first
                ):  # what was done before this began is not made from it
                    seen.add(source)
                    waiting.append(source)
        return False


def module_calls(items: Iterable[Item]) -> dict[Item, Key]:
    """For the operations of a tile, oldest first: the box that each belongs to."""
    found: dict[Item, _Stretch] = {}
    newest: dict[Key, _Stretch] = {}
    for k, item in enumerate(items):
        own: Key = (item.scope.path, item.scope.call) if item.scope.path else ("step",) if item.place else (item.id,)
        sources = dict.fromkeys(found[link.source] for link in item.inputs if link.source in found)
        stretch = newest.get(own)
        if stretch is None or stretch.leads_to(sources):
            stretch = newest[own] = _Stretch((*own, k), k)
        stretch.last = k
        stretch.sources |= {source: None for source in sources if source is not stretch}
        found[item] = stretch
    return {item: stretch.key for item, stretch in found.items()}


def module_box(item: Item, labels: Labels, id: str) -> Box:
    """The box of a module call, named by the last part of its path; of an operation outside modules, its own."""
    if not item.scope.path and item.place is None:
        return labels.box(item, id)
    box = Box(id, "module", [short(item.scope.path.rpartition(".")[2]) or "step"], tip=item.scope.path)
    if item.place is not None:
        box.data["row"] = str(item.place.row)
    box.measure()
    return box
