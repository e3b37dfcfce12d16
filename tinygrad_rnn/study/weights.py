"""The gradient of a shared weight, split by use: each time step sends its part."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, headline, new_figure
from .._tensor import Tensor
from ..graph import Edge, Leaf, Node
from ..ops.inplace import edge_of
from .history import History
from .outside import Place, Start
from .results import Result, Table, counted, norm


class Contributions(Result):
    """The gradient of a weight, one part for each use, in time order; the parts sum to the gradient.

    name    of the weight
    steps   the time step of each use, None for one outside time
    where   layer and direction of each use, "" where there is one
    parts   (uses, *shape of the weight)
    """

    def __init__(self, name: str, steps: list[int | None], where: list[str], parts: np.ndarray):
        self.name: str = name
        self.steps: list[int | None] = steps
        self.where: list[str] = where
        self.parts: np.ndarray = parts

    @property
    def total(self) -> np.ndarray:
        """The gradient: the sum of the parts."""
        return self.parts.sum(0)

    @property
    def norms(self) -> np.ndarray:
        """The Euclidean norm of each part."""
        return np.array([norm(part) for part in self.parts])

    @property
    def shares(self) -> np.ndarray:
        """The signed share of each part: its component along the total, ⟨part, total⟩ / ⟨total, total⟩. They sum to 1."""
        return np.array(signed_shares(self.parts, self.total))

    def finding(self) -> str:
        """How many uses, and which one weighs most."""
        if not len(self.parts) or not self.norms.any():
            return f"∂L/∂{self.name} is exactly zero at all of its {len(self.parts)} uses"
        k = int(np.abs(self.shares).argmax())
        at = "outside time" if self.steps[k] is None else f"at t={self.steps[k]}"
        return f"∂L/∂{self.name} is the sum of {counted(len(self.parts), 'use')}; the one {at} has {self.shares[k]:.0%} of it"

    def table(self) -> Table:
        """step, where, norm, signed share of each use."""
        rows = zip(self.steps, self.where, self.norms.tolist(), self.shares.tolist(), strict=True)
        if any(self.where):
            return Table(("step", "where", "norm", "share"), list(rows))
        return Table(("step", "norm", "share"), [(step, size, share) for step, _, size, share in rows])

    def plot(self) -> Any:
        """The norm of each part against t, and its signed share."""
        figure, [[top], [below]] = new_figure(2, 1, (7.0, 4.6), sharex=True)
        at = [k if step is None else step for k, step in enumerate(self.steps)]
        top.plot(at, np.where(self.norms > 0, self.norms, np.nan), color=COLOURS[0], marker=".")
        there = self.norms[self.norms > 0]
        top.set(
            ylabel="norm of its part",
            yscale="log" if there.max(initial=0) > 10 * there.min(initial=np.inf) else "linear",
        )
        headline(top, self.finding())
        below.bar(at, self.shares, color=[COLOURS[0] if share >= 0 else COLOURS[1] for share in self.shares])
        below.axhline(0, color=SOFT, linewidth=0.8)
        below.set(xlabel="time step t of the use", ylabel="signed share")
        return figure


def signed_shares(parts: Iterable[np.ndarray], total: np.ndarray) -> list[float]:
    """The component of each part along the total, as a share of it: ⟨part, total⟩ / ⟨total, total⟩; 0 of a total of 0."""
    whole = np.asarray(total, np.float64)
    size = float((whole * whole).sum())
    return [float((part * whole).sum()) / size if size else 0.0 for part in parts]


def contributions(loss: Any, weight: Tensor) -> Contributions:
    """Split the gradient of a shared weight by use, in time order.

        with tinygrad_rnn.record():
            loss = model(x)
        contributions(loss, model.rnn.weight_hh_l0).parts        # (T, H, H); the sum is .grad

    A weight that was worked on before the steps use it (a transpose, an embedding of the whole sequence, a norm) is
    split by the steps that use the result. What is used outside time, such as a readout of all steps at once, is one
    part with step None.

    Raises RuntimeError if the weight is not in the graph of the loss.
    """
    with History.of(loss) as past:
        target = target_edge(past, weight)
        uses = uses_of(past, target)
        order = sorted(uses, key=lambda use: (use.place is not None, use.place or (0, 0), use.birth))
        parts = [use.gradient for use in order]
        shape = target[0].shapes[target[1]]
        several = len({use.where for use in order}) > 1
        return Contributions(
            past.name_of(target[0]) if isinstance(target[0], Leaf) else weight.name or "the tensor",
            [None if use.place is None else use.place[1] for use in order],
            [use.where if several else "" for use in order],
            np.stack(parts) if parts else np.zeros((0, *shape), target[0].dtype),
        )


class Use:
    """One use of a value: when and where, and the gradient that it sends there."""

    def __init__(self, place: Place | None, where: str, birth: float, gradient: Any):
        self.place: Place | None = place
        self.where: str = where
        self.birth: float = birth
        self.gradient: Any = gradient


def target_edge(past: History, weight: Any) -> Edge:
    """The edge of a tensor in the graph; raises if it is not there."""
    if not isinstance(weight, Tensor):
        raise TypeError(f"study: expected a Tensor, got {type(weight).__name__}")
    edge = edge_of(weight)
    if edge is None:
        raise RuntimeError(
            f"study: the tensor of shape {tuple(weight.array.shape)} does not require grad, so no gradient goes there"
        )
    if edge[0] not in set(past.nodes):
        name = past.name_of(edge[0]) if isinstance(edge[0], Leaf) else "the tensor"
        raise RuntimeError(f"study: {name} is not in the graph of this loss: explain(loss, tensor) says why")
    return edge


def uses_of(past: History, target: Edge, start: Start | None = None) -> list[Use]:
    """What each use of a value sends back to it; `start` as for `History.backward`, by default the loss.

    Values derived from the target alone, outside time, are the target's own: what arrives at them is led back to it.
    """
    derived = _derived(past, target)
    sent: dict[tuple[Edge, Place | None, str], Use] = {}

    def watch(node: Node, gradient: Any, parts: tuple[Any, ...]) -> None:
        if node in derived:
            return
        for edge, part in zip(node.edges, parts, strict=True):
            if edge is not None and part is not None and (edge == target or edge[0] in derived):
                place, where = past.steps.place(node), _where(node)
                use = sent.setdefault((edge, place, where), Use(place, where, node.birth, None))
                use.gradient = part if use.gradient is None else use.gradient + part

    past.backward(watch, *(start or (None, None)))
    merged: dict[tuple[Place | None, str], Use] = {}
    for (edge, place, where), use in sent.items():
        if edge != target:
            use.gradient = past.arriving([target], [edge], [use.gradient]).get(target)
        whole = merged.setdefault((place, where), use)
        if whole is not use:
            whole.gradient = whole.gradient + use.gradient
    return list(merged.values())


def _derived(past: History, target: Edge) -> set[Node]:
    """The target's node and what was computed from it before any time step had a part in it."""
    derived = {target[0]}
    in_time: set[Node] = set()
    for node in past.nodes:
        sources = [edge[0] for edge in node.edges if edge is not None]
        if past.steps.time(node) is not None or any(source in in_time for source in sources):
            in_time.add(node)
        elif any(source in derived for source in sources):
            derived.add(node)
    if derived.intersection(edge[0] for edge in past.edges):
        return {target[0]}  # nothing happens in time: each use counts
    return derived


def _where(node: Node) -> str:
    scope = node.scope
    parts = [scope.path] if scope.layer is None else [f"layer {scope.layer}"]
    if scope.direction == "reverse":
        parts.append("reverse")
    return " ".join(part for part in parts if part)
