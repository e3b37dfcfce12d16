"""The backward debugger: the engine's own run recorded once, then walked forward and back at will."""

from __future__ import annotations

import html
import math
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, SupportsIndex

import numpy as np

from ..._figure import COLOURS, SOFT, new_figure
from ..._tensor import Tensor
from ...graph import Edge, Leaf, Node
from ...ops.inplace import edge_of
from ..history import History
from ..results import Result, Table, shown
from ..steps import Track, _variables
from .event_text import clean, event_lines
from .events import Event, EventLog

MOST_SENT = 4  # targets of one event that a row of the table names


class Walk(Result):
    """A backward pass to walk through: a list of events and a place in it. Printed, it shows the present event.

    events    one for each operation that ran, in the engine's order, 0 at the loss. `walk[k]` is events[k]
    position  the number of the present event
    """

    def __init__(self, events: list[Event], tracks: list[Track], opened: dict[Edge, Edge]):
        self.events: list[Event] = events
        self.position: int = 0
        self.tracks: list[Track] = tracks
        self._opened: dict[Edge, Edge] = opened
        self._number: dict[Node, int] = {event.node: event.number for event in events}
        self._running: _Running = _Running(events)

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __getitem__(self, number: SupportsIndex) -> Event:
        return self.events[number]

    # --- where we are, and how to get elsewhere --------------------------------------------------------------

    @property
    def now(self) -> Event:
        """The present event."""
        return self.events[self.position]

    def next(self, n: int = 1) -> Walk:
        """Go n events on, away from the loss. Raises IndexError past the last."""
        return self._go(self.position + n)

    def back(self, n: int = 1) -> Walk:
        """Go n events back, towards the loss. Raises IndexError before the first."""
        return self._go(self.position - n)

    def to(
        self, place: Any = None, *, step: int | None = None, layer: int | None = None, direction: str | None = None
    ) -> Walk:
        """Go to an event.

        place      its number; "start" or "end"; a Tensor or a node of the graph; a name or an operation such as "h",
                   "weight_hh_l0", "Tanh": then the next such event, after the last one again from the start
        step       the first event of this time step in the order of backward (of this layer and direction, if given)

        Raises IndexError for a number that no event has, ValueError where there is no such event.
        """
        if isinstance(place, (int, np.integer)) and not isinstance(place, bool):
            return self._go(int(place))
        if isinstance(place, (Tensor, Node)):
            return self._go(self._event_of(place))
        if not isinstance(place, (str, type(None))) or place == "" or (place, step, layer, direction) == (None,) * 4:
            raise TypeError(f"walk: to() needs a number, a name, a tensor, a node, or step=, got {place!r}")
        if place in ("start", "end"):
            return self._go(0 if place == "start" else len(self) - 1)
        wanted = {"step": step, "layer": layer, "direction": direction}
        wanted = {key: value for key, value in wanted.items() if value is not None}
        first = 0 if place is None else self.position + 1
        for event in (*self.events[first:], *self.events[:first]):
            if place in (None, event.name, event.op) and all(getattr(event, k) == v for k, v in wanted.items()):
                return self._go(event.number)
        raise ValueError(self._nowhere(place, wanted))

    def _go(self, position: int) -> Walk:
        if not 0 <= position < len(self):
            raise IndexError(f"walk: there is no event {position}; they are 0 (the loss) to {len(self) - 1}")
        self.position = position
        return self

    def _event_of(self, place: Any) -> int:
        edge = edge_of(place) if isinstance(place, Tensor) else (place, 0)
        number = None if edge is None else self._number.get(self._opened.get(edge, edge)[0])
        if number is None:
            what = f"the tensor of shape {tuple(place.shape)}" if isinstance(place, Tensor) else repr(place)
            raise ValueError(f"walk: no gradient arrived at {what}: explain(loss, tensor) says why")
        return number

    def _nowhere(self, place: Any, wanted: dict[str, Any]) -> str:
        what = " and ".join([*([] if place is None else [repr(place)]), *(f"{k}={v!r}" for k, v in wanted.items())])
        steps = sorted({event.step for event in self if event.step is not None})
        known = f"the steps are {steps[0]} to {steps[-1]}" if steps else "no step was recorded"
        if place is not None:
            known = f"the names are {', '.join(dict.fromkeys(event.name for event in self if event.name))}"
        return f"walk: there is no event of {what}; {known}"

    # --- what is known at the present event ------------------------------------------------------------------

    @property
    def grads(self) -> dict[str, np.ndarray | None]:
        """By name, the running `.grad` of each weight and input: what has arrived up to the present event, and with it.

        None where nothing has arrived yet. The sums are those of the engine, to the last bit: what the events
        sent is computed again and added in its order. What waits at a value derived from a weight, such as a transpose
        that was made once, arrives when that has its turn.

        Raises RuntimeError if values of the graph were changed in place since, as by `optimizer.step()`.
        """
        sums = self._running.at(self.position)
        arrived = {event.name: sums.get(event.node) for event in self.leaves}
        return {name: None if total is None else np.asarray(total) for name, total in arrived.items()}

    @property
    def leaves(self) -> list[Event]:
        """The events at which gradients end in a weight or an input."""
        return [event for event in self.events if isinstance(event.node, Leaf)]

    def uses(self, leaf: Event) -> list[tuple[int, float]]:
        """When something was sent to a leaf: (number of the event, norm of the running gradient after it)."""
        return self._running.uses.get(leaf.node, [])

    def number_of(self, node: Node) -> int | None:
        """The number of a node's event, None if no gradient arrived there."""
        return self._number.get(node)

    # --- as a result -----------------------------------------------------------------------------------------

    def finding(self) -> str:
        """How many events, what became of the state's gradient, and the first that is not finite."""
        found = f"backward took {len(self)} events"
        bad = next((event for event in self if not math.isfinite(event.norm)), None)
        if bad is not None:
            return f"{found}; the first gradient that is not finite arrives at event {bad.number}, {bad.op}"
        for track in self.tracks:
            norms = [(t, self._norm(edge)) for t, edge in track.edges.items()]
            reached = [(t, norm) for t, norm in norms if norm is not None]
            if len(reached) > 1:
                (first, end), (last, start) = reached[0], reached[-1]
                name = clean(track.label)
                return f"{found}: the norm of ∂L/∂{name} is {shown(start)} at t={last}, {shown(end)} at t={first}"
        return f"{found}; the last ones add into {len(self.leaves)} .grad"

    def _norm(self, edge: Edge) -> float | None:
        number = self._number.get(edge[0])
        return None if number is None else self.events[number].norm

    def table(self) -> Table:
        """A row for each event: number, time step, place, operation, name, norm of what arrived, and what it sent where."""
        rows = [(e.number, e.step, where(e), e.op, e.name, e.norm, self._sent_text(e)) for e in self]
        return Table(("event", "t", "where", "operation", "name", "norm", "sent to"), rows)

    def _sent_text(self, event: Event) -> str:
        targets = [(self.events[self._number[sent.edge[0]]], sent.norm) for sent in event.sent[:MOST_SENT]]
        more = [f"{len(event.sent) - MOST_SENT} more"] if len(event.sent) > MOST_SENT else []
        return ", ".join([*(f"{to.number} {to.name or to.op}: {shown(norm)}" for to, norm in targets), *more])

    def plot(self) -> Any:
        """The norm of what arrives, event by event, with the states marked; below, the running gradients of weights."""
        figure, [[top], [below]] = new_figure(2, 1, (8.0, 5.2), sharex=True)
        norms = np.array([event.norm for event in self])
        top.plot(np.where((norms > 0) & np.isfinite(norms), norms, np.nan), color=SOFT, linewidth=0.8)
        for colour, track in zip(COLOURS, self.tracks, strict=False):
            at = [self._number[node] for node, _ in track.edges.values() if self._norm((node, 0))]
            top.plot(at, norms[at], "o", color=colour, markersize=4, label=clean(track.label))
        _mark(top, np.flatnonzero(norms == 0), "o", "exactly zero", 0.03)
        _mark(top, np.flatnonzero(~np.isfinite(norms)), "x", "not finite", 0.97)
        top.axvline(self.position, color=SOFT, linestyle=":", linewidth=0.8)
        top.set(ylabel="norm of what arrives", yscale="log" if (norms > 0).any() else "linear")
        top.set_title(self.finding(), fontsize="medium")
        for k, leaf in enumerate(sorted(self.leaves, key=lambda leaf: -leaf.norm)[: len(COLOURS)]):
            uses = [(number, norm) for number, norm in self.uses(leaf) if norm > 0 and math.isfinite(norm)]
            ends = [*uses, (len(self) - 1, uses[-1][1])] if uses else [(0, np.nan)]
            style = ("-", "--", "-.")[k % 3]
            below.step(*zip(*ends, strict=True), where="post", color=COLOURS[k], linestyle=style, label=leaf.name)
        below.set(ylabel="norm of the running .grad", yscale="log", xlabel="event (0 is the loss)")
        for ax in (top, below):
            if ax.get_legend_handles_labels()[0]:
                ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
        self._time_axis(top)
        return figure

    def _time_axis(self, ax: Any) -> None:
        """Time steps above the plot: where each begins in the order of backward; about ten of them."""
        begins: dict[int, int] = {}
        for event in self:
            if event.step is not None:
                begins.setdefault(event.step, event.number)
        some = list(begins.items())[:: max(1, len(begins) // 10)]
        if some:
            axis = ax.secondary_xaxis("top")
            axis.set_xticks([number for _, number in some], [str(t) for t, _ in some], fontsize=8)
            axis.set_xlabel("time step t", fontsize=8)

    def __repr__(self) -> str:
        return "\n".join(event_lines(self))

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(repr(self))}</pre>"


def walk(loss: Any) -> Walk:
    """Record the engine's backward pass from a loss, or several, to walk through it.

        w = walk(loss)
        print(w.to(step=3))         # what arrives there, the local rule, what it sends, the running .grad
        w.next().grads["weight_hh_l0"]

    No `.grad` is touched. A walk keeps the gradient that arrived at each operation and the values that the
    rules kept: memory linear in the graph, about as much as the graph inside `record()`. What an operation sent is computed
    again when asked for, and so are running gradients, from √n of them that are kept.

    Raises RuntimeError if backward has released the values of the graph and `record()` did not keep them.
    """
    with History.of(loss) as past:
        names = _names(past)

        def see(event: Event, gradient: Any) -> None:
            event.gradient, event.saved = gradient, event.node.saved_tensors
            event.step, event.name = past.steps.time(event.node), names.get(event.node, "")

        log = EventLog(see)
        past.backward(log)
        return Walk(log.events, past.steps.tracks, past.opened)


def where(event: Event) -> str:
    """Module, layer and direction of an event in a few words."""
    layer = "" if event.layer is None else f"layer {event.layer}"
    reverse = "reverse" if event.direction == "reverse" else ""
    return ", ".join(part for part in (clean(event.module), layer, reverse) if part)


def _names(past: History) -> dict[Node, str]:
    """What nodes are called: states, gates, variables of the user, weights; two leaves never the same."""
    names = {past.opened.get(edge, edge)[0]: clean(name) for name, edge in _variables(past.variables)}
    for node in past.nodes:
        gates = [name for kind, name in (node.roles or {}).values() if kind == "gate"]
        if gates:
            names[node] = clean(", ".join(gates))
    names |= {node: clean(track.name) for track in past.steps.tracks for node, _ in track.edges.values()}
    taken: dict[str, int] = {}
    for leaf in (node for node in past.nodes if isinstance(node, Leaf)):
        name = clean(past.name_of(leaf))
        taken[name] = taken.get(name, 0) + 1
        names[leaf] = name if taken[name] == 1 else f"{name} #{taken[name]}"
    return names


def _mark(ax: Any, at: np.ndarray, marker: str, label: str, height: float) -> None:
    if at.size:
        heights, over = np.full(at.size, height), ax.get_xaxis_transform()
        ax.plot(at, heights, marker, color=SOFT, fillstyle="none", label=label, transform=over)


class _Running:
    """What has arrived at each leaf, at any event: events that send to leaves are played again from the last of √n
    sums that are kept, so that going back gives exactly what there was."""

    def __init__(self, events: list[Event]):
        self.uses: dict[Node, list[tuple[int, float]]] = {}
        self.events: list[Event] = []  # those that change what has arrived at a leaf
        for event in events:
            to_leaves = [sent for sent in event.sent if isinstance(sent.edge[0], Leaf)]
            for sent in to_leaves:
                self.uses.setdefault(sent.edge[0], []).append((event.number, sent.running or 0.0))
            if to_leaves or isinstance(event.node, Leaf):
                self.events.append(event)
        self.numbers: list[int] = [event.number for event in self.events]
        self.stride: int = math.isqrt(len(self.events)) + 1
        self.milestones: dict[int, dict[Node, Any]] = {0: {}}  # by how many of the events have been played
        self.last: tuple[int, dict[Node, Any]] = 0, {}

    def at(self, number: int) -> dict[Node, Any]:
        """What has arrived at each leaf after the event of that number."""
        goal = bisect_right(self.numbers, number)
        start = max(count for count in (*self.milestones, self.last[0]) if count <= goal)
        sums = dict(self.milestones[start] if start in self.milestones else self.last[1])
        for count, event in enumerate(self.events[start:goal], start=start + 1):
            self._play(event, sums)
            if count % self.stride == 0:
                self.milestones[count] = dict(sums)
        self.last = goal, sums
        return dict(sums)

    def _play(self, event: Event, sums: dict[Node, Any]) -> None:
        if isinstance(event.node, Leaf):
            sums[event.node] = event.gradient  # a hook may have changed it
            return
        sends = event.sends
        for sent in event.sent:
            leaf, part = sent.edge[0], sends[sent.position]
            if isinstance(leaf, Leaf):
                sums[leaf] = part if leaf not in sums else sums[leaf] + part
