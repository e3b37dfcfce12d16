"""The words on a box: symbol, name, numbers; and the longer text shown on hover."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._quiet import quiet
from ...graph import Leaf
from ...notes import norm
from ...study.results import counted
from ..style import GATES
from .boxes import Box
from .items import Item, constant_input, number_of, value_of

UNKNOWN = "·"  # a constant of which nothing was recorded


@dataclass(slots=True)
class Labels:
    """What labels show beside symbol and name: shapes, values (mean ± standard deviation), names of backward functions."""

    shapes: bool = False
    values: bool = False
    backward: bool = False  # names of backward functions instead of symbols

    def box(self, item: Item, id: str) -> Box:
        """The box of an item, with its label but not yet a place."""
        if item.kind == "op":
            kind, first = "op", self._op(item)
        elif item.kind == "parameter":
            kind, first = "parameter", short(item.name.rpartition(".")[2]) or item.id
        else:
            kind, first = "input", self._input(item)
        if self.backward and item.kind in ("parameter", "leaf"):
            first = f"{first}.grad"
        lines = [first]
        if self.shapes:
            lines.append(shape_text(item))
        if self.values:
            lines.extend(value_lines(item))
        box = Box(id, kind, lines, _gate(item), self.tip(item))
        box.data["node"] = item.id
        if kind == "parameter":
            box.data["param"] = item.id
        box.measure()
        return box

    def _op(self, item: Item) -> str:
        if self.backward:
            return item.node.name().removesuffix("0") if item.node is not None else item.op
        alone = symbol = "×" if item.op == "Mul" and item.shapes == ((),) else how(item)
        if item.node is not None and len(item.node.edges) == 2:
            for position, edge in enumerate(item.node.edges):
                constant = constant_input(item.node, position) if edge is None else None
                number = None if constant is None or constant.cut is not None else number_of(constant)
                if number is not None:
                    symbol = f"{number_text(number)} {symbol}" if position == 0 else f"{symbol} {number_text(number)}"
        if item.name.startswith(symbol):  # a Linear called linear1
            return short(item.name)
        return f"{symbol}{' ' if symbol == alone else ' → '}{short(item.name)}" if item.name else symbol

    def _input(self, item: Item) -> str:
        if item.name:
            return short(item.name)
        array = item.constant.array if item.constant is not None else None
        if isinstance(array, np.ndarray):
            return "0" if array.size and not array.any() else f"const {shape_text(item)}"
        return UNKNOWN if item.kind == "constant" else f"leaf {shape_text(item)}"

    @staticmethod
    def tip(item: Item) -> str:
        """The long text of an item."""
        unknown = item.constant is not None and item.constant.array is None
        about = "a constant, made inside tg.record() its value would be known" if unknown else shape_text(item)
        parts = [item.op or item.kind, short(item.name), about]
        if item.scope.path:
            parts.append(item.scope.path)
        if item.scope.step is not None:
            parts.append(f"t = {item.scope.step}")
        if item.node is not None and item.node.notes is not None and item.node.notes.arrived is not None:
            parts.append(f"|grad| {number_text(item.node.notes.arrived)}")
        if item.node is not None and item.node.source:
            parts.append(os.path.basename(item.node.source))  # folders are nobody's business
        return " · ".join(part for part in parts if part)


def _gate(item: Item) -> str:
    """The gate or state that an operation is: what a cell called it, or its name inside a time step; else "".

    Outside time a variable named c or n is just that.
    """
    roles = item.node.roles if item.node is not None else None
    return item.name if item.name in GATES and item.kind == "op" and (roles or item.place is not None) else ""


def how(item: Item) -> str:
    """The symbol of an operation with what it needs to be understood: '[-1]', 'cat dim=1', 'split i|f|g|o'."""
    node: Any = item.node
    if item.op in ("Index", "BasicIndex"):
        return f"[{short(index_text(node.index), 16)}]"
    if item.op in ("Cat", "Stack"):
        return f"{item.symbol} dim={node.dim}"
    if item.op == "Split" and item.place is not None and len(item.shapes) <= 8:
        gates = [_leads_to(item, number) for number in range(len(item.shapes))]
        return f"{item.symbol} {'|'.join(gates)}" if len(set(gates) - {""}) == len(gates) else item.symbol
    return item.symbol


def index_text(index: Any) -> str:
    """What was in the brackets."""
    if isinstance(index, tuple):
        return ", ".join(map(index_text, index))
    if isinstance(index, slice):
        ends = ["" if end is None else str(end) for end in (index.start, index.stop, index.step)]
        return ":".join(ends if ends[2] else ends[:2])
    if isinstance(index, np.ndarray):
        return f"{index.size} indices"
    return "…" if index is Ellipsis else str(index)


def _leads_to(item: Item, number: int) -> str:
    """The gate that a part of a split becomes: the nearest one in its step."""
    front = [link.target for link in item.uses if link.number == number]
    for _ in range(6):
        for target in front:
            if target.name in GATES and target.op != "Split":
                return target.name
        front = [link.target for target in front for link in target.uses if link.target.place == item.place]
    return ""


def short(name: str, most: int = 24) -> str:
    """A name that fits on a box: of a dotted path the end."""
    if len(name) > most and "." in name:
        name = name.rpartition(".")[2]
    return name if len(name) <= most else name[: most - 1] + "…"


def cuts_text(count: int) -> str:
    """What a box says that hides places where the gradient ends."""
    return f"✕ {counted(count, 'cut')}"


def shape_text(item: Item) -> str:
    """'(4, 16)', or '4 × (4, 16)' for several outputs alike."""
    first = "(" + ", ".join(map(str, item.shapes[0])) + ("," if len(item.shapes[0]) == 1 else "") + ")"
    return first if len(item.shapes) == 1 else f"{len(item.shapes)} × {first}"


def number_text(number: float) -> str:
    """Three digits, no more."""
    if not np.isfinite(number):
        return "NaN" if np.isnan(number) else "∞" if number > 0 else "−∞"
    if number == int(number) and abs(number) < 1e4:
        return str(int(number)) if number >= 0 else f"−{-int(number)}"
    return re.sub(r"e(-?)\+?0*", r"e\1", f"{number:.3g}").replace("-", "−")


@quiet
def value_lines(item: Item) -> list[str]:
    """The value of a number, or mean ± deviation of an array; and the size of the gradient that arrived."""
    array = value_of(item)
    lines = []
    if array is not None and array.size == 1:
        lines.append(f"data {number_text(float(array.reshape(())))}")
    elif array is not None and array.size and array.dtype.kind == "f":
        lines.append(f"{number_text(float(array.mean()))} ± {number_text(float(array.std()))}")
        broken = int(array.size - np.isfinite(array).sum())
        if broken:
            lines.append(f"{broken} not finite")
    gradient = _gradient_line(item)
    return [*lines, gradient] if gradient else lines


def gradient_of(item: Item) -> float | None:
    """The norm of the gradient that arrived; of a leaf what it has collected, where nothing was noted."""
    notes = None if item.node is None else item.node.notes
    if notes is not None and notes.arrived is not None:
        return notes.arrived
    own = item.node.variable if isinstance(item.node, Leaf) else None
    return None if own is None or own.grad is None else norm(own.grad)


def _gradient_line(item: Item) -> str:
    """'grad −3' for a single number, else the norm."""
    notes = None if item.node is None else item.node.notes
    if notes is not None and notes.signed is not None:
        return f"grad {number_text(notes.signed)}"
    own = item.node.variable if isinstance(item.node, Leaf) else None
    if own is not None and own.grad is not None and own.grad.array.size == 1 and (notes is None or not notes.arrived):
        return f"grad {number_text(float(own.grad.array.reshape(())))}"
    size = gradient_of(item)
    return "" if size is None else f"|∂| {number_text(size)}"
