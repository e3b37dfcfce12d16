"""What a picture wants to know and the graph does not keep: constants, values, and where gradient went.

A node has no edge to an input that needs no gradient, so a picture of the bare graph cannot show `x_t`,
nor tell a detached state from a number. Inside `record()` each node gets a `seen`, filled by the two
points where the core can be watched: `on_record` (one call per operation) and the engine's watchers (one
call per node in backward). Outside nothing is noted, and operations cost what they always cost.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._mode import quiet, switch, thread
from ..graph import Edge, Node, memory_of


class Constant:
    """An input without an edge: its array, and if a gradient could have passed here, the `edge` that was cut."""

    __slots__ = ("array", "cut", "how")

    def __init__(self, array: Any, cut: Edge | None = None, how: str = ""):
        self.array, self.cut, self.how = array, cut, how


class Seen:
    """Notes on one node: see `Node.seen`."""

    __slots__ = ("arrived", "constants", "output", "sent")

    def __init__(self):
        self.constants: dict[int, Constant] = {}  # by input number
        self.output: Any = None  # the output array, or a tuple of arrays
        self.arrived: float | None = None  # norm of the gradient that arrived
        self.sent: tuple[float | None, ...] = ()  # norm of what went along each edge


class record(switch):
    """Inside, nodes keep what pictures show beyond the graph: constants, cuts, values and gradient norms.

        with tinygrad_rnn.viz.record():
            loss = model(x).sum()
            loss.backward()
        tinygrad_rnn.draw(loss, grads=True)

    Whole-sequence layers record every step here, as inside `unrolled()`, so that `.backward()` leaves
    something to draw. A detached tensor shows as a cut edge to the node it came from, even across truncated
    segments. The price is memory: values, and graphs behind a cut, live as long as the loss.
    """

    def __init__(self):
        self.origin: dict[int, tuple[Any, Edge, str]] = {}  # id of memory -> (that memory, made by, how it was cut)
        super().__init__()

    def __enter__(self) -> Any:
        before = thread.mode
        earlier = before.on_record
        self.values = {
            "on_record": self._note if earlier is None else _both(earlier, self._note),
            "watchers": (*before.watchers, note_gradient),
            "unrolled": True,
        }
        return super().__enter__()

    def _note(self, node: Node | None, out: Any, inputs: Any) -> None:
        outputs = out if isinstance(out, tuple) else (out,)
        if node is None:
            self._pass_on(outputs, inputs)
            return
        seen = node.seen = Seen()
        seen.output = out
        for k, (edge, array) in enumerate(zip(node.edges, inputs, strict=False)):
            if edge is None and array is not None:
                _, cut, how = self._origin(array)
                seen.constants[k] = Constant(array, cut, how)
        for number, array in enumerate(outputs):
            self._remember(array, (node, number), "detach")

    def _pass_on(self, outputs: Any, inputs: Any) -> None:
        """An operation outside the graph: what it makes from a graph's value is that value, cut."""
        how = "detach" if thread.mode.recording else "no_grad"
        for array in inputs:
            _, edge, _ = self._origin(array)
            if edge is not None:
                for out in outputs:
                    self._remember(out, edge, how)
                return

    def _origin(self, array: Any) -> Any:
        if not isinstance(array, np.ndarray):
            return None, None, ""
        owner = memory_of(array)
        known = self.origin.get(id(owner))
        return known if known is not None and known[0] is owner else (None, None, "")

    def _remember(self, array: Any, edge: Edge, how: str) -> None:
        if isinstance(array, np.ndarray):
            owner = memory_of(array)
            self.origin.setdefault(id(owner), (owner, edge, how))  # a view is made by what made its memory


@quiet
def note_gradient(node: Node, gradient: Any, contributions: tuple[Any, ...]) -> None:
    """A watcher of the engine: keep the norm of what arrived, and of each edge's own contribution."""
    if node.seen is None:
        node.seen = Seen()  # a watched backward of a graph that was not recorded
    parts = gradient if isinstance(gradient, (tuple, list)) else (gradient,)
    norms = [n for n in map(_norm, parts) if n is not None]
    node.seen.arrived = float(np.sqrt(sum(n * n for n in norms))) if norms else None
    node.seen.sent = tuple(map(_norm, contributions))


@quiet
def _norm(gradient: Any) -> float | None:
    if gradient is None:
        return None
    array = np.asarray(getattr(gradient, "array", gradient), dtype=np.float64)
    return float(np.sqrt((array * array).sum()))


def _both(first: Any, second: Any) -> Any:
    def called(*arguments: Any) -> None:
        first(*arguments)
        second(*arguments)

    return called
