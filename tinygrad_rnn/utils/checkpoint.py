"""Recomputation: keep only what goes into a part of the computation, and compute the inside again in backward.

The name is PyTorch's. The file from which a stopped training goes on is in runs/checkpoint_file.py.

A plain graph keeps what every operation needs: memory grows with the number of operations, for a recurrent network
with the number of steps. A checkpointed part is one node that keeps its inputs; backward runs the function a second
time, goes through that graph, and drops it. (The first run records too, to learn which tensors the function uses, and
drops that graph when it returns.) √T checkpoints of √T steps keep O(√T) instead of O(T), for the price of
one more forward pass (Chen et al. 2016).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .. import engine, random
from .._mode import switch, thread
from .._tensor import Tensor
from ..graph import Edge, Leaf, Node, tick
from ..ops.basic import stretch
from ..ops.function import Function
from ..ops.inplace import edge_of
from ..recording import record_node
from ..trees import tree_map


class CheckpointError(RuntimeError):
    """The function did something else when it was run again."""


def checkpoint(
    function: Callable[..., Any], *args: Any, use_reentrant: bool | None = None, preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:  # fmt: skip
    """function(*args, **kwargs), as one node that keeps none of the function's intermediate values.

    function             called once now and once for each backward; must do the same each time. What it closes over
                         (its parameters, for example) gets gradients as its arguments do
    preserve_rng_state   draw the same random numbers again: dropout keeps its mask
    use_reentrant        accepted for PyTorch's sake; both of its ways come to the same here

    Returns what the function returns: a tensor, or tuples, lists and dicts of them.

    Raises CheckpointError in backward if the function then uses other tensors or returns other shapes, and
    RuntimeError if its inputs were changed in place since.
    """
    if not callable(function):
        raise TypeError(f"checkpoint(): expected a function first, got {type(function).__name__}")
    if not thread.mode.grad_enabled:
        return function(*args, **kwargs)
    again = Again(function, args, kwargs, preserve_rng_state)
    start = tick()
    crossing: dict[Edge, None] = {}
    with switch(listeners=(lambda node, out, arrays: crossing.update(_older(node, start)),)):
        returned = function(*args, **kwargs)
    outputs = [t for t in tensors_in(returned) if _made_since(t, start)]
    if not outputs:
        return returned
    again.expected = (tuple(crossing), [t.array.shape for t in outputs])
    arrays = [t.array for t in outputs]
    made = record_node(Checkpoint(again), again.expected[0], (), arrays[0] if len(arrays) == 1 else tuple(arrays))
    replaced = {id(t): new for t, new in zip(outputs, [made] if len(arrays) == 1 else made, strict=True)}
    return tree_map(lambda t: replaced.get(id(t), t), returned, Tensor)


def checkpoint_sequential(functions: Iterable[Any], segments: int, input: Any, **options: Any) -> Any:
    """Apply functions (or the modules of a Sequential) one after the other, in `segments` checkpointed runs.

    As in PyTorch the last run is not checkpointed: its values are needed first, so keeping them costs nothing more.
    """
    steps = list(functions)
    if not 1 <= segments <= len(steps):
        raise ValueError(f"checkpoint_sequential(): segments must be in 1..{len(steps)}, got {segments}")
    size = len(steps) // segments
    for k in range(segments - 1):
        input = checkpoint(_chain(steps[k * size : (k + 1) * size]), input, **options)
    return _chain(steps[(segments - 1) * size :])(input)


class Again:
    """How to run the function a second time: the same arguments, random numbers and switches."""

    expected: tuple[tuple[Edge, ...], list[tuple[int, ...]]]  # the edges into the function, the shapes of its outputs

    def __init__(self, function: Any, args: Any, kwargs: Any, preserve_rng_state: bool):
        self.call: Any = (function, args, kwargs)
        self.random: Any = random.get_rng_state() if preserve_rng_state else None
        self.unrolled: Any = thread.mode.unrolled

    def arrays(self) -> list[np.ndarray]:
        """What must not change in place before backward: the arguments and the leaves that are used."""
        leaves = [edge[0].variable for edge in self.expected[0] if isinstance(edge[0], Leaf)]
        return [t.array for t in (*tensors_in(self.call[1:]), *leaves) if t is not None]

    def run(self, scope: Any) -> tuple[list[Tensor], list[Node]]:
        """The outputs once more, and the nodes that computed them."""
        function, args, kwargs = self.call
        nodes: list[Node] = []
        now = random.get_rng_state()
        start = tick()
        try:
            if self.random is not None:
                random.set_rng_state(self.random)
            switches = {"grad_enabled": True, "lift": None, "scope": scope, "unrolled": self.unrolled}
            with (
                thread.mode.users_errors(),
                switch(listeners=(lambda node, out, arrays: nodes.append(node),), **switches),
            ):
                returned = function(*args, **kwargs)
        finally:
            if self.random is not None:
                random.set_rng_state(now)
        nodes = [node for node in nodes if node is not None]
        outputs = [t for t in tensors_in(returned) if _made_since(t, start)]
        self._compare(nodes, outputs, start)
        return outputs, nodes

    def _compare(self, nodes: list[Node], outputs: list[Tensor], start: int) -> None:
        edges, shapes = self.expected
        found: dict[Edge, None] = {}
        for node in nodes:
            found.update(_older(node, start))
        if tuple(found) != edges:
            raise CheckpointError(
                f"checkpoint(): run again in backward, the function used {len(found)} tensors that require grad, not the "
                f"{len(edges)} of the first run; it must do the same each time"
            )
        if [t.array.shape for t in outputs] != shapes:
            raise CheckpointError(
                f"checkpoint(): run again in backward, the function returned shapes "
                f"{[list(t.shape) for t in outputs]} instead of {[list(s) for s in shapes]}"
            )


class Checkpoint(Function):
    """One checkpointed call: its edges lead to what the function used, its saved values are those, and `Again`."""

    def __init__(self, again: Again):
        self.again: Again | None = again

    def _pick_saved(self, edges: Any, inputs: Any, out: Any) -> tuple[Any, ...]:
        again, self.again = self.again, None
        assert again is not None
        return (*again.arrays(), again)

    def backward(self, *gs: Any) -> tuple[Any, ...]:
        """Run the function again and go backward through that graph, down to what came in from outside."""
        again: Again = self.saved_tensors[-1]
        lift = thread.mode.lift
        ways_in = {edge: _way_in(edge, recorded=lift is not None) for edge in again.expected[0]}
        outputs, nodes = again.run(self.scope)
        for node in nodes:
            node.edges = tuple([ways_in.get(edge, edge) if edge is not None else None for edge in node.edges])
        reached = [(out._edge, g) for out, g in zip(outputs, gs, strict=True) if g is not None]
        ends, seeds, asked = [edge for edge, _ in reached if edge], [g for _, g in reached], list(ways_in.values())
        found = engine.backward(ends, seeds, asked, retain=lift is not None, lift=lift, into_leaves=False)
        return tuple([found[ways_in[edge]] for edge in again.expected[0]])

    def lifted(self, tensor_class: Any) -> Checkpoint:
        """Itself: `backward` runs on Tensors as on arrays."""
        return self

    def recompute(self) -> tuple[Tensor, ...]:
        """The outputs again, as the graph of the function; pictures call it."""
        return tuple(self.saved_tensors[-1].run(self.scope)[0])


class WayIn(Function):
    """y = x          dL/dx = dL/dy          where the graph of the function begins: gradients are collected here"""

    def forward(ctx, x: Any) -> Any:
        return x

    def backward(ctx, g: Any) -> Any:
        return g


def _way_in(edge: Edge, recorded: bool) -> Edge:
    """A node to stand for what `edge` leads to, younger than that and older than what will use it. Backward ends in
    it, unless gradients are themselves recorded: a second derivative goes on."""
    node, number = edge
    dtype = node.dtype if node.n_outputs == 1 else node.dtype[number]
    value = stretch(np.zeros((), dtype), node.shapes[number])  # nobody looks at it
    with switch(scope=node.scope, listeners=()):
        return record_node(WayIn(), (edge,) if recorded else (), (), value)._edge


def _older(node: Node | None, start: int) -> dict[Edge, None]:
    """The edges of `node` that lead to what was there before tick `start`."""
    return {} if node is None else {edge: None for edge in node.edges if edge is not None and edge[0].birth < start}


def _made_since(t: Tensor, start: int) -> bool:
    edge = edge_of(t)
    return edge is not None and edge[0].birth > start and not isinstance(edge[0], Leaf)


def tensors_in(structure: Any) -> list[Tensor]:
    """The Tensors in tuples, lists and dicts, in order, each once."""
    found: dict[int, Tensor] = {}
    tree_map(lambda t: found.setdefault(id(t), t), structure, Tensor)
    return list(found.values())


def _chain(functions: list[Any]) -> Callable[[Any], Any]:
    def run(x: Any) -> Any:
        for function in functions:
            x = function(x)
        return x

    return run
