"""Gradients back along the edges: the one backward loop.

Backward collects the ancestors of the outputs, newest first, and hands each node the sum of what its
consumers sent. A node is newer than everything it was made from, so when its turn comes that sum is
complete. Rules stay pure calculus: here a broadcast gradient is summed back to its input's shape and
cast to its input's dtype.

The watch point: every function in `thread.mode.watchers` is called as

    watch(node, gradient, contributions)

with the gradient that arrived at the node (a tuple for nodes with several outputs) and what it sends
along each edge (None where nothing goes). Anomaly detection, per-step gradients, the debugger and the
gradient track of pictures are watchers; nothing else loops over a graph backwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any

from ._mode import thread
from ._quiet import quiet
from .graph import FREED, Edge, Leaf, Node, ancestors
from .ops import inplace
from .ops.basic import Cast, SumTo
from .ops.function import call

Watcher = Callable[[Node, Any, tuple[Any, ...]], None]


def backward(
    outputs: Sequence[Edge],
    gradients: Sequence[Any],
    inputs: Sequence[Edge] | None = None,
    retain: bool = False,
    lift: Any = None,
    into_leaves: bool = True,
) -> dict[Edge, Any]:
    """Send `gradients` back from `outputs`; return what arrived at `inputs`, a dict from edge to gradient.

    Without `inputs` every leaf adds its gradient to `.grad`. With them, only nodes on a path to an
    input run, and inputs that are leaves add to `.grad` only if `into_leaves`. `retain` keeps the saved
    values for another backward. `lift` is the Tensor class if gradients are to be recorded: then
    `gradients` are Tensors and the rules run on Tensors.
    """
    order = ancestors([node for node, _ in outputs])
    wanted = needed = None
    stops = set()
    if inputs is not None:
        wanted, stops = dict.fromkeys(inputs), {node for node, _ in inputs}
        needed = _leading_to(stops, order)
    pending = _Pending()
    for (node, number), gradient in zip(outputs, gradients, strict=True):
        pending.add(node, number, gradient)
    mode = thread.mode
    outer = mode.grad_enabled, mode.lift, mode.outside
    mode.grad_enabled, mode.lift = lift is not None, lift  # as `switch` does, which takes ten times as long
    mode.outside = mode.outside or copy_context()
    try:
        _run(order, pending, needed, stops, wanted, retain, into_leaves)
    finally:
        mode.grad_enabled, mode.lift, mode.outside = outer
    return wanted or {}


class _Pending(dict):
    """The gradient gathered so far for each node not yet run; a list of them for several outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.own: set[Node] = set()  # nodes whose gradient nobody else holds: it may be added to in place

    def add(self, node: Node, number: int, g: Any) -> None:
        """Add `g` to what has arrived for output `number` of `node`."""
        if node.n_outputs != 1:
            self.add_output(node, number, g)
        else:
            self[node] = g if node not in self else self[node] + g

    def add_output(self, node: Node, number: int, g: Any) -> None:
        """The same for a node with several outputs."""
        gathered = self.get(node)
        if gathered is None:
            gathered = self[node] = [None] * node.n_outputs
        before = gathered[number]
        gathered[number] = g if before is None else before + g


@quiet
def _run(
    order: list[Node], pending: _Pending, needed: set[Node] | None, stops: set[Node], wanted: dict[Edge, Any] | None,
    retain: bool, into_leaves: bool,
) -> None:  # fmt: skip
    """The loop. `order` is newest first."""
    lift, watchers = thread.mode.lift, thread.mode.watchers
    own, arrived, waiting = pending.own, pending.pop, pending.get
    for node in order:
        g = arrived(node, None)
        if g is None:
            continue
        if node.hooks is not None:
            g = _through_hooks(node, g)
        if needed is not None and not _goes_on(node, g, needed, stops, wanted):
            continue
        edges = node.edges
        if not edges:
            if node.__class__ is Leaf and into_leaves:
                _into_leaf(node, g, fresh=node in own and node.hooks is None and not watchers)
            for watch in watchers:
                watch(node, g, ())
            continue
        saved = node.saved_tensors
        if saved and (node.birth < inplace.last_write or saved is FREED):
            inplace.check_saved(node)
        ctx = node if lift is None or not saved else node.lifted(lift)
        sent = ctx.backward(g) if node.n_outputs == 1 else ctx.backward(*g)
        if sent.__class__ is not tuple:
            sent = (sent,)
        if len(sent) != len(edges):
            raise RuntimeError(f"{node.name()} returned {len(sent)} gradients for {len(edges)} inputs")
        if watchers:
            sent = tuple([_fit(node, d, edge) for d, edge in zip(sent, edges, strict=True)])
            for watch in watchers:
                watch(node, g, sent)
        for d, edge in zip(sent, edges):  # noqa: B905  (lengths were checked; strict costs time here)
            if edge is None or d is None:
                continue
            target, number = edge
            if target.n_outputs != 1:
                if d.shape != target.shape[number] or d.dtype is not target.dtype[number]:
                    d = _fit(node, d, edge)
                pending.add_output(target, number, d)
                continue
            if d.shape != target.shape or d.dtype is not target.dtype:
                d = _fit(node, d, edge)
            before = waiting(target)
            if before is None:
                pending[target] = d
                if node.fresh and not watchers:
                    own.add(target)
            elif target in own and lift is None:
                before += d
                pending[target] = before
            else:
                own.add(target)
                pending[target] = before + d
        if saved and not retain:
            node.saved_tensors = FREED


def _goes_on(node: Node, g: Any, needed: set[Node], stops: set[Node], wanted: Any) -> bool:
    """Capture `g` if `node` was asked for; is `node` an asked-for leaf, or on the way to an asked-for input?"""
    if node not in needed:
        return False
    if node in stops:
        _capture(node, g, wanted)
    return not node.edges or any(edge is not None and edge[0] in needed for edge in node.edges)


def _leading_to(goals: set[Node], order: list[Node]) -> set[Node]:
    """The nodes of `order` (newest first) from which an edge path leads to one of `goals`, and the goals."""
    found = set(goals)
    for node in reversed(order):
        if any(edge is not None and edge[0] in found for edge in node.edges):
            found.add(node)
    return found


def _capture(node: Node, g: Any, wanted: dict[Edge, Any] | None) -> None:
    """Keep what arrived at an asked-for input."""
    assert wanted is not None
    for number in range(node.n_outputs):
        if (node, number) in wanted:
            wanted[node, number] = g if node.n_outputs == 1 else g[number]


def _into_leaf(leaf: Any, g: Any, fresh: bool) -> None:
    tensor = leaf.tensor()
    if tensor is not None:
        tensor._add_grad(g, fresh)


def _through_hooks(node: Node, g: Any) -> Any:
    """Show the gradient of each hooked output to its hooks; a hook may return another one."""
    assert node.hooks is not None
    gathered = [g] if node.n_outputs == 1 else list(g)
    for number, hooks in node.hooks.items():
        for hook in tuple(hooks):
            if gathered[number] is not None:
                with thread.mode.users_errors():
                    replacement = hook(gathered[number])
                if replacement is not None:
                    gathered[number] = replacement
    return gathered[0] if node.n_outputs == 1 else gathered


def _fit(node: Node, d: Any, edge: Edge | None) -> Any:
    """`d` in the shape and dtype of the output it is the gradient of: undo broadcasting and promotion."""
    if d is None or edge is None:
        return None
    target, number = edge
    shape, dtype = (
        (target.shape, target.dtype) if target.n_outputs == 1 else (target.shape[number], target.dtype[number])
    )
    if d.shape != shape:
        if not _stretches(shape, d.shape):
            raise RuntimeError(
                f"{node.name()} returned a gradient of shape {tuple(d.shape)} for an input of shape {shape}; "
                f"a rule must return the input's shape, or one that broadcasts from it"
            )
        d = call(SumTo, d, shape=shape)
    if d.dtype != dtype:
        d = call(Cast, d, dtype=dtype)
    return d


def _stretches(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    """Does broadcasting stretch the first shape to the second?"""
    extra = len(large) - len(small)
    return extra >= 0 and all(n in (1, m) for n, m in zip(small, large[extra:], strict=True))
