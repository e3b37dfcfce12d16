"""The two ways of a gradient back through a gated cell: along the state that the gate keeps, and through the gates."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, headline, new_figure
from ..graph import Edge, Node
from .decays import behind_views, kept_product, passes_on
from .history import History
from .outside import chosen_loss
from .results import Result, Table, norm
from .steps import Track, feeding

Crossing = tuple[Node, int]  # a node and the number of the input by which a state of the step before comes in


class Paths(Result):
    """∂L/∂s_t of a gated cell, split by the way that it came back.

    steps    in order of t
    whole    (T, *shape of s_t) ∂L/∂s_t. nan at steps that are not connected; 0 where a sequence has ended
    along    the part that came along the cell, a_{t-1} = gate_t ⊙ a_t + what enters at t-1, the gates held constant:
             "uninterrupted gradient flow"
    through  the rest, which passed gates or outputs of later steps at least once; along + through is whole, to rounding
    entering what enters at t from outside: from the loss, and from layers above
    """

    def __init__(self, track: Track, of: str, whole: np.ndarray, along: np.ndarray, entering: np.ndarray):
        self.label: str = track.label
        self.of: str = of
        self.steps: list[int] = track.steps
        self.reverse: bool = track.run[2] == "reverse"
        self.whole: np.ndarray = whole
        self.along: np.ndarray = along
        self.through: np.ndarray = whole - along
        self.entering: np.ndarray = entering

    @property
    def shares(self) -> np.ndarray:
        """(T,): the signed share of ∂L/∂s_t that came along the cell: ⟨along, whole⟩ / ‖whole‖²; nan where it is 0.

        1: all of it. Above 1, or below 0, the two ways pull against each other.
        """
        whole = self.whole.reshape(len(self.steps), -1).astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (self.along.reshape(len(self.steps), -1) * whole).sum(1) / (whole * whole).sum(1)

    def _norms(self) -> list[np.ndarray]:
        return [
            np.array([norm(part) for part in parts]) for parts in (self.whole, self.along, self.through, self.entering)
        ]

    def finding(self) -> str:
        """What the two ways bring to the oldest step."""
        name, (whole, along, through, _) = f"∂L/∂{self.label} ({self.of})", self._norms()
        there = np.flatnonzero(whole > 0)
        if not len(there):
            return f"{name} is exactly zero at all {len(self.steps)} steps"
        old, new = (there[-1], there[0]) if self.reverse else (there[0], there[-1])
        return (
            f"of {name} at t={self.steps[old]}, {abs(self.steps[new] - self.steps[old])} steps back, {round(100 * float(self.shares[old]))}% "
            f"came along the cell (norm {along[old]:.3g}), the rest through gates and outputs (norm {through[old]:.3g})"
        )

    def table(self) -> Table:
        """t, norms of the whole, along the cell, through the gates, and entering; signed share along the cell."""
        columns = [[None if np.isnan(n) else float(n) for n in part] for part in (*self._norms(), self.shares)]
        names = ("t", "whole", "along the cell", "through the gates", "entering", "share along")
        return Table(names, list(zip(self.steps, *columns, strict=True)))

    def plot(self) -> Any:
        """The norms of both ways against t, and the signed share of the cell below."""
        figure, [[top], [below]] = new_figure(2, 1, (7.0, 5.0), sharex=True)
        named = zip(("whole", "along the cell", "through the gates"), self._norms(), ("-", "--", ":"), strict=False)
        for k, (name, values, line) in enumerate(named):
            top.plot(self.steps, np.where(values > 0, values, np.nan), line, color=COLOURS[k], marker=".", label=name)
        top.set(ylabel=f"norm, of ∂L/∂{self.label} at t", yscale="log" if (self._norms()[0] > 0).any() else "linear")
        top.legend(frameon=False)
        below.plot(self.steps, self.shares, color=COLOURS[1], linestyle="--", marker=".")
        for height in (0, 1):
            below.axhline(height, color=SOFT, linewidth=0.8, linestyle=":")
        below.set(xlabel="time step t", ylabel="share along the cell")
        headline(top, self.finding())
        return figure


def paths(loss: Any, state: str | None = None, *, at: int | str = "last") -> Paths:
    """Split the gradient of a gated cell's state by its way: along the cell, or through the gates.

    state  "c" of an LSTM, "h" of a GRU; may be left out where one state alone is carried along by a gate
    at     the loss of which step: "last", "all", or a time step, where the loss looks at several

    Along the cell is the product of c_t = f_t ⊙ c_{t-1} + … (of a GRU z_t ⊙ h_{t-1}) with the gates held constant: the
    way that Hochreiter & Schmidhuber (1997) keep open (lectures 000, 004). All else passes matrices and slopes, which
    guarantee nothing (lecture 003). The engine runs twice: over the whole graph, and with the other ways left out.

    Raises ValueError for a state that no gate carries along, RuntimeError if the graph has no time steps.
    """
    with History.of(loss) as past:
        track, products = _carried(past, state)
        start, of = chosen_loss(past, at)
        edges = list(track.edges.values())
        crossing = crossing_of(past, track)
        whole = past.arriving(edges, *start)
        with left_out(crossing - products):
            along = past.arriving(edges, *start)
        with left_out(crossing):
            entering = past.arriving(edges, *start)
        return Paths(track, of, *(_stacked(track, part, whole) for part in (whole, along, entering)))


def _carried(past: History, state: str | None) -> tuple[Track, set[Crossing]]:
    """The state that gates carry along, and the products by which they do at each step."""
    found = [(track, _products(track)) for track in past.steps.chosen(state)]
    carried = [(track, products) for track, products in found if len(products) == len(track.edges) - 1 and products]
    if len(carried) != 1:
        known = ", ".join(repr(track.label) for track, _ in carried or found)
        raise ValueError(
            f"paths: choose one of the states that gates carry along: {known}"
            if carried
            else f"paths: no gate carries {known} along: there is no product gate ⊙ state in it. Ask for the c of an LSTM "
            f"or the h of a GRU"
        )
    return carried[0]


def _products(track: Track) -> set[Crossing]:
    pairs = ((track.before(t), edge[0]) for t, edge in track.edges.items())
    found = (kept_product(node, track.edges[before]) for before, node in pairs if before is not None)
    return {product for product in found if product is not None}


def crossing_of(past: History, track: Track) -> set[Crossing]:
    """Where a state of this cell goes on to the cell's next steps: users of it, or of its rows, at another time."""
    cell = [other for other in past.steps.tracks if (other.group, other.run) == (track.group, track.run)]
    at = {edge: t for other in cell for t, edge in other.edges.items()}
    inside, states = feeding(cell), set(at)
    found: set[Crossing] = set()
    for node in past.nodes:
        for k, edge in enumerate(node.edges if node in inside and not passes_on(node) else ()):
            source = None if edge is None else behind_views(edge, states)
            if source is not None and past.steps.time(node) != at[source]:
                found.add((node, k))
    return found


@contextlib.contextmanager
def left_out(crossing: set[Crossing]) -> Iterator[None]:
    """Inside, no gradient goes by these ways."""
    before = {node: node.edges for node, _ in crossing}
    try:
        for node, k in crossing:
            node.edges = (*node.edges[:k], None, *node.edges[k + 1 :])
        yield
    finally:
        for node, edges in before.items():
            node.edges = edges


def _stacked(track: Track, found: dict[Edge, np.ndarray], connected: dict[Edge, np.ndarray]) -> np.ndarray:
    """(T, *shape), zeros where a sequence has ended, nan at the steps that are not `connected`."""
    shapes = [node.shapes[number] for node, number in track.edges.values()]
    largest = max(shapes, key=lambda shape: int(np.prod(shape)))
    whole = np.zeros((len(track.edges), *largest), next(iter(found.values())).dtype if found else np.float64)
    for k, t in enumerate(track.steps):
        if track.edges[t] not in connected:
            whole[k] = np.nan
        part = found.get(track.edges[t])
        if part is not None:
            whole[(k, *map(slice, part.shape))] = part
    return whole
