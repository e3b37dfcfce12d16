"""The sample calls of the operators, as programs for either library: see tests/reference.

Of the many inputs of each call two are taken, see `chosen`.
"""

from __future__ import annotations

import zlib
from functools import partial
from typing import Any

import numpy as np

from ..reference.stored import GOLDEN, weighed
from . import (
    rows_creation,
    rows_elementwise,
    rows_further,
    rows_indexing,
    rows_products,
    rows_reduce,
    rows_shape,
    rows_updates,
)
from .samples import Row, flat, make, run, tensors

FILES = (
    rows_elementwise,
    rows_reduce,
    rows_products,
    rows_shape,
    rows_indexing,
    rows_creation,
    rows_updates,
    rows_further,
)


class Formula:
    """In the place of a generator: numbers that are the same with every version of NumPy."""

    def __init__(self, seed: int):
        self.next = seed % 1000

    def random(self, shape: Any) -> np.ndarray:
        n = np.arange(self.next, self.next + int(np.prod(shape)))
        self.next += n.size + 1
        return (n * GOLDEN % 1 * 7 + n * 0.414 % 1).reshape(shape) % 1

    def uniform(self, low: float, high: float, shape: Any) -> np.ndarray:
        return low + (high - low) * self.random(shape)

    def integers(self, low: int, high: int, shape: Any) -> np.ndarray:
        return np.floor(self.uniform(low, high, shape)).astype(np.int64)


def together(specs: Any) -> tuple[str, ...]:
    return (specs,) if isinstance(specs, str) else tuple(specs)


def elements(specs: Any) -> float:
    """How much an input has to show: its float64 numbers, and a little for the others."""
    total = 0.0
    for spec in together(specs):
        kind, _, rest = spec.partition(" ")
        shape, _, flags = rest.partition(" ")
        size = 0.0 if "special" in rest else float(np.prod([int(n) for n in shape.split(",")])) if shape else 1.0
        total += size * (1.0 if kind == "f8" else 0.1) + ("T" in flags) * 0.5
    return total


def chosen(row: Row, call: str) -> list[Any]:
    """The fullest input; and the one of infinities, NaN, ties and zeros where there is one, else one of the others."""
    fullest = max(row.inputs, key=elements)
    others = [specs for specs in row.inputs if specs != fullest]
    others = [specs for specs in others if "special" in " ".join(together(specs))] or others
    return [fullest, *(others[zlib.crc32(f"{row.name} {call}".encode()) % len(others)] for _ in others[:1])]


def called(rows: list[tuple[Row, Any]], call: str, torch: Any) -> dict[str, Any]:
    """Values and first derivatives, for each input."""
    found: dict[str, Any] = {}
    for row, specs in rows:
        draw = Formula(zlib.crc32(f"{call} {specs}".encode()))
        inputs = tensors(torch, [make(spec, row.domain, draw) for spec in together(specs)], grad=row.first)
        with np.errstate(all="ignore"):
            parts = flat(run(torch, call, inputs))
            ends = [p for p in parts if getattr(p, "requires_grad", False)]
            if ends:
                weighed(torch, *(p.double() for p in ends)).backward()
        slopes = [
            x.grad for x in inputs if x.requires_grad and x.grad is not None and x.grad.detach().numpy(force=True).any()
        ]
        found[", ".join(together(specs))] = [*(p if plain(p) else str(p) for p in parts), slopes]
    return found


def plain(part: Any) -> bool:
    """Is it something that has numbers? Types and names are kept as text."""
    return hasattr(part, "detach") or part is None or isinstance(part, (bool, int, float, tuple, list))


def programs() -> dict[str, Any]:
    """A program for each call, over the inputs of all rows that have it."""
    inputs: dict[str, list[tuple[Row, Any]]] = {}
    for row in (row for file in FILES for row in file.ROWS):
        for call in row.calls:
            inputs.setdefault(call, []).extend((row, specs) for specs in chosen(row, call))
    return {call: partial(called, rows, call) for call, rows in inputs.items()}


PROGRAMS = programs()
