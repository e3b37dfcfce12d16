"""The gradient of a weight as truncated backpropagation through time would give it, from the graph of the full one.

Training by it is in models/bptt.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, headline, new_figure
from .._tensor import Tensor
from ..graph import Edge, Leaf, Node
from ..models.bptt import Window, windows as windows_of
from .history import History
from .outside import Place, Seed, losses_in_time
from .results import Result, Table, norm
from .steps import feeding
from .weights import target_edge


class Truncation(Result):
    """The gradient of a weight under truncated BPTT, for several windows, beside the full one.

    windows    (k1, k2) of each
    gradients  (windows, *shape of the weight)
    full       the gradient of the loss
    """

    def __init__(self, name: str, windows: list[tuple[int, int]], gradients: np.ndarray, full: np.ndarray):
        self.name: str = name
        self.windows: list[tuple[int, int]] = windows
        self.gradients: np.ndarray = gradients
        self.full: np.ndarray = full

    @property
    def cosines(self) -> np.ndarray:
        """The cosine of the angle to the full gradient; nan where one of both is zero."""
        full = self.full.astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.array([float((g * full).sum() / (np.float64(norm(g)) * norm(full))) for g in self.gradients])

    @property
    def ratios(self) -> np.ndarray:
        """How long each gradient is, by the length of the full one."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.array([np.float64(norm(g)) / norm(self.full) for g in self.gradients])

    def finding(self) -> str:
        """What the smallest window does to the gradient."""
        (k1, k2), cosine, ratio = self.windows[0], self.cosines[0], self.ratios[0]
        longer = f"{abs(ratio - 1):.0%} too {'long' if ratio > 1 else 'short'}"
        return (
            f"with a window of {k2} (k1={k1}), ∂L/∂{self.name} is {longer}; its cosine to the full one is {cosine:.3f}"
        )

    def table(self) -> Table:
        """k1, k2, cosine, norm ratio of each window."""
        rows = zip(*zip(*self.windows, strict=True), self.cosines.tolist(), self.ratios.tolist(), strict=True)
        return Table(("k1", "k2", "cosine", "norm ratio"), list(rows))

    def plot(self) -> Any:
        """Cosine and norm ratio against the window."""
        figure, [[top], [below]] = new_figure(2, 1, (7.0, 4.6), sharex=True)
        at = range(len(self.windows))
        for ax, values, name in ((top, self.cosines, "cosine"), (below, self.ratios, "norm ratio")):
            ax.plot(at, values, color=COLOURS[0], marker="o")
            ax.axhline(1, color=SOFT, linestyle="--", label="the full gradient")
            ax.set(ylabel=name)
        headline(top, self.finding())
        below.set_xticks(at, [str(k2) if k1 == 1 else f"{k1}, {k2}" for k1, k2 in self.windows])
        below.set(xlabel="window k2 (steps that a loss reaches back); or k1, k2")
        below.legend(frameon=False)
        return figure


def truncation(loss: Any, weight: Tensor, windows: int | tuple[int, int] | Iterable[Any]) -> Truncation:
    """The gradients that truncated backpropagation through time would give, from the graph of the full one.

    windows  each an int w, as `models.truncated_bptt(k1=1, k2=w)`: the loss of each step reaches w steps; or a pair
             (k1, k2), as there (Williams & Peng 1990)

    The state before a window is made a constant by leaving its edges out; nothing is computed forward again. Window 1
    is the formula that leaves out the recurrent term, as in lecture 004. In the second direction of a bidirectional
    layer a window goes the other way.

    Raises ValueError for windows that are not at least 1, RuntimeError if the graph has no time steps.
    """
    with History.of(loss) as past:
        past.steps.need()
        pairs = _pairs(windows)
        target = target_edge(past, weight)
        losses = losses_in_time(past)
        zero = np.zeros(target[0].shapes[target[1]])
        full = past.arriving([target]).get(target, zero)
        if target[0] not in feeding(past.steps.tracks):  # a readout: no state lies between
            gradients = [full for _ in pairs]
        else:
            cuts = _Cuts(past, losses)
            gradients = [_truncated(past, target, losses, cuts, k1, k2) + zero for k1, k2 in pairs]
        name = past.name_of(target[0]) if isinstance(target[0], Leaf) else weight.name or "the tensor"
        return Truncation(name, pairs, np.stack(gradients), full)


def _pairs(windows: Any) -> list[tuple[int, int]]:
    listed = [windows] if isinstance(windows, (int, tuple)) else list(windows)
    pairs = [window if isinstance(window, tuple) else (1, window) for window in listed]
    if not pairs:
        raise ValueError("truncation: got no windows")
    for pair in pairs:
        if len(pair) != 2 or not all(isinstance(k, int) and not isinstance(k, bool) for k in pair):
            raise TypeError(f"truncation: a window is an int or a pair of ints (k1, k2), got {pair!r}")
        windows_of(1, *pair)  # raises for sizes that cannot work
    return pairs


def _truncated(past: History, target: Edge, losses: dict[Place | None, Seed], cuts: _Cuts, k1: int, k2: int) -> Any:
    """The sum over windows of what their losses send to the target, with the states before them cut off."""
    total: Any = 0.0
    if None in losses:
        total = total + past.arriving([target], *losses[None].both()).get(target, 0.0)
    by_step: dict[int, list[Seed]] = {}
    for place, seed in losses.items():
        if place is not None:
            by_step.setdefault(place[1] - cuts.first, []).append(seed)
    for window in windows_of(cuts.length, k1, k2):
        start = Seed()
        for seed in [seed for t in range(window.first, window.end) for seed in by_step.get(t, ())]:
            for edge, gradient in seed.gradients.items():
                start.add(edge, gradient)
        if start.gradients:
            with cuts.made(window):
                total = total + past.arriving([target], *start.both()).get(target, 0.0)
    return total


class _Cuts:
    """Edges that carry a state across the border of a window, to be left out for a while.

    first, length  the first time step, and how many there are
    """

    def __init__(self, past: History, losses: dict[Place | None, Seed]):
        groups = {place[0] for place in losses if place is not None}
        tracks = [track for track in past.steps.tracks if track.group in groups]
        steps = [t for track in tracks for t in track.edges]
        self.first: int = min(steps)
        self.length: int = max(steps) - self.first + 1
        self.next_to: dict[tuple[bool, int], list[tuple[Node, int]]] = {}  # (reverse, state's step) -> uses one step on
        self.across: list[tuple[bool, int, int | None, Node, int]] = []  # the same for uses further on, or outside time
        states = {edge: (track.run[2] == "reverse", t) for track in tracks for t, edge in track.edges.items()}
        inside = feeding(past.steps.tracks)
        for node in past.nodes:
            for k, edge in enumerate(node.edges):
                if edge in states and node in inside:
                    self._add(*states[edge], past.steps.time(node), node, k)

    def _add(self, reverse: bool, t: int, used: int | None, node: Node, k: int) -> None:
        if used == t:
            return
        if used == (t - 1 if reverse else t + 1):
            self.next_to.setdefault((reverse, t), []).append((node, k))
        else:
            self.across.append((reverse, t, used, node, k))

    @contextlib.contextmanager
    def made(self, window: Window) -> Iterator[None]:
        """Inside, the states before the window are constants."""
        start, after = window.start + self.first, window.first + window.end - window.start + self.first
        crossing = [*self.next_to.get((False, start - 1), ()), *self.next_to.get((True, after), ())]
        for reverse, t, used, node, k in self.across:
            if (
                (t >= after and (used is None or used < after))
                if reverse
                else (t < start and (used is None or used >= start))
            ):
                crossing.append((node, k))
        before = {node: node.edges for node, _ in crossing}
        try:
            for node, k in crossing:
                node.edges = (*node.edges[:k], None, *node.edges[k + 1 :])
            yield
        finally:
            for node, edges in before.items():
                node.edges = edges
