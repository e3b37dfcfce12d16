"""A gradient on its way from the loss to one place: how large it is at each operation, and where that turns.

Nodes off the way are not looked at. Numbers of an array are summed up in a `Stat`, so that memory does not grow with the
sizes; the arrays at one operation are fetched afterwards, for the one that matters.
"""

from __future__ import annotations

import linecache
import os
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from ...graph import Edge, Leaf, Node
from ..history import History

Hop = tuple[Node, int]  # an operation, and the input to which it sends


class Stat(NamedTuple):
    """An array in five numbers. `peak` is the largest magnitude; it and `norm` are NaN or Inf if the array has any."""

    norm: float
    peak: float
    nan: int
    inf: int
    size: int

    @property
    def zero(self) -> bool:
        """Is all of it exactly zero?"""
        return self.peak == 0

    @property
    def finite(self) -> bool:
        """Has it neither NaN nor Inf?"""
        return self.peak - self.peak == 0


def stat(gradient: Any) -> Stat:
    """The Stat of an array, or of what is there of several."""
    parts = gradient if isinstance(gradient, (tuple, list)) else (gradient,)
    arrays = [np.asarray(getattr(part, "array", part)) for part in parts if part is not None]
    return together([_stat(array) for array in arrays])


def _stat(array: np.ndarray) -> Stat:
    peak = float(np.abs(array).max()) if array.size else 0.0
    if peak == 0:
        return Stat(0.0, 0.0, 0, 0, array.size)
    if not np.isfinite(peak):
        return Stat(peak, peak, int(np.isnan(array).sum()), int(np.isinf(array).sum()), array.size)
    scaled = (array.astype(np.float64) / peak).ravel()  # the squares of small numbers would be 0
    return Stat(peak * float(np.sqrt(scaled @ scaled)), peak, 0, 0, array.size)


def noted(norm: float) -> Stat:
    """The Stat of an array of which the norm alone is known."""
    return Stat(norm, norm, int(np.isnan(norm)), int(np.isinf(norm)), 1)


def together(stats: Iterable[Stat]) -> Stat:
    """The Stat of several arrays side by side."""
    stats = list(stats)
    if len(stats) == 1:
        return stats[0]
    peaks = np.array([s.peak for s in stats]) if stats else np.zeros(1)
    norm = float(np.hypot.reduce([s.norm for s in stats])) if stats else 0.0
    return Stat(
        norm, float(peaks.max()), sum(s.nan for s in stats), sum(s.inf for s in stats), sum(s.size for s in stats)
    )


class Turn(NamedTuple):
    """Where a gradient turned zero or lost its finite numbers.

    position  the input to which it was sent; None if it turned on arrival: parts cancelled, or a hook
    """

    node: Node
    position: int | None
    before: Stat
    after: Stat


class Trace:
    """The gradient on all ways from the loss to `targets`.

    leading  the operations on the way, those that send to a target included
    order    those that a gradient reached, in the order of backward
    arrived  what arrived at each, after its hooks
    sent     what each sent to an input on the way
    found    what arrived where it was asked, which may lie behind the targets
    """

    def __init__(self, past: History, targets: Iterable[Edge], asked: Edge):
        self.asked: Edge = asked
        self.past: History = past
        self.targets: set[Edge] = set(targets)
        self.goals: set[Node] = {edge[0] for edge in self.targets}
        self.leading: set[Node] = set()
        self.users: dict[Node, list[Hop]] = {}
        self.order: list[Node] = []
        self.arrived: dict[Node, Stat] = {}
        self.sent: dict[Hop, Stat] = {}
        self.found: Any = None
        self.replay: bool = True  # can backward be run again?
        self._unhooked: dict[Edge, Any] = {}
        self._incoming: dict[Node, list[Stat]] = {}
        for node in past.nodes:
            for k in self.ways(node):
                self.leading.add(node)
                self.users.setdefault(node.edges[k][0], []).append((node, k))  # type: ignore[index]

    def ways(self, node: Node) -> list[int]:
        """The inputs of a node that are on the way."""
        return [k for k, edge in enumerate(node.edges) if edge and (edge in self.targets or edge[0] in self.leading)]

    def run(self) -> Trace:
        """Send the gradient."""
        self._unhooked = {edge: np.ones(edge[0].shapes[edge[1]]) for edge in self.past.edges if edge[0].hooks}
        self.past.backward(self._watch)
        return self

    def run_noted(self) -> Trace:
        """Take the norms that a backward inside `record()` noted, where the numbers to send it again are gone."""
        for node in self.past.nodes[::-1]:
            if (
                node.notes is not None
                and node.notes.arrived is not None
                and (node in self.leading or node in self.goals)
            ):
                sent = {k: node.notes.sent[k] for k in self.ways(node) if k < len(node.notes.sent)}
                self.enter(node, noted(node.notes.arrived), {k: noted(n) for k, n in sent.items() if n is not None})
        self.replay = False
        return self

    def _watch(self, node: Node, gradient: Any, parts: tuple[Any, ...]) -> None:
        if node is self.asked[0]:
            self.found = gradient if node.n_outputs == 1 else gradient[self.asked[1]]
        if node not in self.leading and node not in self.goals:
            return
        self.enter(node, stat(gradient), {k: stat(parts[k]) for k in self.ways(node) if parts[k] is not None})
        for k in self.ways(node):
            edge = node.edges[k]
            if edge is not None and edge[0].hooks and parts[k] is not None:
                self._unhooked[edge] = self._unhooked.get(edge, 0.0) + parts[k]

    def enter(self, node: Node, arrived: Stat, sent: dict[int, Stat]) -> None:
        """One operation's turn."""
        self.order.append(node)
        self.arrived[node] = arrived
        for k, part in sent.items():
            self.sent[node, k] = part
            self._incoming.setdefault(node.edges[k][0], []).append(part)  # type: ignore[index]

    def turns(self, turned: Callable[[Stat], bool]) -> list[Turn]:
        """Where what had not turned did, in the order of backward."""
        found = []
        for node in self.order:
            here = self.arrived[node]
            if turned(here):
                before = self._before(node, turned)
                if before is not None:
                    found.append(Turn(node, None, before, here))
                continue
            for k in self.ways(node):
                part = self.sent.get((node, k))
                if part is not None and turned(part):
                    found.append(Turn(node, k, here, part))
        return found

    def _before(self, node: Node, turned: Callable[[Stat], bool]) -> Stat | None:
        """What was sent to a node, if it had not turned before its parts were added and its hooks ran."""
        hooked = [stat(self._unhooked[edge]) for edge in self._unhooked if edge[0] is node]
        if hooked:
            whole = together(hooked)
            return None if turned(whole) else whole
        parts = self._incoming.get(node, [])
        sound = [part for part in parts if not turned(part)]
        if not sound or (len(sound) < len(parts) and not all(part.zero for part in parts if turned(part))):
            return None
        return together(sound)

    def way_to(self, node: Node | None = None) -> list[Hop]:
        """The strongest way from the loss to a node, by default to the targets; from the loss on."""
        hops: list[Hop] = []
        if node is None:
            ends = [hop for hop in self.sent if hop[0].edges[hop[1]] in self.targets]
            if not ends:
                return []
            hops = [max(ends, key=self._strength)]
            node = hops[0][0]
        while self.users.get(node):
            node, k = max(self.users[node], key=self._strength)
            hops.append((node, k))
        return hops[::-1]

    def _strength(self, hop: Hop) -> tuple[float, float]:
        sent, here = self.sent.get(hop), self.arrived.get(hop[0])
        return (np.nan_to_num(sent.norm) if sent else -1.0, np.nan_to_num(here.norm) if here else -1.0)

    def way_on(self, node: Node, position: int) -> list[Hop]:
        """A way from an operation to a target."""
        hops = [(node, position)]
        while node.edges[position] not in self.targets:
            node = node.edges[position][0]  # type: ignore[index]
            position = self.ways(node)[0]
            hops.append((node, position))
        return hops

    def fetch(self, node: Node, position: int | None) -> tuple[Any, Any]:
        """(what arrived at a node, what it sent to an input), as arrays."""
        seen: list[Any] = []

        def watch(now: Node, gradient: Any, parts: tuple[Any, ...]) -> None:
            if now is node:
                seen[:] = [gradient, None if position is None else parts[position]]

        if self.replay:
            self.past.backward(watch)
        return (seen[0], seen[1]) if seen else (None, None)


# --- words ------------------------------------------------------------------------------------------------


def operation(node: Node) -> str:
    """An operation's name as a user knows it."""
    name = node.name().removesuffix("Backward0")
    return {"BasicIndex": "Index", "AccumulateGrad": "leaf"}.get(name, name)


def place(past: History, node: Node) -> str:
    """An operation in words: name, time step, module, and line of the program."""
    if isinstance(node, Leaf):
        return past.name_of(node)
    t = past.steps.time(node)
    inside = [] if not node.scope.path else [f"in {node.scope.path}"]
    line = [] if node.source is None else [line_of(node.source)]
    where = ", ".join(inside + line)
    return operation(node) + ("" if t is None else f" at t={t}") + (f" ({where})" if where else "")


def line_of(source: str) -> str:
    """'file.py:12: the text of that line'."""
    path, _, number = source.rpartition(":")
    text = linecache.getline(path, int(number)).strip()
    return f"{os.path.basename(path)}:{number}" + (f": {text}" if text else "")


def name_of(past: History, edge: Edge | None) -> str:
    """What a value is called: a weight's name, a gate, or the operation that made it."""
    if edge is None:
        return "a constant"
    if isinstance(edge[0], Leaf):
        return past.name_of(edge[0])
    kind, name = (edge[0].roles or {}).get(edge[1], ("", ""))
    return f"the {kind} {name}" if kind else f"the result of {operation(edge[0])}"
