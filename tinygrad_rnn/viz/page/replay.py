"""What backward did, event by event, so that a page can play it: who ran, what arrived, what was sent to whom.

The engine is watched while it runs over the drawn graph; nothing here decides an order. If the values are
gone, what `tg.record()` noted of an earlier run is used: norms, in the same order, but no arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...graph import FREED, Edge, Node, ancestors
from ...study.events import Event, Recording, Sent, size
from ..model.items import Item, Link, Model
from ..model.opened import watched_backward


def replay(model: Model, look: Callable[[Item, Any], None]) -> list[Event]:
    """Run backward over the model's graph and return its events; `look(item, gradient)` sees each gradient.

    Leaves `.grad`, the graph and its saved values as they were. The seed is ones. Empty if there is nothing to run.
    """
    outputs = model.sources
    if any(node.saved_tensors is FREED for node in ancestors([node for node, _ in outputs])):
        return _from_notes(model)
    recording = Recording(lambda event, gradient: look(model.item_of[event.node], gradient), model.opened.edges)

    def watch(node: Node, gradient: Any, contributions: tuple[Any, ...]) -> None:
        if node in model.item_of:  # else a fused node, of which the model has the steps
            recording(node, gradient, contributions)

    watched_backward(outputs, seeds(outputs), model.opened, watch)
    return recording.events


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


# --- gradient through time: which loss reaches which state -------------------------------------------------------


@dataclass(slots=True)
class Flow:
    """One carried state: norms[t][k] is the norm of the gradient of the loss at time t by the state at time k.

    0 where nothing arrives. `items` holds the state of each time k in `times`.
    """

    name: str
    times: list[int]
    items: list[Item]
    norms: list[list[float]]


def gradient_flow(model: Model, title: Callable[[int], str] = lambda row: "") -> list[Flow]:
    """How much of the loss at each time reaches the states before it, for every state that rows hand on.

    The loss at time t is what reaches the states of step t from outside the recurrence: from readouts and losses,
    not from another step or layer. One backward pass for each time, seeded with that gradient alone.
    """
    states = _states(model)
    direct = _direct_gradients(model, states)
    times = sorted({key[0] for key in states.values()})
    norms: dict[int, dict[Item, float]] = {}
    for t in times:
        edges = [edge for edge in direct if states[model.item_of[edge[0]]][0] == t]
        norms[t] = _arrivals(model, edges, [direct[edge] for edge in edges], states) if edges else {}
    groups: dict[tuple[int, int], dict[int, Item]] = {}
    for item, (step, row, index) in states.items():
        groups.setdefault((row, index), {})[step] = item
    flows = []
    for (row, _), by_step in groups.items():
        own = sorted(by_step)
        items = [by_step[k] for k in own]
        name = f"{title(row)}{items[0].name or items[0].symbol}"
        flows.append(Flow(name, own, items, [[norms[t].get(item, 0.0) for item in items] for t in own]))
    return flows


def _states(model: Model) -> dict[Item, tuple[int, int, int]]:
    """What is carried from step to step, with the value of the last step: item -> (step, row, index in the step).

    A sum that only grows, such as a loss added up in the loop, is no state.
    """
    carried: dict[tuple[int, int], list[Link]] = {}  # by row and index
    for link in model.links:
        here, there = link.source.place, link.target.place
        if here is None or there is None or here.row != there.row or here.step == there.step:
            continue
        if model.rows[here.row].step is not None:
            carried.setdefault((here.row, link.source.index), []).append(link)
    ops = {key: links[0].source.op for key, links in carried.items() if not all(map(_grows, links))}
    return {
        item: (place.step, place.row, item.index)
        for place, items in model.tiles.items()
        for item in items
        if ops.get((place.row, item.index)) == item.op
    }


def _grows(link: Link) -> bool:
    return link.source.op == link.target.op == "Add" and link.source.index == link.target.index


def _direct_gradients(model: Model, states: dict[Item, Any]) -> dict[Edge, Any]:
    """For each state, the gradient it receives from outside the recurrence."""
    recurrent = {row for _, row, _ in states.values()}
    feeding = _feeding(model, states)

    def outside(link: Link) -> bool:
        here, there = link.source.place, link.target.place
        if there is None or there.row not in recurrent:
            return True
        return here == there and link.target not in feeding

    found: dict[Edge, Any] = {}

    def watch(node: Node, gradient: Any, contributions: tuple[Any, ...]) -> None:
        item = model.item_of.get(node)
        for link in item.inputs if item is not None else ():
            sent = contributions[link.position] if link.position < len(contributions) else None
            if sent is not None and link.source in states and not link.cut and outside(link):
                assert link.source.node is not None
                edge = (link.source.node, link.number)
                found[edge] = found[edge] + sent if edge in found else sent

    watched_backward(model.sources, seeds(model.sources), model.opened, watch)
    for edge in model.outputs:
        if model.item_of[edge[0]] in states:  # the state itself was drawn
            one = seeds([edge])[0]
            found[edge] = found[edge] + one if edge in found else one
    return found


def _feeding(model: Model, states: dict[Item, Any]) -> set[Item]:
    """Operations that lead to a state of their own step, and the states."""
    feeding = set(states)
    for item in reversed(model.items):
        if item.place is not None and any(u.target in feeding and u.target.place == item.place for u in item.uses):
            feeding.add(item)
    return feeding


def _arrivals(model: Model, edges: list[Edge], start: list[Any], states: dict[Item, Any]) -> dict[Item, float]:
    """Run backward from `edges` seeded with `start`; the norm of what arrives at each state."""
    norms: dict[Item, float] = {}

    def watch(node: Node, gradient: Any, contributions: tuple[Any, ...]) -> None:
        item = model.item_of.get(node)
        if item is not None and item in states:
            norms[item] = size(gradient)

    watched_backward(edges, start, model.opened, watch)
    return norms
