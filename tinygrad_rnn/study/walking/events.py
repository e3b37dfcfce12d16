"""The engine's run, event by event: whose turn it was, what arrived, what was sent to whom.

`EventLog` is a watcher of the engine: it decides no order and computes no gradient. The walk and the interactive
page both play what it wrote down.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ... import engine
from ..._mode import switch
from ..._quiet import quiet
from ...graph import Edge, Node
from ...ops.inplace import changed_since
from ..results import norm, shown


class Sent(NamedTuple):
    """One gradient on its way from a node to what made its input number `position`."""

    position: int
    edge: Edge
    norm: float
    running: float | None  # norm of the sum that has arrived there so far, this one included; None if not known


@dataclass(slots=True, eq=False)
class Event:
    """The turn of one node: its gradient is complete, and it sends gradients to its inputs.

    number    of the event, from 0 at the loss
    norm      of the gradient that arrived, and `gradient` itself; a tuple for a node with several outputs
    sent      what went to each input: norms. The arrays are in `sends`
    step      the time step, None outside time
    name      of the state, gate, weight or variable that the node made; "" if nobody named it
    saved     what the rule keeps from forward
    """

    number: int
    node: Node
    norm: float
    sent: list[Sent] = field(default_factory=list)
    gradient: Any = None
    step: int | None = None
    name: str = ""
    saved: tuple[Any, ...] = ()

    @property
    def op(self) -> str:
        """The operation: "Tanh"; "AccumulateGrad" where a gradient ends in a `.grad`."""
        return self.node.name().removesuffix("0").removesuffix("Backward")

    @property
    def layer(self) -> int | None:
        """The layer of a recurrent network."""
        return self.node.scope.layer

    @property
    def direction(self) -> str | None:
        """ "forward" or "reverse" in a recurrent layer."""
        return self.node.scope.direction

    @property
    def module(self) -> str:
        """The path of the module that ran the operation, "" outside all."""
        return self.node.scope.path

    @property
    def sends(self) -> tuple[Any, ...]:
        """The gradient that goes to each input, None where none goes: the engine runs the node's rule once more.

        Raises RuntimeError if a value that the rule needs was changed in place since.
        """
        if not self.node.edges:
            return ()
        self._check()
        found: list[tuple[Any, ...]] = []
        twin = _alone(self.node)
        twin.saved_tensors = self.saved
        twin.edges = tuple([edge and (_alone(edge[0]), edge[1]) for edge in self.node.edges])

        def watch(node: Node, gradient: Any, contributions: tuple[Any, ...]) -> None:
            if node is twin:
                found.append(contributions)

        arrived = [(k, g) for k, g in enumerate(gradients_of(self.gradient)) if g is not None]
        with switch(watchers=(watch,)):
            engine.backward([(twin, k) for k, _ in arrived], [g for _, g in arrived], retain=True, into_leaves=False)
        return found[0]

    def _check(self) -> None:
        for value in self.saved:
            if isinstance(value, np.ndarray) and changed_since(value, self.node.birth):
                raise RuntimeError(
                    f"study: what event {self.number} ({self.op}) sent cannot be computed again: a value of shape "
                    f"{value.shape} was changed in place since, as optimizer.step() does. Ask before that"
                )

    def __repr__(self) -> str:
        parts = [self.op, self.name, "" if self.step is None else f"t={self.step}", f"norm {shown(self.norm)}"]
        return f"<event {self.number}: {' '.join(part for part in parts if part)}>"


class EventLog:
    """A watcher of the engine that keeps an Event for each node that had its turn.

    see     is shown each event with the gradient that arrived, in the engine's order
    opened  which edges lead to the steps of an opened node, where the graph itself still leads to the node
    """

    def __init__(self, see: Callable[[Event, Any], None], opened: dict[Edge, Edge] | None = None):
        self.events: list[Event] = []
        self._see: Callable[[Event, Any], None] = see
        self._opened: dict[Edge, Edge] = opened or {}
        self._sums: dict[Edge, Any] = {}

    @quiet
    def __call__(self, node: Node, gradient: Any, contributions: Sequence[Any]) -> None:
        for number in range(node.n_outputs):
            self._sums.pop((node, number), None)
        event = Event(len(self.events), node, size(gradient))
        for position, (edge, part) in enumerate(zip(node.edges, contributions, strict=False)):  # leaves send nothing
            if edge is not None and part is not None:
                event.sent.append(self._sent(position, self._opened.get(edge, edge), part))
        self.events.append(event)
        self._see(event, gradient)

    def _sent(self, position: int, edge: Edge, part: Any) -> Sent:
        length, before = norm(part), self._sums.get(edge)
        if before is None:
            self._sums[edge] = part
            return Sent(position, edge, length, length)
        total = self._sums[edge] = before + part
        return Sent(position, edge, length, norm(total))


def gradients_of(gradient: Any) -> Sequence[Any]:
    """What arrived, by output."""
    return gradient if isinstance(gradient, (tuple, list)) else (gradient,)


def size(gradient: Any) -> float:
    """The Euclidean norm of a gradient, or of several together."""
    return math.hypot(*[norm(g) for g in gradients_of(gradient) if g is not None])


def _alone(node: Node) -> Any:
    """A copy at which the engine stops: no way goes on from it, and no hook runs again."""
    twin = copy.copy(node)
    twin.edges, twin.hooks = (), None
    return twin
