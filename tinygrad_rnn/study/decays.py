"""How a gradient changes on its way back through time, why, and how far back it reaches.

A fused layer was opened before by `History` (history.py): here every state is a value of the graph, as if written op by op.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, headline, new_figure
from .._quiet import quiet
from ..graph import Edge, Leaf, Node
from ..ops.function import OUT
from .history import History
from .outside import chosen_loss
from .results import Result, Table, counted, mean, norm
from .steps import Track

SATURATED = 0.999  # |tanh| above this lets through less than 0.2 % of a gradient


WORDS = {  # for each cause of Line.causes, in the mean over time
    "‖W‖": "W multiplies by {:.2g} at most",
    "tanh′": "tanh′ is {:.2g}",
    "relu′": "relu is on in {:.0%} of the units",
    "saturated": "{:.0%} of the units are off or saturated",
    "kept": "the gate keeps {:.2g}",
    "other ways": "{:.0%} comes through other gates and outputs",
}


class Line:
    """One state through time: the norm of its gradient at each step, and what happens to it there.

    steps    in order of t
    norms    ‖∂L/∂s_t‖, (T,), or (T, B) with per_sample. nan: not connected; 0: exactly zero
    factors  at t: the norm one step further back, by that at t; nan where there is none
    causes   by name, (T,): what the step from s_{t-1} to s_t multiplies with
                 "‖W‖"           largest singular value of the matrix that s_{t-1} meets
                 "tanh′"         mean of 1 - s², for s_t = tanh(…); "relu′" likewise the share of units that are on
                 "saturated"     share of units with |s_t| > 0.999; of relu: off
                 "kept"          mean of the gate g in s_t = g ⊙ s_{t-1} + …
                 "other ways"    share of the gradient that does not come along that product, but through gates and outputs
    """

    def __init__(self, track: Track, steps: list[int], norms: np.ndarray, causes: dict[str, np.ndarray]):
        self.label: str = track.label
        self.steps: list[int] = steps
        self.norms: np.ndarray = norms
        self.causes: dict[str, np.ndarray] = causes
        place = {t: k for k, t in enumerate(steps)}
        self.order: list[int] = [place[t] for t in track.edges]  # as the run computed them

    @property
    def whole(self) -> np.ndarray:
        """The norms over the batch, too: (T,)."""
        return self.norms if self.norms.ndim == 1 else np.sqrt(np.nansum(self.norms**2, -1))

    @property
    def factors(self) -> np.ndarray:
        """See the class."""
        found, norms = np.full(len(self.steps), np.nan), self.whole
        with np.errstate(all="ignore"):
            for earlier, later in zip(self.order, self.order[1:], strict=False):
                found[later] = norms[earlier] / norms[later] if norms[later] else np.nan
        return found

    @property
    def factor(self) -> float:
        """The geometric mean of the factors between the steps where the gradient is not zero; nan without any."""
        norms = self.whole[self.order]
        there = np.flatnonzero(norms > 0)
        if len(there) < 2:
            return float("nan")
        first, last = there[0], there[-1]
        return float((norms[first] / norms[last]) ** (1 / (last - first)))

    def reach(self, epsilon: float = 0.01) -> tuple[int, int] | None:
        """(lag, step) where the norm first falls under epsilon of that at lag 0; None if it never does."""
        norms = self.whole[self.order]
        there = np.flatnonzero(norms > 0)
        if not len(there):
            return None
        newest = there[-1]
        for k in range(newest - 1, -1, -1):
            if not norms[k] >= epsilon * norms[newest]:
                return int(newest - k), self.steps[self.order[k]]
        return None


class Decay(Result):
    """What `decay` found: a Line for each state, in `lines`; `lines["h"]` by label."""

    def __init__(self, lines: dict[str, Line], of: str, epsilon: float):
        self.lines: dict[str, Line] = lines
        self.of: str = of
        self.epsilon: float = epsilon

    def finding(self) -> str:
        """Each state: its factor per step, how far back, and the causes in the mean."""
        return "; ".join(self.about(line) for line in self.lines.values())

    def about(self, line: Line) -> str:
        """One state in words."""
        name = f"∂L/∂{line.label} ({self.of})"
        if not (line.whole > 0).any():
            return f"{name} is exactly zero" if (line.whole == 0).any() else f"{name} is not connected"
        if np.isnan(line.factor):
            return f"{name} is there at one step alone"
        grows = line.factor > 1
        words = (
            f"{name} {'grows' if grows else 'changes' if line.factor == 1 else 'falls'} by {line.factor:.3g} per step"
        )
        reach = line.reach(self.epsilon)
        if reach is not None:
            words += (
                f" and is below {self.epsilon:.0%} of its last value at t={reach[1]}, {counted(reach[0], 'step')} back"
            )
        means = {name: float(np.nanmean(v)) for name, v in line.causes.items() if np.isfinite(v).any()}
        causes = [WORDS[name].format(value) for name, value in means.items() if name != "saturated" or value > 0]
        return words + (f": {', '.join(causes)}" if causes else "")

    def table(self) -> Table:
        """state, t, norm, factor, and the causes."""
        causes = list(dict.fromkeys(name for line in self.lines.values() for name in line.causes))
        rows = []
        for line in self.lines.values():
            columns = [line.causes.get(name, np.full(len(line.steps), np.nan)) for name in causes]
            for k, t in enumerate(line.steps):
                numbers = [line.whole[k], line.factors[k], *(column[k] for column in columns)]
                rows.append((line.label, t, *(None if np.isnan(n) else float(n) for n in numbers)))
        return Table(("state", "t", "norm", "factor", *causes), rows)

    def plot(self) -> Any:
        """The norms against t on a log scale, and the factors below them."""
        figure, [[top], [below]] = new_figure(2, 1, (7.0, 5.0), sharex=True)
        for k, line in enumerate(self.lines.values()):
            style = {
                "color": COLOURS[k % len(COLOURS)],
                "linestyle": ("-", "--", ":", "-.")[k // 2 % 4],
                "label": line.label,
            }
            top.plot(line.steps, np.where(line.whole > 0, line.whole, np.nan), marker=".", **style)
            zeros = [t for t, n in zip(line.steps, line.whole, strict=True) if n == 0]
            top.plot(zeros, [0.02] * len(zeros), "x", color=style["color"], transform=top.get_xaxis_transform())
            below.plot(line.steps, line.factors, **style)
        below.axhline(1, color=SOFT, linestyle="--", linewidth=0.8)
        top.set(
            ylabel="‖∂L/∂state‖ at t",
            yscale="log" if any((x.whole > 0).any() for x in self.lines.values()) else "linear",
        )
        headline(top, self.finding())
        top.legend(frameon=False)
        below.set(xlabel="time step t (×: exactly zero)", ylabel="factor of the step")
        return figure


def decay(
    loss: Any, state: str | None = None, *, at: int | str = "last", epsilon: float = 0.01, per_sample: bool = False
) -> Decay:
    """By what factor each state's gradient changes at each step on its way back, and by what cause.

    state       "h", "c", …; all if left out
    at          the loss of which step: "last", "all", or a time step, where the loss looks at several steps
    epsilon     the share under which the gradient counts as gone
    per_sample  norms over features alone, (T, B)

    Raises ValueError for a state or step that is not there, RuntimeError if the graph has no time steps.
    """
    with History.of(loss) as past:
        tracks = past.steps.chosen(state)
        start, of = chosen_loss(past, at)
        gradients = past.arriving([edge for track in tracks for edge in track.edges.values()], *start)
        lines = {track.label: _line(past, track, gradients, per_sample) for track in tracks}
    return Decay(lines, of, epsilon)


def _line(past: History, track: Track, gradients: dict[Edge, Any], per_sample: bool) -> Line:
    steps = track.steps
    found = [gradients.get(track.edges[t]) for t in steps]
    if per_sample:
        rows = max((len(g) for g in found if g is not None), default=0)
        norms = np.full((len(steps), rows), np.nan)
        for k, g in enumerate(found):
            if g is not None:
                norms[k, : len(g)] = norm(g, per_sample=True)
    else:
        norms = np.array([np.nan if g is None else norm(g) for g in found])
    return Line(track, steps, norms, causes_of(past, track, gradients))


# --- causes -----------------------------------------------------------------------------------------------


@quiet
def causes_of(past: History, track: Track, gradients: dict[Edge, Any]) -> dict[str, np.ndarray]:
    """What each step multiplies the gradient with: see Line."""
    users = _users(past, track)
    found: dict[str, np.ndarray] = {}
    matrices: dict[int, float] = {}
    place = {t: k for k, t in enumerate(track.steps)}

    def put(name: str, t: int, value: float) -> None:
        found.setdefault(name, np.full(len(place), np.nan))[place[t]] = value

    for t, edge in track.edges.items():
        before = track.before(t)
        _slope(past, edge, t, put)
        if before is None:
            continue
        kept = kept_share(edge[0], track.edges[before])
        if kept is not None:
            put("kept", t, mean(kept))
            _other_ways(gradients.get(edge), gradients.get(track.edges[before]), kept, t, put)
            continue
        for node, position in users.get(track.edges[before], ()):
            if past.steps.time(node) == t and type(node).__name__ in ("Linear", "MatMul"):
                size = _matrix_norm(past, node, position, matrices)
                if size is not None:
                    put("‖W‖", t, size)
    return found


def _users(past: History, track: Track) -> dict[Edge, list[tuple[Node, int]]]:
    states = set(track.edges.values())
    users: dict[Edge, list[tuple[Node, int]]] = {}
    for node in past.nodes:
        for k, edge in enumerate(node.edges):
            source = None if edge is None else behind_views(edge, states)
            if source is not None:
                users.setdefault(source, []).append((node, k))
    return users


def behind_views(edge: Edge, states: set[Edge]) -> Edge | None:
    """The state that an edge carries, perhaps reshaped or without rows that have ended."""
    while edge not in states:
        node = edge[0]
        if not passes_on(node) or node.edges[0] is None:
            return None
        edge = node.edges[0]
    return edge


def passes_on(node: Node) -> bool:
    """Does a node only hand on a state: its rows, its numbers in another shape, or with sequences that begin here?"""
    joins: Any = node if type(node).__name__ == "Cat" else None
    copies_rows = type(node).__name__ == "Index"
    return getattr(node, "view", False) or copies_rows or (joins is not None and joins.dim == 0)


def _slope(past: History, edge: Edge, t: int, put: Any) -> None:
    op, value = type(edge[0]).__name__, None
    if op in ("Tanh", "ReLU"):
        value = past.value(edge)
    if value is None:
        return
    if op == "Tanh":
        put("tanh′", t, mean(1 - np.square(value, dtype=np.float64)))
        put("saturated", t, mean(np.abs(value) > SATURATED))
    else:
        put("relu′", t, mean(value > 0))
        put("saturated", t, mean(value <= 0))


def kept_share(node: Node, before: Edge) -> np.ndarray | None:
    """The gate g of s_t = g ⊙ s_{t-1} + …, as numbers; None if the state is not made so or they are not known."""
    found = kept_product(node, before)
    return None if found is None else _operand(found[0], 1 - found[1])


def kept_product(node: Node, before: Edge) -> tuple[Node, int] | None:
    """The product g ⊙ s_{t-1} in s_t = g ⊙ s_{t-1} + …, and which of its inputs the state is; None if there is none."""
    for edge in node.edges if type(node).__name__ == "Add" else ():
        for k, factor in enumerate(edge[0].edges if edge is not None and type(edge[0]).__name__ == "Mul" else ()):
            if edge is not None and factor is not None and behind_views(factor, {before}) is not None:
                return edge[0], k
    return None


def _operand(node: Node, position: int) -> np.ndarray | None:
    """The value of an input that the rule saved, or that was noted as a constant."""
    plan: Any = getattr(node, "_saved_plan", ())
    for value, (place, _) in zip(node.saved_tensors, plan, strict=False):
        if place == position and place != OUT and value is not None:
            return np.asarray(value)
    if node.notes is not None and position in node.notes.constants:
        return np.asarray(node.notes.constants[position].array)
    return None


def _other_ways(here: Any, there: Any, kept: np.ndarray, t: int, put: Any) -> None:
    if here is None or there is None:
        return
    along = np.broadcast_to(kept, here.shape) * here
    rest = np.array(there, dtype=np.float64)
    rows = min(len(along), len(rest))
    rest[:rows] -= along[:rows]
    size = norm(there)
    if size:
        put("other ways", t, norm(rest) / size)


def _matrix_norm(past: History, node: Node, position: int, known: dict[int, float]) -> float | None:
    other = node.edges[1 - position] if position < 2 else None
    value = None if other is None else past.value(other)
    if value is None:
        value = _operand(node, 1 - position)
    if value is None or value.ndim != 2:
        return None
    key = id(value) if other is None or not isinstance(other[0], Leaf) else id(other[0])
    if key not in known:
        known[key] = float(np.linalg.norm(value.astype(np.float64), 2))
    return known[key]
