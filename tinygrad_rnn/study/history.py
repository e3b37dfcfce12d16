"""A loss and the graph behind it, opened for questions.

    with History.of(loss) as past:
        past.backward(watch)

Inside the block the graph is as a study wants it: layers that are one fast node are replaced by their steps, values
that backward released are back if `record()` kept them, and no run of backward touches a `.grad`. When the block
ends everything is as it was. Studies run the engine under a watcher; none has a loop of its own.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import textwrap
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

import numpy as np

from .. import engine
from .._mode import switch
from .._quiet import quiet
from .._tensor import Tensor
from ..graph import FREED, Edge, Leaf, Node, ancestors, tick
from ..nn.module import Module
from ..notes import record
from ..ops.function import OUT
from ..ops.inplace import edge_of
from .steps import Steps


class History:
    """The graph of a loss while a study asks it. Open it with `History.of(loss)`.

    edges   where the losses come from, one for each
    nodes   everything they were computed from, oldest first
    opened  where each output of a fused node comes from inside
    steps   which node belongs to which time step, and which are states
    """

    def __init__(self, losses: Sequence[Tensor], variables: dict[str, Any] | None = None):
        self.losses: list[Tensor] = list(losses)
        self.variables: dict[str, Any] = variables or {}
        self.edges: list[Edge] = []
        self.nodes: list[Node] = []
        self.steps: Steps = Steps([], {})
        self.opened: dict[Edge, Edge] = {}  # outputs of layers that were opened -> where they come from inside
        self._undo: contextlib.ExitStack = contextlib.ExitStack()
        self._values: dict[Edge, np.ndarray] | None = None

    @staticmethod
    def of(loss: Any) -> Any:
        """A context manager that opens the graph of `loss`: a scalar Tensor, a list of them, or an open History."""
        if isinstance(loss, History):
            return contextlib.nullcontext(loss)
        return History(checked(loss), callers_variables())

    def __enter__(self) -> History:
        edges: list[Edge] = [edge_of(loss) for loss in self.losses]
        with contextlib.ExitStack() as undo:
            self.opened = undo.enter_context(_opened([edge[0] for edge in edges]))
            self.edges = [self.opened.get(edge, edge) for edge in edges]
            self.nodes = ancestors([edge[0] for edge in self.edges])[::-1]
            undo.enter_context(_with_values(self.nodes))
            undo.enter_context(without_retaining(self.nodes))
            self.steps = Steps(self.nodes, self.variables)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._undo.close()
        self.nodes, self.edges, self._values = [], [], None

    @quiet
    def backward(
        self, watch: engine.Watcher, edges: Sequence[Edge] | None = None, gradients: Sequence[Any] | None = None
    ) -> None:
        """Send `gradients` back from `edges`, by default 1 from each loss, under a watcher of the engine."""
        edges = self.edges if edges is None else list(edges)
        gradients = [ones(edge) for edge in edges] if gradients is None else list(gradients)
        with switch(watchers=(watch,)):
            engine.backward(edges, gradients, retain=True, into_leaves=False)

    def arriving(
        self, wanted: Sequence[Edge], edges: Sequence[Edge] | None = None, gradients: Sequence[Any] | None = None
    ) -> dict[Edge, np.ndarray]:
        """The gradient that arrives at each of `wanted` that is reached."""
        found: dict[Edge, np.ndarray] = {}
        asked: dict[Node, list[int]] = {}
        for node, number in wanted:
            asked.setdefault(node, []).append(number)

        def watch(node: Node, gradient: Any, contributions: tuple[Any, ...]) -> None:
            for number in asked.get(node, ()):
                part = gradient if node.n_outputs == 1 else gradient[number]
                if part is not None:
                    found[node, number] = part

        self.backward(watch, edges, gradients)
        return found

    def value(self, edge: Edge) -> np.ndarray | None:
        """The numbers that went along an edge, or None if nothing kept them."""
        if self._values is None:
            self._values = _known_values(self.nodes)
        return self._values.get(edge)

    def name_of(self, leaf: Any) -> str:
        """What the user calls a weight or an input: a parameter's path in its module, a variable, its own name."""
        tensor = leaf.variable
        if tensor is None:
            return f"a tensor {tuple(leaf.shape)}"
        for name, value in self.variables.items():
            if value is tensor:
                return name
            found = _named_in(value, tensor)
            if found:
                return found
        return tensor.name or f"a tensor {tuple(leaf.shape)}"


def callers_variables() -> dict[str, Any]:
    """The variables where this package was called, and the globals there: they name what is in the graph."""
    frame = _callers_frame()
    found = {name: v for name, v in frame.f_globals.items() if name not in frame.f_locals}
    return {name: v for name, v in (frame.f_locals | found).items() if name.isidentifier()}


def callers_source() -> str:
    """The text of the function, or the file, where this package was called; "" where there is none."""
    try:
        return textwrap.dedent(inspect.getsource(_callers_frame()))
    except (OSError, TypeError):  # no file: typed in, or made by a program
        return ""


def _callers_frame() -> FrameType:
    frame = sys._getframe(1)
    while (
        frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __name__.partition(".")[0]
    ):
        frame = frame.f_back
    return frame


def checked(loss: Any) -> list[Tensor]:
    """The losses as a list; raises unless each is a single number with a graph behind it."""
    losses = list(loss) if isinstance(loss, (list, tuple)) else [loss]
    for k, one in enumerate(losses):
        which = f"loss {k}" if isinstance(loss, (list, tuple)) else "the loss"
        if not isinstance(one, Tensor):
            raise TypeError(f"study: {which} must be a Tensor, got {type(one).__name__}")
        if one.array.size != 1:
            raise RuntimeError(
                f"study: {which} must be a single number, got shape {tuple(one.array.shape)}: reduce it first, for "
                f"example with .sum()"
            )
        if edge_of(one) is None:
            raise RuntimeError(
                f"study: {which} has no graph: nothing it was computed from requires grad, or it was made under "
                f"no_grad() or detached"
            )
    if not losses:
        raise ValueError("study: got an empty list of losses")
    return losses


def ones(edge: Edge) -> np.ndarray:
    """The gradient of an output by itself."""
    node, number = edge
    return np.ones(node.shapes[number], node.dtype if node.n_outputs == 1 else node.dtype[number])


def _named_in(value: Any, tensor: Tensor) -> str:
    """The name of a parameter of a module, or of an entry in a list of tensors."""
    if isinstance(value, Module):
        return next((path for path, p in value.named_parameters() if p is tensor), "")
    return ""


# --- the graph as a study wants it -------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(outputs: list[Node]) -> Iterator[dict[Edge, Edge]]:
    """Put the operations of fused nodes in their place; yields where each of their outputs comes from inside."""
    spliced: dict[Edge, Edge] = {}
    for node in ancestors(outputs):
        if hasattr(node, "recompute"):
            own, inner = operations_inside(node)
            _born_before(node, inner)
            spliced |= own
    changed: list[tuple[Node, Any]] = []
    try:
        if spliced:
            for node in ancestors([*outputs, *(edge[0] for edge in spliced.values())]):
                if any(edge in spliced for edge in node.edges):
                    changed.append((node, node.edges))
                    node.edges = tuple([spliced.get(edge, edge) if edge else None for edge in node.edges])
        yield spliced
    finally:
        for node, edges in changed:
            node.edges = edges


def _born_before(node: Node, operations: list[Node]) -> None:
    """Operations that stand for `node` are as old as it is: younger than what it read."""
    for k, operation in enumerate(operations, start=1):
        operation.birth = node.birth - 1 + k / (len(operations) + 1)  # type: ignore[assignment]


def operations_inside(node: Any) -> tuple[dict[Edge, Edge], list[Node]]:
    """Open a fused node: where each of its outputs comes from inside, and the operations that compute them, oldest first.
    Nodes inside that can be opened are open, too.

    Raises RuntimeError if backward has released its inputs and `record()` did not keep them.
    """
    start = tick()
    with _with_values([node]), record():
        made = node.recompute()
    own: dict[Edge, Any] = {
        (node, number): tensor._edge for number, tensor in enumerate(made) if tensor._edge is not None
    }
    inner: list[Node] = []
    opened: dict[Any, Any] = {}
    for operation in [n for n in ancestors([edge[0] for edge in own.values()]) if n.birth > start][::-1]:
        parts = [operation]
        if hasattr(operation, "recompute"):
            ends, parts = operations_inside(operation)
            _born_before(operation, parts)
            opened |= ends
        for part in parts:
            part.edges = tuple([edge and opened.get(edge, edge) for edge in part.edges])
            part.source = node.source
        inner += parts
    return {output: opened.get(edge, edge) for output, edge in own.items()}, inner


@contextlib.contextmanager
def _with_values(nodes: list[Node]) -> Iterator[None]:
    """Give nodes back what backward released, if `record()` kept it."""
    released = [node for node in nodes if node.saved_tensors is FREED]
    for node in released:
        if node.notes is None or not node.notes.saved:
            raise RuntimeError(
                f"study: backward has released the values of this graph (the oldest is {node.name()}). Compute the loss "
                f"inside `with tinygrad_rnn.record():`, or ask before backward(), or call backward(retain_graph=True)"
            )
    try:
        for node in released:
            node.saved_tensors = node.notes.saved
        yield
    finally:
        for node in released:
            node.saved_tensors = FREED


@contextlib.contextmanager
def without_retaining(nodes: list[Node]) -> Iterator[None]:
    """Take away the hooks by which `retain_grad` writes to `.grad`, for a while."""
    hooked = {node: node.hooks for node in nodes if node.hooks}
    try:
        for node, hooks in hooked.items():
            node.hooks = {k: [hook for hook in found if not hasattr(hook, "retains")] for k, found in hooks.items()}
        yield
    finally:
        for node, hooks in hooked.items():
            node.hooks = hooks


def _known_values(nodes: list[Node]) -> dict[Edge, np.ndarray]:
    """The numbers along edges, as far as notes, leaves, or what rules saved tell them."""
    known: dict[Edge, np.ndarray] = {}
    for node in nodes:
        if isinstance(node, Leaf):
            if node.variable is not None:
                known[node, 0] = node.variable.array
            continue
        if node.notes is not None and node.notes.output is not None:
            outputs = node.notes.output
            known |= {(node, k): out for k, out in enumerate(outputs if isinstance(outputs, tuple) else (outputs,))}
            continue
        plan: Any = getattr(node, "_saved_plan", ())
        for value, (position, _) in zip(node.saved_tensors, plan, strict=False):
            edge = (node, node.n_outputs - 1) if position == OUT else node.edges[position]
            if isinstance(value, np.ndarray) and edge is not None and value.shape == edge[0].shapes[edge[1]]:
                known.setdefault(edge, value)
    return known
