"""Open nodes that stand for a graph of their own, so that a picture shows what a fast kernel computes.

A whole-sequence layer, or a checkpointed part, is one node with a method `recompute()`, which gives its outputs again
as a graph of readable operations. The picture then leads through these instead of the node. Nothing else is changed: the
node stays in the real graph (`study` puts them in its place for the time of a question: study/history.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ... import engine
from ..._mode import switch
from ...graph import FREED, Edge, Node, ancestors
from ...notes import GradientNotes
from ...ops.inplace import changed_since
from ...study.history import operations_inside, without_retaining


class Opened:
    """Which outputs are replaced by which, and where the new nodes belong in the order of births.

    edges   {(fused node, output number): edge of the steps that compute it}
    order   {new node: (birth of the fused node, its own birth)}
    closed  names of fused nodes that could not be opened: backward released their inputs, or they were changed since
    """

    def __init__(self) -> None:
        self.edges: dict[Edge, Edge] = {}
        self.order: dict[Node, tuple[int, int]] = {}
        self.closed: set[str] = set()


def open_fused(outputs: Iterable[Node]) -> Opened:
    """Open every node behind `outputs` that can be opened."""
    opened = Opened()
    for node in ancestors(outputs):
        if not hasattr(node, "recompute"):
            continue
        released = node.saved_tensors is FREED
        if released and not _still_known(node):
            opened.closed.add(node.name().removesuffix("Backward0"))
            continue
        own, inner = operations_inside(node)
        opened.edges |= own
        opened.order |= {operation: (node.birth, operation.birth) for operation in inner}
        if released and node.notes.inside is not None:
            _inside(node, node.notes.inside, opened, GradientNotes())
    return opened


def _still_known(node: Node) -> bool:
    """Did `record()` keep what backward has released, and is it as it was?"""
    kept = () if node.notes is None else node.notes.saved
    return bool(kept) and not any(isinstance(v, np.ndarray) and changed_since(v, node.birth) for v in kept)


def _of(opened: Opened, node: Node) -> list[tuple[Edge, int]]:
    return [(edge, number) for (of, number), edge in opened.edges.items() if of is node]


def note_all_gradients(outputs: list[Edge], seeds: list[Any], opened: Opened) -> None:
    """Run backward without touching `.grad`; note what goes along each edge, also inside opened nodes."""
    watched_backward(outputs, seeds, opened, GradientNotes())


def watched_backward(outputs: list[Edge], seeds: list[Any], opened: Opened, watch: engine.Watcher) -> None:
    """Run backward under one watcher, and change nothing that can be seen afterwards: not `.grad`, not the graph.

    Where the run comes to an opened node, its steps run next. Users' hooks run too, because they may change the
    gradient; those of `retain_grad` do not.
    """
    fused = {node for node, _ in opened.edges}

    def watch_all(node: Node, gradient: Any, contributions: tuple[Any, ...]) -> None:
        watch(node, gradient, contributions)
        if node in fused:
            _inside(node, gradient, opened, watch)

    with without_retaining(ancestors([edge[0] for edge in outputs])), switch(watchers=(watch_all,)):
        engine.backward(outputs, seeds, retain=True, into_leaves=False)


def _inside(node: Node, gradient: Any, opened: Opened, watch: engine.Watcher) -> None:
    gradients = gradient if isinstance(gradient, (tuple, list)) else (gradient,)
    reached = [(edge, gradients[number]) for edge, number in _of(opened, node) if gradients[number] is not None]

    def watch_own(inner: Node, g: Any, contributions: tuple[Any, ...]) -> None:
        if inner in opened.order:  # not what lies behind the node: its turn comes later
            watch(inner, g, contributions)

    stop = [edge for edge in node.edges if edge is not None]
    with _ending_in({edge[0] for edge in stop}), switch(watchers=(watch_own,)):
        engine.backward(
            [edge for edge, _ in reached], [np.asarray(g) for _, g in reached], stop, retain=True, into_leaves=False
        )


@contextlib.contextmanager
def _ending_in(nodes: set[Node]) -> Iterator[None]:
    """The graph ends in `nodes`, for a while: what lies behind them is long, and may have been released."""
    edges = {node: node.edges for node in nodes}
    try:
        for node in nodes:
            node.edges = ()
        yield
    finally:
        for node in nodes:
            node.edges = edges[node]
