"""Is there a path, how far back does the gradient matter, and where is it cut."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, headline, new_figure
from .._tensor import Tensor
from ..graph import Edge, Leaf, Node, ancestors
from ..ops.inplace import edge_of
from .history import History
from .outside import Start, chosen_loss, inputs_in_time
from .results import Result, Table, counted, norm
from .weights import uses_of


class Cut:
    """A place where a gradient could have passed and did not.

    how     "detach" (also a truncation: a state that was carried on detached), "no_grad", or "integer", for a result
            that is no floating-point number
    step    the time step of the operation that used the cut value
    user    that operation
    source  the operation, or the weight, that made the value
    """

    def __init__(self, how: str, step: int | None, user: str, source: str):
        self.how: str = how
        self.step: int | None = step
        self.user: str = user
        self.source: str = source

    def __repr__(self) -> str:
        where = "" if self.step is None else f" at t={self.step}"
        return f"{self.how} between {self.source} and {self.user}{where}"


def cuts_of(past: History) -> list[Cut]:
    """All cuts in the graph, oldest first; they are known of what ran inside `record()`."""
    return [_cut(past, node, constant) for node, constant in _cut_inputs(past)]


def _cut_inputs(past: History) -> list[tuple[Node, Any]]:
    return [
        (node, constant)
        for node in past.nodes
        if node.notes is not None
        for constant in node.notes.constants.values()
        if constant.cut is not None
    ]


def _cut(past: History, node: Node, constant: Any) -> Cut:
    source = constant.cut[0]
    name = past.name_of(source) if isinstance(source, Leaf) else _operation(source)
    return Cut(constant.how, past.steps.time(node), _operation(node), name)


def _operation(node: Node) -> str:
    return node.name().removesuffix("Backward0")


class Reach(Result):
    """How far back the gradient of a loss reaches.

    name       of what was asked about
    connected  is there a path at all?
    steps      in order of t
    norms      the gradient at each of them. nan: not connected; 0: exactly zero
    first      (lag, step) where the norm first falls under epsilon of that at the last step; None if it never does
    cuts       every place where the graph is cut; on the way to x alone, where x is not connected
    """

    def __init__(
        self, name: str, of: str, steps: list[int], norms: np.ndarray, cuts: list[Cut], epsilon: float, recorded: bool
    ):
        self.name: str = name
        self.of: str = of
        self.steps: list[int] = steps
        self.norms: np.ndarray = norms
        self.cuts: list[Cut] = cuts
        self.epsilon: float = epsilon
        self.recorded: bool = recorded

    @property
    def connected(self) -> bool:
        """Is there a path at all?"""
        return bool(np.isfinite(self.norms).any())

    @property
    def shares(self) -> np.ndarray:
        """Each norm by that of the last step with a gradient."""
        there = np.flatnonzero(self.norms > 0)
        return self.norms / self.norms[there[-1]] if len(there) else np.full(len(self.norms), np.nan)

    @property
    def first(self) -> tuple[int, int] | None:
        """See the class."""
        shares = self.shares
        there = np.flatnonzero(self.norms > 0)
        for k in range(there[-1] - 1 if len(there) else -1, -1, -1):
            if not shares[k] >= self.epsilon:
                return self.steps[there[-1]] - self.steps[k], self.steps[k]
        return None

    def finding(self) -> str:
        """The answer in words."""
        name = f"∂L/∂{self.name} ({self.of})"
        if not self.connected:
            words = f"no gradient reaches {self.name}: there is no path from the loss"
            cut = f"; the graph is cut by {self.cuts[-1]!r}" if self.cuts else ""
            return words + (cut or ("" if self.recorded else "; where it was cut is known only inside record()"))
        if not (self.norms > 0).any():
            return f"{name} is connected, and exactly zero at all {len(self.steps)} steps"
        lowest = self.steps[int(np.flatnonzero(np.isfinite(self.norms))[0])]
        if self.first is None:
            here = [cut.how for cut in self.cuts if cut.step == lowest]
            end = f", where the graph is cut ({here[0]})" if here else ""
            return f"{name} matters all the way back to t={lowest}{end}: nowhere under {self.epsilon:.0%} of its last value"
        lag, step = self.first
        zero = np.flatnonzero(self.norms == 0)
        gone = f", and exactly zero at {counted(len(zero), 'step')} (underflow, or nothing sent)" if len(zero) else ""
        return f"{name} reaches {counted(lag - 1, 'step')} back: at t={step} it is under {self.epsilon:.0%} of its last value{gone}"

    def table(self) -> Table:
        """t, norm, share of the last; then one row for each cut in `cuts`."""
        rows = zip(self.steps, self.norms, self.shares, strict=True)
        return Table(
            ("t", "norm", "share"),
            [(t, None if np.isnan(n) else float(n), None if np.isnan(share) else float(share)) for t, n, share in rows],
        )

    def __repr__(self) -> str:
        cuts = "".join(f"\ncut: {cut!r}" for cut in self.cuts)
        return super().__repr__() + cuts

    def plot(self) -> Any:
        """The share against t on a log scale, with the threshold and the cuts."""
        figure, [[ax]] = new_figure()
        shares = self.shares
        ax.plot(self.steps, np.where(shares > 0, shares, np.nan), color=COLOURS[0], marker=".")
        ax.axhline(self.epsilon, color=SOFT, linestyle="--", label=f"{self.epsilon:.0%}")
        for cut in self.cuts:
            if cut.step is not None:
                ax.axvline(cut.step - 0.5, color=COLOURS[1], linestyle=":", label=f"{cut.how} at t={cut.step}")
        ax.set(xlabel="time step t", ylabel=f"‖∂L/∂{self.name}‖ at t, by its last value")
        ax.set_yscale("log" if (shares > 0).any() else "linear")
        headline(ax, self.finding())
        ax.legend(frameon=False)
        return figure


def reach(loss: Any, x: Any = None, *, at: int | str = "last", epsilon: float = 0.01) -> Reach:
    """Is there a path from the loss back to x, and how far back in time does the gradient matter?

    x        the name of a state, such as "h" (the first one if left out); "x" for the inputs of the steps; or a tensor:
             an input, a weight
    at       the loss of which step: "last", "all", or a time step, where the loss looks at several steps
    epsilon  the share of the last step's gradient under which it counts as gone

    Raises ValueError for a state or step that is not there, RuntimeError if the graph has no time steps.
    """
    with History.of(loss) as past:
        past.steps.need()
        start, of = chosen_loss(past, at)
        recorded = any(node.edges and node.notes is not None for node in past.nodes)
        if not isinstance(x, Tensor):
            track = None if x == "x" else past.steps.chosen(x)[0]
            edges = inputs_in_time(past.nodes, past.steps) if track is None else track.edges
            name = "x" if track is None else track.label
            return Reach(name, of, *_at_edges(past, edges, start), cuts_of(past), epsilon, recorded)
        edge = edge_of(x)
        name = x.name or "x" if edge is None or edge[0].edges else past.name_of(edge[0])
        if edge is None or edge[0] not in set(past.nodes):
            cuts = [] if edge is None else _on_the_way(past, edge[0])
            return Reach(name, of, [], np.zeros(0), cuts, epsilon, recorded)
        at_step = {use.place[1]: use.gradient for use in uses_of(past, edge, start) if use.place is not None}
        steps = sorted(at_step)
        norms = np.array([norm(at_step[t]) for t in steps])
        if not steps:  # used outside time alone
            steps, norms = [0], np.array([norm(g) for g in past.arriving([edge], *start).values()])
        return Reach(name, of, steps, norms, cuts_of(past), epsilon, recorded)


def _at_edges(past: History, edges: dict[int, Edge], start: Start) -> tuple[list[int], np.ndarray]:
    steps = sorted(edges)
    found = past.arriving(list(edges.values()), *start)
    return steps, np.array([norm(found[edges[t]]) if edges[t] in found else np.nan for t in steps])


def _on_the_way(past: History, goal: Node) -> list[Cut]:
    """The cuts behind which the goal lies."""
    return [_cut(past, node, c) for node, c in _cut_inputs(past) if goal in set(ancestors([c.cut[0]]))]
