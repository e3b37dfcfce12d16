"""What comes to a recurrence from outside: the gradient that each step gets from readouts and losses, and the inputs x_t."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..graph import Edge, Node
from .history import History, ones
from .steps import Steps, feeding

Start = tuple[list[Edge], list[Any]]  # edges to start backward from, and the gradient for each
Place = tuple[int, int]  # (group, time step), see Steps.place


class Seed:
    """Gradients to start a run of backward with: edges, and what arrives at each from outside the recurrence."""

    def __init__(self) -> None:
        self.gradients: dict[Edge, Any] = {}

    def add(self, edge: Edge, gradient: Any) -> None:
        """Add to what arrives at `edge`."""
        before = self.gradients.get(edge)
        self.gradients[edge] = gradient if before is None else before + gradient

    def any(self) -> bool:
        """Is any of it not zero? `output[-1]` sends zeros to all steps but the last: they have no loss."""
        return any(np.any(gradient) for gradient in self.gradients.values())

    def both(self) -> tuple[list[Edge], list[Any]]:
        """The edges and the gradients, as `History.backward` takes them."""
        return list(self.gradients), list(self.gradients.values())


def losses_in_time(past: History) -> dict[Place | None, Seed]:
    """Split the loss by the time step at which it looks at the recurrence: what to start from for each, oldest first.

    The recurrence is everything that states were computed from. A gradient enters it where something that leads to
    no state, such as a readout, uses something that does. None holds what enters outside time, at weights and inputs.
    """
    inside = feeding(past.steps.tracks)
    found: dict[Place | None, Seed] = {}

    def enter(edge: Edge, gradient: Any) -> None:
        found.setdefault(past.steps.place(edge[0]), Seed()).add(edge, gradient)

    def watch(node: Node, gradient: Any, contributions: tuple[Any, ...]) -> None:
        if node not in inside:
            for edge, part in zip(node.edges, contributions, strict=True):
                if edge is not None and part is not None and edge[0] in inside:
                    enter(edge, part)

    starts = [edge for edge in past.edges if edge[0] not in inside]
    for edge in past.edges:
        if edge[0] in inside:  # the loss is itself a state
            enter(edge, ones(edge))
    if starts:
        past.backward(watch, starts)
    looked_at = {place: seed for place, seed in found.items() if place is None or seed.any()}
    return dict(sorted(looked_at.items(), key=lambda item: item[0] or (-1, -1)))


def last_loss(past: History) -> tuple[Start, int | None, int]:
    """(what to start from, the step, how many steps have a loss): the loss of the last time step that has one."""
    found = losses_in_time(past)
    places = [place for place in found if place is not None]
    if not places:
        return (past.edges, [ones(edge) for edge in past.edges]), None, 0
    return found[places[-1]].both(), places[-1][1], len(places)


def chosen_loss(past: History, at: Any) -> tuple[Start, str]:
    """The gradients to start from for `at` ("last", "all" or a time step), and words for it."""
    if at == "all":
        return (past.edges, [ones(edge) for edge in past.edges]), "of the whole loss"
    if at == "last":
        start, step, many = last_loss(past)
        if step is None:
            return start, "of the loss"
        return start, f"of the loss at t={step}" + (f", the last of {many} steps with one" if many > 1 else "")
    found = {place[1]: seed for place, seed in losses_in_time(past).items() if place is not None}
    if at not in found:
        raise ValueError(f'study: at={at!r} must be "last", "all", or a time step with a loss: {_listed(found)}')
    return found[at].both(), f"of the loss at t={at}"


def _listed(steps: Iterable[int]) -> str:
    steps = sorted(steps)
    return ", ".join(map(str, steps if len(steps) <= 8 else [*steps[:3], "…", *steps[-2:]]))


def inputs_in_time(nodes: list[Node], steps: Steps) -> dict[int, Edge]:
    """The input x_t of each step, as far as a gradient goes there: what one step alone takes from outside time.

    Raises RuntimeError if there is none.
    """
    used: dict[Edge, set[int]] = {}
    takers: dict[Edge, tuple[str, int]] = {}
    embedded: dict[int, Edge] = {}
    for node in nodes:
        t = steps.time(node)
        if t is None:
            continue
        if type(node).__name__ == "Embedding":
            embedded.setdefault(t, (node, 0))
        for k, edge in enumerate(node.edges):
            if edge is not None and steps.time(edge[0]) is None:
                used.setdefault(edge, set()).add(t)
                takers.setdefault(edge, (type(node).__name__, k))
    alike: dict[tuple[str, int, int], dict[int, Edge]] = {}
    for edge, at in used.items():
        if len(at) == 1:
            alike.setdefault((*takers[edge], len(edge[0].shapes[edge[1]])), {}).setdefault(min(at), edge)
    found = max(alike.values(), key=len, default={})
    if len(found) < 2 and len(embedded) > len(found):
        found = embedded
    if not found:
        raise RuntimeError(
            "study: no gradient goes to the inputs of the steps: x must require grad, or be computed "
            "from something that does, such as an embedding"
        )
    return found
