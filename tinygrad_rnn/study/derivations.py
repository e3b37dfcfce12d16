"""A gradient derived by hand beside the true one, and the usual mistakes that would give it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from .._figure import COLOURS, headline, new_figure
from .._tensor import Tensor
from ..graph import Edge, Leaf, Node
from .decays import behind_views
from .history import History
from .results import Result, Table, norm
from .truncating import truncation
from .weights import target_edge

PRODUCTS = ("Linear", "MatMul")
MOST = 12  # windows, and samples, that are tried


class Derivation(Result):
    """A hand-derived gradient beside the true one.

    verdict     "right", "mistaken" (a known mistake gives exactly this), or "unknown" (none of the known ones)
    mistake     the mistake in words; "" unless mistaken
    kinds       its kinds: "window", "dropped W", "W transposed", "off by one", "batch", "sign", "factor", "transpose"
    true, mine  the gradients
    candidates  what was tried: (mistake, distance of `mine` to what it gives, by the norm of that), nearest first
    """

    def __init__(
        self,
        name: str,
        true: np.ndarray,
        mine: np.ndarray,
        found: list[tuple[float, tuple[str, ...], str]],
        tolerance: float,
    ):
        self.name: str = name
        self.true: np.ndarray = true
        self.mine: np.ndarray = mine
        near = [entry for entry in found if entry[0] <= tolerance]  # simplest first
        self.verdict: str = "unknown" if not near else "mistaken" if near[0][1] else "right"
        self.kinds: tuple[str, ...] = near[0][1] if near else ()
        self.mistake: str = near[0][2] if near and near[0][1] else ""
        self.candidates: list[tuple[str, float]] = [(words, d) for d, _, words in sorted(found, key=lambda e: e[0])]

    @property
    def cosine(self) -> float:
        """Of the angle between both; nan where they differ in shape or one is zero."""
        if self.true.shape != self.mine.shape or not norm(self.true) or not norm(self.mine):
            return float("nan")
        return float((self.true.astype(np.float64) * self.mine).sum() / (norm(self.true) * norm(self.mine)))

    @property
    def ratio(self) -> float:
        """The norm of the hand-derived one by that of the true one."""
        return norm(self.mine) / norm(self.true) if norm(self.true) else float("nan")

    def finding(self) -> str:
        """Right, or which mistake, or none of the known ones."""
        name = f"the hand-derived ∂L/∂{self.name}"
        if self.verdict == "right":
            return f"{name} is right"
        if self.verdict == "mistaken":
            return f"{name} is the true one with a mistake: {self.mistake}"
        if self.true.shape != self.mine.shape:
            return f"{name} has the shape {self.mine.shape}, the true one {self.true.shape}; none of the known mistakes gives it"
        return (
            f"{name} is wrong by none of the known mistakes: cosine {self.cosine:.4g} to the true one, {self.ratio:.4g} times "
            f"as long; nearest ({self.candidates[0][1]:.1%} off): {self.candidates[0][0]}"
        )

    def table(self) -> Table:
        """What was tried, nearest first."""
        return Table(("mistake", "distance"), self.candidates[:MOST])

    def plot(self) -> Any:
        """Each number of the hand-derived gradient against the true one: on the diagonal where right."""
        figure, [[ax]] = new_figure(size=(6.4, 5.2))
        if self.true.size == self.mine.size:
            ax.plot(self.true.ravel(), self.mine.reshape(self.true.shape).ravel(), "o", color=COLOURS[0], markersize=4)
        ax.axline((0, 0), slope=1, color=COLOURS[1], linestyle="--", label="right")
        ax.locator_params(nbins=5)
        ax.set(xlabel=f"true ∂L/∂{self.name}, each number", ylabel="derived by hand")
        ax.legend(frameon=False)
        headline(ax, self.finding())
        return figure


def check_derivation(loss: Any, weight: Tensor, mine: Any, *, tolerance: float = 1e-4) -> Derivation:
    """Compare a hand-derived gradient of a weight with the true one, and recognise the usual mistakes.

    mine       the gradient as you have it: an array, a Tensor or nested lists
    tolerance  how far off it may be, by the norm of what it is compared with: hand calculation rounds

    Known are: a missing recurrent term (what truncation to a window gives), a dropped factor W or a transposed W on the way from
    state to state, the state or input of a neighbouring step, one sample instead of the sum over the batch or a sum that
    was not taken, a wrong sign, a factor (½, means over batch or time), a transpose; and one of the first kinds together
    with one of the last three.

    Raises RuntimeError if the weight is not in the graph of the loss.
    """
    with History.of(loss) as past:
        target = target_edge(past, weight)
        true = past.arriving([target]).get(target, np.zeros(target[0].shapes[target[1]]))
        given = np.asarray(getattr(mine, "array", mine), np.float64)
        sources = [((), "right", true), *_mistakes(past, weight, target, true)]
        factors = _factors(past, target)
        name = past.name_of(target[0]) if isinstance(target[0], Leaf) else weight.name or "the tensor"
    return Derivation(name, true, given, _compared(given, true, sources, factors), tolerance)


Source = tuple[tuple[str, ...], str, np.ndarray]  # kinds, words, the gradient with the mistake


def _compared(mine: np.ndarray, true: np.ndarray, sources: list[Source], factors: dict[float, str]) -> list[Any]:
    """(distance, kinds, words), the simplest mistakes first."""
    found: list[tuple[float, tuple[str, ...], str]] = []
    if mine.ndim == true.ndim + 1 and mine.shape[1:] == true.shape:
        for kinds, words, gradient in sources:
            more = "the sum over the first axis, the batch, is missing"
            found.append((_distance(mine.sum(0), gradient), (*kinds, "batch"), _both(words, more)))
    for factor, why in factors.items():
        for transposed in (False, True):
            for kinds, words, gradient in sources:
                if transposed and gradient.ndim != 2:
                    continue
                expected = factor * (gradient.T if transposed else gradient)
                more = [
                    *(["transpose"] if transposed else []),
                    *(["sign" if factor == -1 else "factor"] if factor != 1 else []),
                ]
                text = " and ".join([*(["it is transposed"] if transposed else []), *([why] if why else [])])
                found.append((_distance(mine, expected), (*kinds, *more), _both(words, text)))
    return sorted(found, key=lambda entry: len(entry[1]))


def _both(words: str, more: str) -> str:
    return more if words == "right" and more else f"{words}, and {more}" if more else words


def _distance(mine: np.ndarray, expected: np.ndarray) -> float:
    if mine.shape != expected.shape:
        return float("inf")
    size = norm(expected)
    return norm(mine - expected) / size if size else float(norm(mine) > 0)


def _factors(past: History, target: Edge) -> dict[float, str]:
    """By value: the factors that get lost, in words."""
    track = past.steps.tracks[0] if past.steps.tracks else None
    T = len(track.edges) if track else 1
    shape = next(iter(track.edges.values()))[0].shapes[0] if track else ()
    B = shape[0] if len(shape) > 1 else 1
    known = {"½": 0.5, "2": 2.0, f"1/B (a mean over the batch of {B})": 1 / B, f"B = {B} (a mean over the batch not taken)": B,
             f"1/T (a mean over {T} steps)": 1 / T, f"T = {T} (a mean over time not taken)": T,
             f"1/(B T) = 1/{B * T}": 1 / (B * T), f"B T = {B * T}": B * T}  # fmt: skip
    found: dict[float, str] = {1.0: "", -1.0: "the sign is wrong"}
    for words, factor in known.items():
        if float(factor) not in (1.0, -1.0):
            found[float(factor)] = f"{found[factor]}, or {words}" if factor in found else f"there is a factor {words}"
    return found | {
        -factor: f"the sign is wrong, and {words}" for factor, words in found.items() if factor not in (1, -1)
    }


# --- gradients with a mistake, from the engine ----------------------------------------------------------------


def _mistakes(past: History, weight: Tensor, target: Edge, true: np.ndarray) -> list[Source]:
    if not past.steps.tracks:
        return []
    found: list[Source] = []
    longest = max(len(track.edges) for track in past.steps.tracks)
    for k in range(1, min(longest, MOST)):
        words = f"the recurrent term is missing beyond {k} step{'s' if k > 1 else ''} (truncation to a window of {k})"
        found.append((("window",), "the recurrent term is missing (window 1)" if k == 1 else words,
                      truncation(past, weight, k).gradients[0]))  # fmt: skip
    recurrent = _recurrent(past)
    for kind, change, words in (
        ("dropped W", lambda W: np.eye(len(W), dtype=W.dtype), "the factor W from state to state is dropped"),
        ("W transposed", lambda W: W.T, "W from state to state is transposed"),
    ):
        with _saved(recurrent, change):
            found.append(((kind,), words, past.arriving([target]).get(target, true)))
    uses = _uses(past, target)
    for by, words in ((1, "of the step after"), (-1, "of the step before")) if uses else ():
        with _shifted(past, uses, by):
            gradient = past.arriving([target]).get(target, true)
        found.append((("off by one",), f"it is multiplied by the state or input {words} (off by one)", gradient))
    found += _samples(past, target, uses)
    different = [entry for entry in found if _distance(entry[2], true) > 1e-9]
    return [entry for k, entry in enumerate(different) if all(_distance(entry[2], e[2]) > 1e-9 for e in different[:k])]


Place = tuple[Node, int]  # a node, and the place of a value among those that its rule saved


def _place(node: Node, position: int) -> Place | None:
    plan: Any = getattr(node, "_saved_plan", ())
    return next(
        ((node, k) for k, (p, _) in enumerate(plan) if p == position and node.saved_tensors[k] is not None), None
    )


def _recurrent(past: History) -> list[Place]:
    """The square matrices that states are multiplied with, where rules saved them."""
    states = {edge for track in past.steps.tracks for edge in track.edges.values()}
    found = []
    for node in past.nodes:
        for k, edge in enumerate(node.edges[:2] if type(node).__name__ in PRODUCTS else ()):
            place = _place(node, 1 - k)
            if edge is not None and place is not None and behind_views(edge, states) is not None:
                W = node.saved_tensors[place[1]]
                if W.ndim == 2 and W.shape[0] == W.shape[1]:
                    found.append(place)
    return found


def _uses(past: History, target: Edge) -> list[Place]:
    """What the weight is multiplied with, in time order."""
    found = []
    for node in past.nodes:
        for k, edge in enumerate(node.edges[:2] if type(node).__name__ in (*PRODUCTS, "Mul") else ()):
            place = _place(node, 1 - k)
            if edge is not None and place is not None and behind_views(edge, {target}) is not None:
                found.append((past.steps.time(node), place))
    return [place for _, place in sorted(found, key=lambda entry: -1 if entry[0] is None else entry[0])]


@contextlib.contextmanager
def _replaced(values: dict[Place, np.ndarray]) -> Iterator[None]:
    """Inside, rules find other values than they saved."""
    before = {node: node.saved_tensors for node, _ in values}
    try:
        for (node, k), value in values.items():
            node.saved_tensors = (*node.saved_tensors[:k], value, *node.saved_tensors[k + 1 :])
        yield
    finally:
        for node, saved in before.items():
            node.saved_tensors = saved


def _saved(places: list[Place], change: Any) -> Any:
    return _replaced({(node, k): change(node.saved_tensors[k]) for node, k in places})


def _shifted(past: History, uses: list[Place], by: int) -> Any:
    """Inside, each use has the partner of its neighbour; at the end what the last step left, or zeros."""
    values = [node.saved_tensors[k] for node, k in uses]
    last = np.zeros_like(values[-1]) if values else None
    for track in past.steps.tracks:
        value = past.value(track.edges[track.steps[-1]])
        before = [track.edges[t] for t in track.steps[:-1]]
        if uses and value is not None and value.shape == values[-1].shape and before:
            former = past.value(before[-1])
            last = value if former is not None and np.array_equal(former, values[-1]) else last
    moved = [*values[1:], last] if by == 1 else [np.zeros_like(v) for v in values[:1]] + values[:-1]
    return _replaced(
        {place: v for place, v, old in zip(uses, moved, values, strict=True) if v is not None and v.shape == old.shape}
    )


def _samples(past: History, target: Edge, uses: list[Place]) -> list[Source]:
    """The gradient that single samples give: what they are multiplied with is zero for the others; a bias takes rows."""
    found: list[Source] = []
    batch = {len(node.saved_tensors[k]) for node, k in uses if node.saved_tensors[k].ndim > 1}
    rows: list[np.ndarray] = []

    def watch(node: Node, gradient: Any, parts: tuple[Any, ...]) -> None:
        for edge, part in zip(node.edges, parts, strict=True):
            if edge == target and part is not None and np.ndim(gradient) == part.ndim + 1:
                rows.append(np.asarray(gradient))

    if not uses:
        past.backward(watch)
        if rows and len({len(row) for row in rows}) == 1:
            batch = {len(rows[0])}
    for b in range(min(MOST, max(batch))) if batch and max(batch) > 1 else ():
        if uses:
            with _saved(
                uses,
                lambda x, b=b: np.where((np.arange(len(x)) == b).reshape(-1, *[1] * (x.ndim - 1)), x, 0).astype(
                    x.dtype
                ),
            ):
                gradient = past.arriving([target]).get(target)
        else:
            gradient = np.sum([row[b] for row in rows], 0)
        if gradient is not None:
            found.append((("batch",), f"it is that of sample {b} alone: the sum over the batch is missing", gradient))
    return found
