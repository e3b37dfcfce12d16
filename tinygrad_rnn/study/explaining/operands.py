"""One operation at which a gradient changed, with all its numbers: what a cause is found from."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..._quiet import quiet
from ...graph import Edge, Node
from ...ops.function import OUT
from ..history import History
from .tracing import name_of


class Why(NamedTuple):
    """A cause: a word for its kind, the reason in words (after "because"), what to do, and the numbers."""

    cause: str
    words: str
    advice: str = ""
    values: dict[str, Any] = {}


class Case:
    """An operation, the input in question, what arrived and what was sent there.

    g, part  arrays; None where the numbers are gone
    """

    def __init__(self, past: History, node: Node, position: int, g: Any, part: Any):
        self.past: History = past
        self.node: Node = node
        self.position: int = position
        self.g: Any = g
        self.part: Any = part

    @property
    def op(self) -> str:
        """The name of the operation's class."""
        return type(self.node).__name__

    @property
    def is_ours(self) -> bool:
        """Is the rule one of this library's, rather than a user's `autograd.Function`?"""
        return ".ops." in type(self.node).__module__

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the input in question."""
        node, number = self.node.edges[self.position] or (self.node, 0)
        return tuple(node.shapes[number])

    @property
    def size(self) -> int:
        """How many numbers the input in question has."""
        return int(np.prod(self.shape))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the input in question."""
        node, number = self.node.edges[self.position] or (self.node, 0)
        return np.dtype(node.dtype if node.n_outputs == 1 else node.dtype[number])

    def x(self, position: int | None = None) -> np.ndarray | None:
        """The value of an input, by default the one in question."""
        k = self.position if position is None else position
        return input_of(self.past, self.node, k)

    @cached_property
    def y(self) -> np.ndarray | None:
        """The value of the output."""
        value = self.past.value((self.node, 0))
        if value is not None:
            return value
        plan: Any = getattr(self.node, "_saved_plan", ())
        return next((v for v, (k, _) in zip(self.node.saved_tensors, plan, strict=False) if k == OUT), None)

    def other_edge(self) -> Edge | None:
        """Where the other operand of two came from."""
        return self.node.edges[1 - self.position]

    def other(self) -> tuple[np.ndarray | None, str]:
        """The other operand of two, and its name."""
        return self.x(1 - self.position), name_of(self.past, self.other_edge())

    def reached(self, values: np.ndarray) -> np.ndarray:
        """Those of `values`, one for each number of the output, that the gradient reaches."""
        if self.g is None or isinstance(self.g, (tuple, list)):
            return np.ravel(values)
        g = np.asarray(self.g)
        try:
            return np.broadcast_to(values, g.shape)[g != 0]
        except ValueError:
            return np.ravel(values)

    def first(self, bad: np.ndarray) -> dict[str, float]:
        """The numbers at the first place where `bad`, an array in the shape of the input in question, is true."""
        index = np.unravel_index(int(np.argmax(bad)), bad.shape)
        named = {"x": self.x(0), "y": self.x(1) if len(self.node.edges) > 1 else None, "out": self.y, "g": self.g}
        return {
            name: float(np.broadcast_to(value, bad.shape)[index])
            for name, value in named.items()
            if value is not None and not isinstance(value, (tuple, list)) and fits(np.shape(value), bad.shape)
        }

    @quiet
    def unscaled(self) -> np.ndarray | None:
        """What the rule sends for the same gradient in float64, scaled to have 1 as its largest number.

        Rules are linear: if this is sound while what was sent is not, the numbers were too small or too large.
        """
        if self.g is None or isinstance(self.g, (tuple, list)) or not self.is_ours:
            return None
        g = np.asarray(self.g, np.float64)
        peak = np.abs(g).max()
        if not 0 < peak < np.inf:
            return None
        sent = self.node.backward(g / peak)
        return np.asarray((sent if isinstance(sent, tuple) else (sent,))[self.position])


def input_of(past: History, node: Node, position: int) -> np.ndarray | None:
    """The value of an input, however it is known."""
    edge = node.edges[position]
    value = None if edge is None else past.value(edge)
    return saved_input(node, position) if value is None else value


def saved_input(node: Node, position: int) -> np.ndarray | None:
    """The value of an input, as the rule saved it or as `record()` noted a constant."""
    plan: Any = getattr(node, "_saved_plan", ())
    for value, (place, _) in zip(node.saved_tensors, plan, strict=False):
        if place == position and value is not None:
            return np.asarray(value)
    if node.notes is not None and position in node.notes.constants:
        value = node.notes.constants[position].array
        return None if value is None or isinstance(value, str) else np.asarray(value)
    return None


def fits(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    """Does broadcasting stretch the first shape to the second?"""
    extra = len(large) - len(small)
    return extra >= 0 and all(n in (1, m) for n, m in zip(small, large[extra:], strict=True))


def short(value: Any) -> str:
    """Three digits."""
    return f"{float(value):.3g}"
