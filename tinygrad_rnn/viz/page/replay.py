"""What backward did, event by event, so that a page can play it: who ran, what arrived, what was sent to whom.

The engine is watched while it runs over the drawn graph; nothing here decides an order. If the values are
gone, what `tg.record()` noted of an earlier run is used: norms, in the same order, but no arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...graph import FREED, Edge, Node, ancestors
from ...study.walking.events import Event, EventLog, Sent
from ..model.items import Model
from ..model.opened import watched_backward


def replay(model: Model, look: Callable[[Event, Any], None]) -> list[Event]:
    """Run backward over the model's graph and return its events; `look(event, gradient)` sees each gradient.

    Leaves `.grad`, the graph and its saved values as they were. The seed is ones. Empty if there is nothing to run.
    """
    outputs = model.sources
    if any(node.saved_tensors is FREED for node in ancestors([node for node, _ in outputs])):
        return _from_notes(model)
    log = EventLog(look, model.opened.edges)

    def watch(node: Node, gradient: Any, contributions: tuple[Any, ...]) -> None:
        if node in model.item_of:  # else a fused node, of which the model has the steps
            log(node, gradient, contributions)

    watched_backward(outputs, seeds(outputs), model.opened, watch)
    return log.events


def seeds(outputs: list[Edge]) -> list[np.ndarray]:
    """Ones for each output."""
    kinds = [
        (node.shapes[number], node.dtype if node.n_outputs == 1 else node.dtype[number]) for node, number in outputs
    ]
    return [np.ones(shape, dtype) for shape, dtype in kinds]


def _from_notes(model: Model) -> list[Event]:
    """The events of a run that `tg.record()` watched. The engine's order is: newest first."""
    events: list[Event] = []
    for item in reversed(model.items):
        notes = item.node.notes if item.node is not None else None
        if item.node is not None and notes is not None and notes.arrived is not None:
            sent = [
                Sent(link.position, (link.source.node, link.number), link.norm, None)
                for link in item.inputs
                if link.norm is not None and link.source.node is not None
            ]
            events.append(Event(len(events), item.node, notes.arrived, sent))
    return events
