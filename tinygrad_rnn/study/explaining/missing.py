"""Why no gradient comes at all: there is no path from the loss, the tensor wants none, or nothing was put into `.grad`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._tensor import Tensor
from ...graph import FREED, Edge, Leaf, Node, ancestors, memory_of
from ...notes import Constant, cut_of
from ...ops.inplace import changed_since, edge_of
from ..history import History
from ..steps import Steps
from .operands import Why
from .tracing import line_of, place

RECORD = "Run the forward pass inside `with tinygrad_rnn.record():` and ask again, to be told where a path was cut"
CUT = {
    "detach": ("detached", "detach() (or .data, or a copy through NumPy) cut the path", "Leave the detach out if the gradient is to pass"),
    "no_grad": ("no_grad", "it was computed under no_grad()", "Compute it outside no_grad()"),
    "integer": ("integer operation", "an operation with integer or bool results (argmax, a comparison, .long()) cut the path: it has no derivative",
                "Use a smooth stand-in, such as softmax"),
    "truncated": ("truncated", "the state was detached between two segments (truncated backpropagation through time)",
                  "Use longer segments if the gradient is to reach further back"),
}  # fmt: skip


class Missing(Exception):
    """There is no gradient: why, and the operation at fault if one is known."""

    def __init__(self, why: Why, node: Node | None = None, source: str | None = None):
        super().__init__(why.words)
        self.why: Why = why
        self.node: Node | None = node
        self.source: str | None = source


def check_loss(losses: list[Tensor]) -> None:
    """Raise Missing if the loss has no graph."""
    if any(edge_of(loss) is not None for loss in losses):
        return
    known = cut_of(losses[0].array)
    if losses[0].array.dtype.kind != "f" and known is None:
        known = Constant(None, None, "integer")
    if known is not None:
        cause, words, advice = CUT[known.how]
        raise Missing(Why(cause, f"the loss itself has no graph: {words}", advice), _node(known), known.source)
    raise Missing(
        Why(
            "loss without graph",
            "the loss itself has no graph: it was detached, made under no_grad(), or nothing it was "
            "computed from requires grad",
            RECORD,
        )
    )


def _node(constant: Constant) -> Node | None:
    return None if constant.cut is None else constant.cut[0]


def check_wants(past_nodes: list[Node], x: Tensor, name: str) -> None:
    """Raise Missing if `x` wants no gradient, with the reason as far as it is known."""
    if edge_of(x) is not None:
        return
    if x.array.dtype.kind != "f":
        raise Missing(
            Why(
                "integer operation",
                f"it holds {x.array.dtype} numbers, and only floating-point tensors have gradients",
                "Ask about the floating-point tensor that it was made from",
            )
        )
    known = cut_of(x.array)
    for node, constant in _constants(past_nodes):
        if isinstance(constant.array, np.ndarray) and _same(constant.array, x.array):
            if constant.cut is not None:
                raise _cut(known or constant, node, name)
            raise Missing(
                Why(
                    "requires_grad False",
                    f"it has requires_grad=False, so {place_of(node)} takes it as a constant",
                    f"Call {name}.requires_grad_() before the forward pass",
                ),
                node,
                node.source,
            )
    origin = next((node for node in past_nodes if _holds(node, x.array)), None)
    if origin is not None:
        raise Missing(
            Why(
                "detached",
                f"it shares its numbers with {_maker(origin)}, but it is detached from the graph",
                "Ask about the tensor before detach()",
            ),
            origin,
            origin.source,
        )
    if known is not None:
        raise _cut(known, None, name)
    raise Missing(
        Why(
            "requires_grad False",
            "it has requires_grad=False: it was made without it, or by detach() or under no_grad()",
            f"If you made it yourself, call {name}.requires_grad_() before the forward pass",
        )
    )


def _cut(constant: Constant, user: Node | None, name: str) -> Missing:
    cause, words, advice = CUT[constant.how]
    where = "" if constant.source is None else f" at {line_of(constant.source)}"
    return Missing(Why(cause, f"it is outside the graph: {words}{where}", advice), user, constant.source)


def check_connected(past: History, x: Edge, tensor: Tensor, name: str) -> None:
    """Raise Missing if no path leads from the loss to `x`; looks behind cuts, and at what `x` itself came from."""
    nodes = set(past.nodes)
    if x[0] in nodes:
        return
    cut = first_cut(past, x[0], tensor)
    if cut is not None:
        node, constant = cut
        how = "truncated" if _is_truncation(past.steps, node, constant) else constant.how
        cause, words, advice = CUT[how]
        source = constant.source or node.source
        made = "" if constant.source in (None, node.source) else f", at {line_of(constant.source)}"  # type: ignore[arg-type]
        raise Missing(
            Why(
                cause,
                f"the path ends at {place(past, node)}, which takes its input as a constant: {words}{made}",
                advice,
            ),
            node,
            source,
        )
    behind = set(ancestors([x[0]])) - {x[0]}
    if any(edge[0] in behind for edge in past.edges):
        raise Missing(
            Why("after the loss", "it was computed from the loss, not the loss from it", ""), x[0], x[0].source
        )
    shared = [node for node in past.nodes if node in behind]
    if shared:
        raise Missing(
            Why(
                "beside the path",
                f"it was computed by {place(past, x[0])} from something that the loss uses too, but the "
                f"loss uses another tensor, not this one",
                "Keep the tensor that the forward pass uses, and ask about that",
            ),
            x[0],
            x[0].source,
        )
    leaves = [past.name_of(node) for node in past.nodes if isinstance(node, Leaf)]
    listed = ", ".join(leaves[:5]) + (" …" if len(leaves) > 5 else "")
    others = f"{len(leaves)} other tensor{'s' if len(leaves) > 1 else ''}"
    recorded = any(node.edges and node.notes is not None for node in past.nodes)
    raise Missing(
        Why(
            "not connected",
            f"it is not on any path: the loss was computed from {others} ({listed}), not from it",
            "Use it in the forward pass; values that go through NumPy or .item() leave no trace"
            if recorded
            else RECORD,
            {"leaves": len(leaves)},
        )
    )


def first_cut(past: History, goal: Node, tensor: Tensor) -> tuple[Node, Constant] | None:
    """The first cut, in the order of backward, behind which `goal` lies."""
    nodes = _behind_cuts(past)
    leading = {goal}
    of: dict[Node, tuple[Node, Constant]] = {}
    for node in sorted(nodes, key=lambda node: node.birth):
        constants = () if node.notes is None else node.notes.constants.values()
        for constant in constants:
            made_of_it = isinstance(goal, Leaf) and any(_same(made, tensor.array) for made in _alive(constant))
            if made_of_it or (constant.cut is not None and constant.cut[0] in leading):
                of[node] = node, constant
            elif (
                isinstance(goal, Leaf)
                and isinstance(constant.array, np.ndarray)
                and _same(constant.array, tensor.array)
            ):
                of[node] = node, Constant(constant.array, (goal, 0), "detach")
        if node in of or any(edge is not None and edge[0] in leading for edge in node.edges):
            leading.add(node)
    start = set(past.nodes)
    return next((of[node] for node in sorted(of, key=lambda node: -node.birth) if node in start), None)


def _behind_cuts(past: History) -> set[Node]:
    """The graph, and the graphs behind its cuts."""
    seen: set[Node] = set(past.nodes)
    waiting = list(past.nodes)
    while waiting:
        node = waiting.pop()
        constants = () if node.notes is None else node.notes.constants.values()
        for edge in (*node.edges, *(constant.cut for constant in constants)):
            if edge is not None and edge[0] not in seen:
                seen.add(edge[0])
                waiting.append(edge[0])
    return seen


def _is_truncation(steps: Steps, node: Node, constant: Constant) -> bool:
    """Is a state of one step a constant of another? Then time was cut on purpose."""
    if constant.how != "detach" or constant.cut is None or isinstance(constant.cut[0], Leaf):
        return False
    here, there = steps.time(node), steps.time(constant.cut[0])
    role = (constant.cut[0].roles or {}).get(constant.cut[1], ("", ""))[0]
    return role == "state" or (here is not None and there is not None and here != there)


def _constants(nodes: list[Node]) -> list[tuple[Node, Constant]]:
    return [(n, c) for n in reversed(nodes) if n.notes is not None for c in n.notes.constants.values()]


def _alive(constant: Constant) -> list[np.ndarray]:
    return [array for array in (ref() for ref in constant.made_of) if array is not None]


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a is b or (memory_of(a) is memory_of(b) and np.may_share_memory(a, b))


def _holds(node: Node, array: np.ndarray) -> bool:
    if isinstance(node, Leaf):
        return node.variable is not None and _same(node.variable.array, array)
    outputs = None if node.notes is None else node.notes.output
    return any(
        isinstance(o, np.ndarray) and _same(o, array) for o in (outputs if isinstance(outputs, tuple) else (outputs,))
    )


def _maker(node: Node) -> str:
    if isinstance(node, Leaf):
        return node.variable.name or "a leaf of the graph"
    return f"the output of {place_of(node)}"


def place_of(node: Node) -> str:
    """An operation and its line, where no History is open."""
    name = node.name().removesuffix("Backward0")
    return (
        name
        + ("" if node.scope.step is None else f" at t={node.scope.step}")
        + (f" ({line_of(node.source)})" if node.source else "")
    )


# --- .grad --------------------------------------------------------------------------------------------------


def lost(nodes: list[Node]) -> str:
    """Why values that backward needs are gone; "" if they are there."""
    for node in nodes:
        saved: Any = node.saved_tensors
        if saved is FREED:
            if node.notes is None or not node.notes.saved:
                return "released"
            saved = node.notes.saved
        if any(isinstance(v, np.ndarray) and changed_since(v, node.birth) for v in saved):
            return "changed"
    return ""


def backward_ran(nodes: list[Node]) -> bool:
    """Has `backward()` been called on this graph, as far as it shows?"""
    return any(  # the notes of a leaf may be of another loss
        node.saved_tensors is FREED
        or bool(node.edges and node.notes is not None and node.notes.arrived is not None)
        or (isinstance(node, Leaf) and node.variable is not None and node.variable.grad is not None)
        for node in nodes
    )
