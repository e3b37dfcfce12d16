"""What a graph is: nodes, the edges between them, and the one walk over them.

A node is one applied operation. Its `edges` point to the nodes that made its inputs, one entry per
input: `(node, output number)`, or None where no gradient is wanted. Edges lead only towards inputs,
so nothing can be reached from itself and a graph is freed by reference counting alone.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

import numpy as np

from ._mode import Scope, thread

Edge = tuple["Node", int]

tick: Callable[[], int] = itertools.count(1).__next__  # one clock for the birth of nodes and for writes into arrays
FREED: Any = ("freed",)  # stands in `saved_tensors` after backward has released the values


class Node:
    """One applied operation: an op class from `ops/` instantiated, or a `Leaf`.

    `shape` and `dtype` describe the output; a node with several outputs has a tuple of each.
    `birth` numbers nodes in the order they were made, so newest first is a valid order for backward.
    """

    __slots__ = ("birth", "dtype", "edges", "hooks", "n_outputs", "saved_tensors", "scope", "shape")

    edges: tuple[Edge | None, ...]
    saved_tensors: tuple[Any, ...]  # what backward needs, as arrays; FREED after backward
    shape: Any
    dtype: Any
    birth: int
    scope: Scope
    n_outputs: int
    hooks: dict[int, list[Any]] | None  # per output number: functions of its gradient
    fresh: bool = False  # does the rule return arrays that it has just made, another one for each input?
    source: str | None = None  # "file.py:12", kept inside `record()` and while anomaly detection is on
    backward: Callable[..., Any]  # the rule, and what goes with it, of every node but leaves: see ops/function.py
    lifted: Callable[..., Any]
    notes: Any = None  # what `record()` noted: constant inputs, output, gradient sent along each edge
    roles: dict[int, tuple[str, str]] | None = None  # per output: ("state", "h"), ("gate", "f"), as cells name them

    def name(self) -> str:
        """PyTorch's name of the backward function, for example 'MulBackward0'."""
        return f"{type(self).__name__}Backward0"

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The edges as PyTorch shows them: (None, 0) where no gradient is wanted."""
        return tuple(edge or (None, 0) for edge in self.edges)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape of each output."""
        return (self.shape,) if self.n_outputs == 1 else self.shape

    def add_hook(self, number: int, hook: Any) -> RemovableHandle:
        """Call `hook(gradient of output `number`)` in backward; see `Tensor.register_hook`."""
        if self.hooks is None:
            self.hooks = {}
        hooks = self.hooks.setdefault(number, [])
        kept_last = sum(hasattr(h, "retains") for h in hooks)  # retain_grad wants what the others leave
        hooks.insert(len(hooks) - kept_last, hook)
        return RemovableHandle(hooks, hook)

    def __repr__(self) -> str:
        return f"<{self.name()}>"


class RemovableHandle:
    """Returned when a hook is registered; `remove()` takes the hook away again."""

    def __init__(self, hooks: Any, hook: Any):
        self._hooks, self._hook = hooks, hook

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        if self._hooks is None:
            return
        if isinstance(self._hooks, dict):
            self._hooks.pop(self._hook, None)
        elif self._hook in self._hooks:
            self._hooks.remove(self._hook)
        self._hooks = None

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


class Leaf(Node):
    """The end of the graph at a tensor that the user made: its gradient goes into `tensor.grad`.

    The tensor is held weakly: the tensor owns its leaf, not the other way round.
    """

    __slots__ = ("__dict__", "tensor")
    shape: Any
    dtype: Any
    edges: tuple[Edge | None, ...]
    saved_tensors: tuple[Any, ...]
    n_outputs: int
    hooks: dict[int, list[Any]] | None
    scope: Scope
    birth: int

    def __init__(self, tensor: Any):
        self.tensor: Any = weakref.ref(tensor)
        self.shape, self.dtype = tensor.array.shape, tensor.array.dtype
        self.edges, self.saved_tensors = (), ()
        self.n_outputs, self.hooks = 1, None
        self.scope, self.birth = thread.mode.scope, tick()

    def name(self) -> str:
        """PyTorch's name for the node that adds into `.grad`."""
        return "AccumulateGrad"

    @property
    def variable(self) -> Any:
        """The tensor itself, or None when it is gone (PyTorch's name)."""
        return self.tensor()


def ancestors(nodes: Iterable[Node]) -> list[Node]:
    """All nodes that `nodes` were computed from, and themselves: each once, newest first."""
    visited = set(nodes)
    found = list(visited)
    for node in found:  # grows while it is read
        for edge in node.edges:
            if edge is not None and edge[0] not in visited:
                visited.add(edge[0])
                found.append(edge[0])
    found.sort(key=attrgetter("birth"), reverse=True)
    return found


def memory_of(array: np.ndarray) -> np.ndarray:
    """The array that owns the memory `array` looks into."""
    base = array.base
    while isinstance(base, np.ndarray):
        array, base = base, base.base
    return array
