"""What pictures and studies want to know and the graph does not keep: constants, values, and where gradient went.

A node has no edge to an input that needs no gradient, so a picture of the bare graph cannot show `x_t`,
nor tell a detached state from a number. Inside `record()` each node gets a `notes`, filled by the two
points where the core can be watched: `listeners` (one call per operation) and the engine's watchers (one
call per node in backward). Outside nothing is noted, and operations cost what they always cost.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from ._mode import switch, thread
from ._quiet import quiet
from .autograd.anomaly import user_line
from .graph import Edge, Leaf, Node, memory_of


class Constant:
    """An input without an edge: its array, and if a gradient could have passed here, the edge that was `cut`.

    how     what cut it: "detach", "no_grad", or "integer" for an operation whose result has no derivative; "" for data
    source  "file.py:12" of the operation that cut it; None for a bare detach, which is none
    made_of  the arrays outside any graph that it was computed from, held weakly: a weight may be among them
    """

    __slots__ = ("array", "cut", "how", "made_of", "source")

    def __init__(
        self,
        array: Any,
        cut: Edge | None = None,
        how: str = "",
        source: str | None = None,
        made_of: tuple[weakref.ref[Any], ...] = (),
    ):
        self.array: Any = array
        self.cut: Edge | None = cut
        self.how: str = how
        self.source: str | None = source
        self.made_of: tuple[Any, ...] = made_of


MOST = 8  # arrays that `made_of` lists
_outside: dict[int, tuple[weakref.ref[Any], Constant]] = {}  # id of an array made outside the graph -> it, what was cut


def cut_of(array: np.ndarray) -> Constant | None:
    """What `record()` knows of an array that an operation made outside the graph, from a value of the graph."""
    known = entry_of(array)
    return None if known is None else known[1]


def entry_of(array: np.ndarray) -> tuple[weakref.ref[Any], Constant] | None:
    """The array, held weakly, and what `cut_of` says of it."""
    known = _outside.get(id(array))
    return known if known is not None and known[0]() is array else None


class Notes:
    """Notes on one node: see `Node.notes`."""

    __slots__ = ("arrived", "constants", "inside", "output", "saved", "sent", "shared", "signed")

    def __init__(self) -> None:
        self.constants: dict[int, Constant] = {}  # by input number
        self.output: Any = None  # the output array, or a tuple of arrays
        self.saved: tuple[Any, ...] = ()  # what the rule needs, also after backward has let go of it
        self.arrived: float | None = None  # norm of the gradient that arrived
        self.inside: Any = None  # that gradient itself, if the node stands for a graph of its own: it goes on in there
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
        self.origin: dict[int, tuple[Any, Constant]] = {}  # id of memory or view -> (it, what made it and cut it)
        super().__init__()

    def __enter__(self) -> Any:
        before = thread.mode
        self.values: Any = {
            "listeners": (*before.listeners, self._note),
            "watchers": (*before.watchers, GradientNotes()),
            "unrolled": True,
        }
        return super().__enter__()

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        self.values = {}  # they lead back to self: what is noted would wait for the collector

    def _note(self, node: Node | None, out: Any, inputs: Any) -> None:
        outputs = out if isinstance(out, tuple) else (out,)
        if node is None:
            self._pass_on(outputs, inputs)
            return
        notes = node.notes = Notes()
        notes.output, notes.saved, node.source = out, node.saved_tensors, user_line()
        for k, (edge, array) in enumerate(zip(node.edges, inputs, strict=False)):
            if edge is None and array is not None:
                known = self._origin(array)
                notes.constants[k] = (
                    Constant(array)
                    if known is None
                    else Constant(array, known.cut, known.how, known.source, known.made_of)
                )
        for number, array in enumerate(outputs):
            self._remember(array, Constant(None, (node, number), "detach"))

    def _pass_on(self, outputs: Any, inputs: Any) -> None:
        """An operation outside the graph: what it makes from a graph's value is that value, cut."""
        arrays = [array for array in inputs if isinstance(array, np.ndarray)]
        known = [found for found in map(self._origin, arrays) if found is not None]
        cut = next((found for found in known if found.cut is not None), None)
        unknown = [weakref.ref(memory_of(a)) for a in arrays if a.dtype.kind == "f" and self._origin(a) is None]
        refs = [*(ref for found in known for ref in found.made_of), *unknown]
        made_of = tuple({id(ref): ref for ref in refs}.values())[:MOST]
        first = cut or next(iter(known), None)
        for out in outputs if cut or made_of else ():
            how, source = (first.how, first.source) if first and first.source else (self._how(out), user_line())
            made = Constant(None, cut and cut.cut, how, source, made_of)  # of several cuts, the first counts
            self._remember(out, made)
            _put_outside(out, made)

    def _how(self, out: np.ndarray) -> str:
        if out.dtype.kind != "f":
            return "integer"  # argmax, comparisons, .long(): a step function, no gradient passes
        return "detach" if thread.mode.grad_enabled else "no_grad"

    def _origin(self, array: Any) -> Constant | None:
        if isinstance(array, np.ndarray):
            for known_as in (array, memory_of(array)):
                known = self.origin.get(id(known_as))
                if known is not None and known[0] is known_as:
                    return known[1]
        return None

    def _remember(self, array: Any, made: Constant) -> None:
        if isinstance(array, np.ndarray):
            owner = memory_of(array)
            self.origin.setdefault(id(owner), (owner, made))  # an unknown view is made by what made its memory
            if owner is not array:
                self.origin[id(array)] = array, made


def _put_outside(array: np.ndarray, what: Constant) -> None:
    """Remember `what` about `array`, as long as it lives."""
    _outside[id(array)] = weakref.KeyedRef(array, _forget, id(array)), what


def _forget(ref: weakref.KeyedRef[int, Any]) -> None:
    _outside.pop(ref.key, None)


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
        notes.inside = gradient if hasattr(node, "recompute") else None
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
