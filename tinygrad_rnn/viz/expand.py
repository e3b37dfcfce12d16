"""Open nodes that stand for a graph of their own, so that a picture shows what a fast kernel computes.

A whole-sequence layer is one node with a method `expand()`, which gives its outputs again as a graph of
readable steps. The picture then leads through the steps instead of the node. Nothing else is changed:
the node stays in the real graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import engine
from .._mode import switch
from ..graph import FREED, Edge, Node, ancestors, tick
from .record import note_gradient, record


class Opened:
    """Which outputs are replaced by which, and where the new nodes belong in the order of births.

    edges   {(fused node, output number): edge of the steps that compute it}
    order   {new node: (birth of the fused node, its own birth)}
    closed  names of fused nodes that could not be opened because backward released their inputs
    """

    def __init__(self):
        self.edges: dict[Edge, Edge] = {}
        self.order: dict[Node, tuple[int, int]] = {}
        self.closed: set[str] = set()


def open_fused(outputs: Iterable[Node]) -> Opened:
    """Open every node behind `outputs` that can be opened."""
    opened = Opened()
    for node in ancestors(outputs):
        expand = getattr(node, "expand", None)
        if expand is None:
            continue
        if node.saved_tensors is FREED:
            opened.closed.add(node.name().removesuffix("Backward0"))
            continue
        start = tick()
        with record():
            made = expand()
        opened.edges |= {(node, k): tensor._edge for k, tensor in enumerate(made) if tensor._edge is not None}
        new = ancestors([edge[0] for edge, _ in _of(opened, node)])
        opened.order |= {n: (node.birth, n.birth) for n in new if n.birth > start}
    return opened


def _of(opened: Opened, node: Node) -> list[tuple[Edge, int]]:
    return [(edge, number) for (of, number), edge in opened.edges.items() if of is node]


def note_all_gradients(outputs: list[Edge], seeds: list[Any], opened: Opened) -> None:
    """Run backward without touching `.grad`; note what goes along each edge, also inside opened nodes."""
    arrived: dict[Node, Any] = {}
    fused = {node for node, _ in opened.edges}

    def watch(node: Node, gradient: Any, contributions: tuple[Any, ...]) -> None:
        note_gradient(node, gradient, contributions)
        if node in fused:
            arrived[node] = gradient

    with switch(watchers=(watch,)):
        engine.backward(outputs, seeds, keep=True, into_leaves=False)
    for node, gradient in arrived.items():
        _inside(node, gradient, opened)


def _inside(node: Node, gradient: Any, opened: Opened) -> None:
    gradients = gradient if isinstance(gradient, (tuple, list)) else (gradient,)
    reached = [(edge, gradients[number]) for edge, number in _of(opened, node) if gradients[number] is not None]

    def watch(inner: Node, g: Any, contributions: tuple[Any, ...]) -> None:
        if inner in opened.order:  # not what lies behind the node: that was noted already
            note_gradient(inner, g, contributions)

    stop = [edge for edge in node.edges if edge is not None]
    with switch(watchers=(watch,)):
        engine.backward(
            [edge for edge, _ in reached], [np.asarray(g) for _, g in reached], stop, keep=True, into_leaves=False
        )
