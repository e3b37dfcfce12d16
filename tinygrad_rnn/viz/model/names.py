"""Names for what is drawn: from the user's variables, from cells, modules, and what is carried from step to step.

A user's loop leaves only the variables of its last step behind; a name found in one step is given to
the same operation of every other step. Cells say what their gates and states are; in a loop written by hand,
gates of LSTM and GRU are recognised by how they are wired, and named only where that is unambiguous.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...graph import Leaf, memory_of
from ...nn.module import Module
from ...ops.function import Recorded
from .items import Item, Model
from .time_steps import Place
from .written import name_as_written


def name_items(model: Model, names: dict[str, Any] | None, source: Callable[[], str] = str) -> None:
    """Fill `item.name` and `item.names`. `names` is a dict of variables, such as `locals()`; `source` gives the text
    of the lines that made them."""
    tensors = dict(_tensors_in(names or {}))
    _user_names(model, {name: t for name, t in tensors.items() if "[" not in name})
    _own_names(model)
    _roles(model)
    for items in model.tiles.values():
        _cell_names(items)
    _same_in_every_step(model)
    _states(model)
    _lone_states(model)
    _same_in_every_step(model)
    _user_names(model, tensors)  # members of lists name only what has no name yet
    _module_names(model)
    _parameters(model)
    name_as_written(model, source, names or {})
    _inputs(model)


def _own_names(model: Model) -> None:
    for item in model.items:
        if isinstance(item.node, Leaf):
            tensor = item.node.variable
            item.name = item.name or (tensor.name if tensor is not None else None) or ""


def _tensors_in(names: dict[str, Any]) -> Any:
    """(name, tensor) for tensors, lists and tuples of tensors, and the parameters of modules."""
    for name, value in names.items():
        if name.startswith("_"):
            continue
        if isinstance(value, Recorded):
            yield name, value
        elif isinstance(value, (list, tuple)):
            yield from ((f"{name}[{k}]", v) for k, v in enumerate(value) if isinstance(v, Recorded))
        elif isinstance(value, Module):  # no other object is asked: among the caller's variables may be anything
            yield from value.named_parameters()


def _user_names(model: Model, tensors: dict[str, Any]) -> None:
    by_memory: dict[int, tuple[str, np.ndarray]] = {}
    for name, tensor in tensors.items():
        by_memory.setdefault(id(memory_of(tensor.array)), (name, tensor.array))
        if tensor._edge is None or tensor._edge[0] not in model.item_of:
            continue
        node, number = tensor._edge
        item = model.item_of[node]
        if node.n_outputs > 1 and not item.name:
            item.names.setdefault(number, name)
        elif not item.name:
            item.name = name
    for item in model.items:
        if item.constant is not None and isinstance(item.constant.array, np.ndarray) and not item.name:
            name, whole = by_memory.get(id(memory_of(item.constant.array)), ("", item.constant.array))
            part = item.constant.array
            if part.shape != whole.shape or _address(part) == _address(whole):  # else it is another of its kind
                item.name = name + _part_of(part, whole)


def _part_of(part: np.ndarray, whole: np.ndarray) -> str:
    """'[3]' or '[:, 3]' if `part` is one index of `whole`, '' if it is all of it."""
    if part.size == whole.size:  # all of it, perhaps in another shape
        return ""
    offset = part.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    for axis, stride in enumerate(whole.strides):
        if part.shape == whole.shape[:axis] + whole.shape[axis + 1 :] and stride and offset % stride == 0:
            return "[" + ":, " * axis + f"{offset // stride}]"
    return "[…]"


def _roles(model: Model) -> None:
    """What cells call their states and gates."""
    for node, item in model.item_of.items():
        for number, (_, name) in (node.roles or {}).items():
            if node.n_outputs == 1:
                item.name = item.name or name
            else:
                item.names.setdefault(number, name)


def _states(model: Model) -> None:
    """What a loop carries from step to step."""
    said = {(item.place, name) for item in model.items for name in (item.name, *item.names.values())}  # once in a step
    for track in model.time.tracks:
        for node, number in track.edges.values():
            item = model.item_of[node]
            if not item.label_of(number) and (item.place, track.name) not in said:
                item.names[number] = track.name
                if node.n_outputs == 1:
                    item.name = item.names.pop(number)


def _lone_states(model: Model) -> None:
    """In a loop whose states skip steps: the only value that goes from step to step is h."""
    carried: dict[int, set[int]] = {}
    for place, items in model.tiles.items():
        for item in items:
            ahead = [link.target.place for link in item.uses if link.target.place is not None]
            if any(there.row == place.row and there.step != place.step for there in ahead):
                carried.setdefault(place.row, set()).add(item.index)
    for place, items in model.tiles.items():
        alone = carried.get(place.row, set())
        if len(alone) == 1 and items[0].scope.step is not None and (k := next(iter(alone))) < len(items):
            _set({"h": items[k]})


def _cell_names(items: list[Item]) -> None:
    for item in items:
        if item.op == "Mul":
            _lstm_names(item)
        elif item.op == "Tanh":
            _gru_names(item)


def _set(items: dict[str, Item]) -> None:
    for name, item in items.items():
        if not item.name and not item.names:
            item.name = name


def _made_by(item: Item, op: str) -> list[Item]:
    return [link.source for link in item.inputs if link.source.op == op]


def _lstm_names(h: Item) -> None:
    """h = o ⊙ tanh(c),   c = f ⊙ c' + i ⊙ g"""
    outer, o = _made_by(h, "Tanh"), _made_by(h, "Sigmoid")
    added = _made_by(outer[0], "Add") if outer else []
    if not (outer and o and added):
        return
    c = added[0]
    products = _made_by(c, "Mul")
    inner = [m for m in products if _made_by(m, "Tanh") and _made_by(m, "Sigmoid")]
    kept = [m for m in products if m not in inner and _made_by(m, "Sigmoid")]
    if len(inner) != 1:  # none, or two: where c' was made by a tanh, f ⊙ c' looks like i ⊙ g
        return
    i, g = _made_by(inner[0], "Sigmoid")[0], _made_by(inner[0], "Tanh")[0]
    _set({"h": h, "c": c, "o": o[0], "i": i, "g": g})
    if kept:
        _set({"f": _made_by(kept[0], "Sigmoid")[0]})


def _gru_names(n: Item) -> None:
    """n = tanh(… r ⊙ …),   h = (1 - z) ⊙ n + z ⊙ h'   or   h = n + z ⊙ (h' - n)"""
    reset = [
        r
        for added in _made_by(n, "Add")
        for product in [added, *_made_by(added, "Linear"), *_made_by(added, "MatMul")]
        for m in _made_by(product, "Mul")
        for r in _made_by(m, "Sigmoid")
    ]
    if len(reset) != 1:
        return
    for use in n.uses:
        new = use.target
        candidates = [link.target for link in new.uses if link.target.op == "Add"] if new.op == "Mul" else [new]
        for h in candidates:
            update = [z for m in _made_by(h, "Mul") for z in _made_by(m, "Sigmoid") if z is not reset[0]]
            if h.op == "Add" and len(set(update)) == 1:
                _set({"n": n, "r": reset[0], "z": update[0], "h": h})
                return


def _same_in_every_step(model: Model) -> None:
    """A name given in one step names the same operation in the other steps of its row."""
    by_row: dict[int, list[list[Item]]] = {}
    for place, items in model.tiles.items():
        by_row.setdefault(place.row, []).append(items)
    for tiles in by_row.values():
        known: dict[tuple[int, int, str], Item] = {}
        for items in reversed(tiles):
            for k, item in enumerate(items):
                if item.name or item.names:
                    known.setdefault((len(items), k, item.op), item)
        for items in tiles:
            for k, item in enumerate(items):
                twin = known.get((len(items), k, item.op))
                if twin is not None and not item.name and not item.names:
                    item.name, item.names = twin.name, dict(twin.names)


def _module_names(model: Model) -> None:
    """A module that is one operation, such as Linear, gives it its name."""
    inside: dict[tuple[str, int], list[Item]] = {}
    for item in model.items:
        if item.kind == "op" and item.scope.path:
            inside.setdefault((item.scope.path, item.scope.call), []).append(item)
    for (path, _), items in inside.items():
        if len(items) == 1 and "." in path:
            _set({path.rpartition(".")[2]: items[0]})


def _parameters(model: Model) -> None:
    """A parameter of a model that is in no variable: by its place in a linear map, weight_ih_l0 in a recurrent layer."""
    states = {model.item_of[node] for track in model.time.tracks for node, _ in track.edges.values()}
    for item in model.parameters:
        last = item.uses[-1] if item.uses else None
        if item.name or last is None or last.target.op != "Linear" or not last.position:
            continue
        target, scope = last.target, last.target.scope
        item.name = ("weight", "bias")[last.position - 1]
        if scope.layer is not None and target.place is not None:
            row = target.place.row
            sources = [link.source for link in target.inputs if link.position == 0]
            recurrent = any(s in states and s.place is not None and s.place.row == row for s in sources)
            item.name += f"_{'hh' if recurrent else 'ih'}_l{scope.layer}" + "_reverse" * (scope.direction == "reverse")


def _inputs(model: Model) -> None:
    """A constant that comes in at the same place of every step, another one each time, is the input x[t]."""
    wholes: dict[str | None, np.ndarray | None] = {}  # by the graph, where several are compared: each has its x
    free = not any(item.name.partition("[")[0] == "x" for item in model.items if item.kind != "constant")
    for run in model.runs:
        for constants in _one_in_each_step(model, run):
            arrays = [item.constant.array for item in constants.values() if item.constant is not None]
            own = memory_of(arrays[0]) if isinstance(arrays[0], np.ndarray) else None
            names = {item.name for item in constants.values()} - {""}
            if len({_address(a) for a in arrays}) < len(arrays) or len(arrays) < 2 or len(names) > 1:
                continue
            title = model.title_of_row.get(run[0].row)
            if names or (free and (wholes.get(title) is None or own is wholes[title])):
                wholes[title] = wholes.get(title) if names else own
                for step, item in constants.items():
                    item.name = f"{next(iter(names), 'x')}[{step}]"
    for item in model.items:
        if item.op.startswith("Fused") and not model.opened.edges:  # the fast node, as it is after backward
            for link in item.inputs:
                if link.source.kind == "constant" and not link.source.name:
                    link.source.name = ("x", "h₀", "c₀")[link.position] if link.position < 3 else ""


def _one_in_each_step(model: Model, run: list[Place]) -> Any:
    """{step: constant} for each place in a step where every step of the run takes a constant of its own."""
    found: dict[tuple[str, int, int], dict[int, Item]] = {}
    for place in run:
        met: dict[str, int] = {}  # how manieth operation of its kind: the first step may have others more or less
        for item in model.tiles[place]:
            met[item.op] = met.get(item.op, 0) + 1
            for link in item.inputs:
                source = link.source
                alone = all(use.target.place == place for use in source.uses)
                said = (
                    bool(source.name) and source.constant is not None and source.constant.array is None
                )  # by the source
                if source.kind == "constant" and "[" not in source.name and alone and not said:
                    found.setdefault((item.op, met[item.op], link.position), {})[place.step] = source
    return [constants for constants in found.values() if len(constants) == len(run)]


def _address(array: Any) -> object:
    return array.__array_interface__["data"][0] if isinstance(array, np.ndarray) else object()
