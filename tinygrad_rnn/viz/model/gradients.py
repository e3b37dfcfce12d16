"""The gradient in numbers: for each state, the norm of what arrived at each time step, and the factor per step.

`lanes(model)` is for everything that writes such numbers: the ports of a picture, the strip under it, the page.
Not connected, exactly zero and tiny are three things: nan, 0 and a small number.
"""

from __future__ import annotations

import math

import numpy as np

from ...graph import Edge
from ...study.decays import Line
from ...study.outside import inputs_in_time
from ...study.steps import Track
from .items import Item, Model, norm_of
from .time_steps import Place


class Lane:
    """One state through time, or the inputs x.

    label    "h", "c (layer 1)", "x"; title: of its graph, where several are compared
    norms    by time step: the norm of the gradient that arrived; nan: not connected
    factors  by time step: the norm one step further back, by that here; nan where there is none, or a cut between
    cuts     the steps into which the state comes detached
    items    by time step: what computed it
    places   by time step: in which tile of the picture it is
    line     the same as the studies know it, for its mean `factor` and its `reach`
    """

    def __init__(self, track: Track, model: Model):
        self.items: dict[int, Item] = {t: model.item_of[edge[0]] for t, edge in track.edges.items()}
        self.places: dict[int, Place] = {t: item.place for t, item in self.items.items() if item.place is not None}
        self.edges: dict[int, Edge] = track.edges
        self.name: str = track.name
        self.label: str = track.label
        self.title: str = next((model.title_of_row.get(place.row, "") for place in self.places.values()), "")
        norms = np.array([arrived(model, track.edges[t]) for t in track.steps])
        self.line: Line = Line(track, track.steps, norms, {})
        self.norms: dict[int, float] = dict(zip(self.line.steps, map(float, norms), strict=True))
        self.cuts: set[int] = {t for t in self.items if self._is_cut(track.before(t), t)}
        self.factors: dict[int, float] = {
            t: math.nan if t in self.cuts else float(factor)
            for t, factor in zip(self.line.steps, self.line.factors, strict=True)
        }

    def _is_cut(self, before: int | None, t: int) -> bool:
        """Does the state come into step t without its gradient?"""
        here = () if before is None else self.items[before].uses
        links = [link for link in here if link.target.place == self.places.get(t)]
        return bool(links) and all(link.cut for link in links)

    @property
    def reached(self) -> bool:
        """Did any gradient get here?"""
        return any(norm == norm for norm in self.norms.values())


def arrived(model: Model, edge: Edge) -> float:
    """The norm of the gradient that arrived at an edge; nan if none did."""
    node, number = edge
    if node.n_outputs == 1:
        found = None if node.notes is None else node.notes.arrived
    else:
        found = norm_of(link for link in model.item_of[node].uses if link.number == number)
    return math.nan if found is None else found


def lanes(model: Model) -> list[Lane]:
    """The states of a graph in which a backward was watched, and its inputs if a gradient went there."""
    if not model.has_gradients:
        return []
    found = [Lane(track, model) for track in model.time.tracks]
    inputs = _inputs(model)
    for lane in found:  # a title already says which of several graphs is meant
        if sum((other.title, other.name) == (lane.title, lane.name) for other in found) == 1:
            lane.label = lane.name
    return found + ([inputs] if inputs is not None and inputs.reached else [])


def _inputs(model: Model) -> Lane | None:
    nodes = [item.node for item in model.items if item.node is not None]
    try:
        edges = inputs_in_time(nodes, model.time) if model.time.tracks else {}
    except RuntimeError:  # no gradient goes there
        return None
    if len(edges) < 2:
        return None
    lane = Lane(Track("x", ("", None, None), 0, dict(sorted(edges.items()))), model)
    for t, edge in edges.items():
        user = next((link.target for link in model.item_of[edge[0]].uses if link.number == edge[1]), None)
        if user is not None and user.place is not None:
            lane.places[t] = user.place
    return lane
