"""Which operations share a box: in the module view, and in a compact picture.

A box is one call of one module in one tile. A module that computes, calls another and computes on gets
a second box for what comes after: in one box, the picture would have arrows in a circle.
In a compact picture a linear map is one box with the sums and the split that belong to it.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...study.results import counted
from .boxes import Box
from .items import Item, transposed_parameter
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


def affine_groups(items: list[Item]) -> dict[Item, Key]:
    """Linear maps by parameters in a tile, with the sums and splits of nothing else: the group of each such item.

    A group that would need what was computed from itself is left apart: its box would have arrows in a circle.
    """
    group: dict[Item, Item] = {}  # item -> the newest of its group
    inside = set(items)
    for item in items:
        sources = [link.source for link in item.inputs if link.source.kind == "op" and link.source in inside]
        own = [source for source in sources if source in group and len(source.uses) == 1]
        if item.op in ("Linear", "MatMul") and any(is_parameter(link.source) for link in item.inputs):
            group[item] = item
        elif own and item.op == "Add" and len(own) + sum(is_parameter(link.source) for link in item.inputs) == 2:
            group[item] = item
            heads = {group[source] for source in own}
            group.update(dict.fromkeys([member for member, head in group.items() if head in heads], item))
        elif own and item.op == "Split":
            head = group[own[0]]
            group.update(dict.fromkeys([member for member, h in group.items() if h is head], item))
            group[item] = item
    members: dict[Item, list[Item]] = {}
    for item, head in group.items():
        members.setdefault(head, []).append(item)
    found: dict[Item, Key] = {}
    for head, together in members.items():
        if _is_closed(together, items):
            found.update(dict.fromkeys(together, ("affine", head.id)))
    return found


def is_parameter(item: Item) -> bool:
    """Is this a parameter, or one turned round?"""
    return item.kind == "parameter" or transposed_parameter(item) is not None


def _is_closed(together: list[Item], items: list[Item]) -> bool:
    """Does no member need, by a way outside, what another member gives?"""
    members, outside = set(together), set()
    for item in items:
        sources = {link.source for link in item.inputs}
        if item in members:
            if sources & outside:
                return False
        elif sources & (members | outside):
            outside.add(item)
    return True


def affine_box(together: list[Item], labels: Labels, id: str) -> Box:
    """The box of an affine group: what is done, and by how many parameters."""
    last = together[-1]
    used = dict.fromkeys(
        transposed_parameter(link.source) or link.source
        for item in together for link in item.inputs if is_parameter(link.source)
    )  # fmt: skip
    names = [short(parameter.name.rpartition(".")[2], 10) for parameter in used]
    box = labels.box(last, id)
    gates = box.lines[0].partition("split ")[2]
    box.lines[0] = f"linear → {gates}" if gates else "linear"
    few = all(names) and len(names) <= 3 and sum(map(len, names)) <= 12
    box.lines.insert(1, ", ".join(names) if few else counted(len(names), "parameter"))
    box.measure()
    return box
