"""What pictures and studies want to know and the graph does not keep: constants, values, and where gradient went.

A node has no edge to an input that needs no gradient, so a picture of the bare graph cannot show `x_t`,
nor tell a detached state from a number. Inside `record()` each node gets a `notes`, filled by the two
points where the core can be watched: `recorders` (one call per operation) and the engine's watchers (one
call per node in backward). Outside nothing is noted, and operations cost what they always cost.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._mode import switch, thread
from ._quiet import quiet
from .graph import Edge, Leaf, Node, memory_of


class Constant:
    """An input without an edge: its array, and if a gradient could have passed here, the `edge` that was cut."""

    __slots__ = ("array", "cut", "how")

    def __init__(self, array: Any, cut: Edge | None = None, how: str = ""):
        self.array, self.cut, self.how = array, cut, how


class Notes:
    """Notes on one node: see `Node.notes`."""

    __slots__ = ("arrived", "constants", "output", "saved", "sent", "shared", "signed")

    def __init__(self) -> None:
        self.constants: dict[int, Constant] = {}  # by input number
        self.output: Any = None  # the output array, or a tuple of arrays
        self.saved: tuple[Any, ...] = ()  # what the rule needs, also after backward has let go of it
        self.arrived: float | None = None  # norm of the gradient that arrived
        self.signed: float | None = None  # that gradient itself, if it is a single number
        self.sent: tuple[float | None, ...] = ()  # norm of what went along each edge
        self.shared: dict[int, Any] = {}  # by input number: the gradient itself, where the value has other uses


class record(switch):
    """Inside, nodes keep what pictures and studies show beyond the graph: constants, cuts, values, gradient norms.

        with tinygrad_rnn.record():
            loss = model(x).sum()
            loss.backward()
        tinygrad_rnn.draw(loss, grads=True)
        tinygrad_rnn.study.report(loss)

    Whole-sequence layers record every step here, as inside `unrolled()`, so that `.backward()` leaves
    something to draw. A detached tensor shows as a cut edge to the node it came from, even across truncated
    segments. The price is memory: values, gradients of values that are used several times, and graphs behind a cut
    live as long as the loss.
    """

    def __init__(self) -> None:
        self.origin: dict[int, tuple[Any, Edge, str]] = {}  # id of memory or view -> (it, made by, how it was cut)
        super().__init__()

    def __enter__(self) -> Any:
        before = thread.mode
        self.values: Any = {
            "recorders": (*before.recorders, self._note),
            "watchers": (*before.watchers, GradientNotes()),
            "unrolled": True,
        }
        return super().__enter__()

    def _note(self, node: Node | None, out: Any, inputs: Any) -> None:
        outputs = out if isinstance(out, tuple) else (out,)
        if node is None:
            self._pass_on(outputs, inputs)
            return
        notes = node.notes = Notes()
        notes.output, notes.saved = out, node.saved_tensors
        for k, (edge, array) in enumerate(zip(node.edges, inputs, strict=False)):
            if edge is None and array is not None:
                _, cut, how = self._origin(array)
                notes.constants[k] = Constant(array, cut, how)
        for number, array in enumerate(outputs):
            self._remember(array, (node, number), "detach")

    def _pass_on(self, outputs: Any, inputs: Any) -> None:
        """An operation outside the graph: what it makes from a graph's value is that value, cut."""
        how = "detach" if thread.mode.recording else "no_grad"
        if any(isinstance(out, np.ndarray) and out.dtype.kind != "f" for out in outputs):
            how = "integer"  # argmax, comparisons, .long(): a step function, no gradient passes
        for array in inputs:
            _, edge, _ = self._origin(array)
            if edge is not None:
                for out in outputs:
                    self._remember(out, edge, how)
                return

    def _origin(self, array: Any) -> Any:
        if not isinstance(array, np.ndarray):
            return None, None, ""
        for known_as in (array, memory_of(array)):
            known = self.origin.get(id(known_as))
            if known is not None and known[0] is known_as:
                return known
        return None, None, ""

    def _remember(self, array: Any, edge: Edge, how: str) -> None:
        if isinstance(array, np.ndarray):
            owner = memory_of(array)
            self.origin.setdefault(id(owner), (owner, edge, how))  # an unknown view is made by what made its memory
            if owner is not array:
                self.origin[id(array)] = array, edge, how


class GradientNotes:
    """A watcher of the engine: notes the norm of what arrived at each node, and of each edge's own contribution.

    A picture may draw several uses of one value as one arrow, and the norm of a sum does not follow from the norms:
    where a value was used more than once, the contributions themselves are kept.
    """

    def __init__(self) -> None:
        self.waiting: dict[Edge, list[tuple[Notes, int, Any]]] = {}  # until the node that made the value has its turn

    @quiet
    def __call__(self, node: Node, gradient: Any, contributions: tuple[Any, ...]) -> None:
        if node.notes is None:
            node.notes = Notes()  # a watched backward of a graph that was not recorded
        notes: Notes = node.notes
        parts = gradient if isinstance(gradient, (tuple, list)) else (gradient,)
        norms = [n for n in map(norm, parts) if n is not None]
        notes.arrived = float(np.sqrt(sum(n * n for n in norms))) if norms else None
        notes.signed = (
            float(np.asarray(gradient).reshape(())) if node.n_outputs == 1 and np.size(gradient) == 1 else None
        )
        notes.sent, notes.shared = tuple(map(norm, contributions)), {}
        for number in range(node.n_outputs):
            sent = self.waiting.pop((node, number), [])
            for user, position, part in sent if len(sent) > 1 else ():
                user.shared[position] = part
        for position, part in enumerate(contributions):
            edge = node.edges[position]
            if part is not None and edge is not None and not _is_weight(edge, node):
                self.waiting.setdefault(edge, []).append((notes, position, part))


def _is_weight(edge: Edge, user: Node) -> bool:
    """A leaf used step by step: each use is an arrow of its own, and T gradients of its size would fill the memory."""
    return isinstance(edge[0], Leaf) and user.scope.step is not None


@quiet
def norm(gradient: Any) -> float | None:
    """The Euclidean norm of an array or a Tensor."""
    if gradient is None:
        return None
    array = np.asarray(getattr(gradient, "array", gradient), dtype=np.float64)
    return float(np.sqrt((array * array).sum()))
