"""What one graph has and another has not: operations by place and time step, and what the same operations read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ..graph import Edge, Leaf, Node
from .history import History

Kind = tuple[str, str]  # what, and where: "Dropout", "CharModel.lstm, layer 1"
Census = dict[Kind, Counter[Any]]  # how many of each kind, by time step (None: outside time)


class Difference:
    """One kind of operation that two graphs do not have in the same number.

    what    "Dropout"; or "Linear of a constant", where the numbers of operations agree
    where   module, layer, direction; "" where none is known
    counts  how many, in each of the two
    steps   the time steps at which they differ, None: outside time
    """

    def __init__(self, kind: Kind, counts: tuple[int, int], steps: list[int | None]):
        self.what: str = kind[0]
        self.where: str = kind[1]
        self.counts: tuple[int, int] = counts
        self.steps: list[int | None] = steps

    def __repr__(self) -> str:
        many = abs(self.counts[1] - self.counts[0])
        where = f" in {self.where}" if self.where else ""
        return f"{many} {self.what}{where}{_when(self.steps)}"


def census_of(past: History) -> tuple[Census, Census]:
    """The operations of a graph, and the same with what each of them reads."""
    operations: Census = {}
    wiring: Census = {}
    for node in past.nodes:
        if isinstance(node, Leaf):
            continue
        t, name = past.steps.time(node), named(node)
        where = node.scope.path if t is None else _where(node)
        operations.setdefault((name, where), Counter())[t] += 1
        reads = [_read(edge) for edge in node.edges if edge is None or not isinstance(edge[0], Leaf)]
        wiring.setdefault((f"{name} of {', '.join(reads) or 'weights'}", where), Counter())[t] += 1
    return operations, wiring


def differences(a: tuple[Census, Census], b: tuple[Census, Census]) -> list[Difference]:
    """Kinds that the two have not in the same number, most different first; if there are none, what reads something else."""
    for one, other in zip(a, b, strict=True):
        found = list(_unequal(one, other))
        if found:
            return sorted(found, key=lambda d: -abs(d.counts[1] - d.counts[0]))
    return []


def _unequal(a: Census, b: Census) -> Iterable[Difference]:
    for kind in dict.fromkeys((*a, *b)):
        here, there = a.get(kind, Counter()), b.get(kind, Counter())
        steps = [t for t in {**here, **there} if here[t] != there[t]]
        if steps:
            yield Difference(kind, (here.total(), there.total()), sorted(steps, key=lambda t: (t is not None, t or 0)))


def named(node: Node) -> str:
    """The name of an operation, without a number."""
    return node.name().removesuffix("Backward0")


def _read(edge: Edge | None) -> str:
    return "a constant" if edge is None else named(edge[0])


def _where(node: Node) -> str:
    scope = node.scope
    parts = [scope.path, "" if scope.layer is None else f"layer {scope.layer}"]
    return ", ".join([part for part in parts if part] + (["reverse"] if scope.direction == "reverse" else []))


def _when(steps: list[int | None]) -> str:
    times = [t for t in steps if t is not None]
    if not times:
        return ""
    every = len(times) == times[-1] - times[0] + 1
    if len(times) == 1:
        return f" at t={times[0]}"
    if every:
        return f" at t={times[0]}…{times[-1]}"
    return " at t=" + ", ".join(map(str, times if len(times) <= 4 else [*times[:3], "…", times[-1]]))
