"""Time in a graph: which step a node belongs to, and which of its values are states, carried from step to step.

Cells say what their states and gates are (`node.roles`). In a loop that the user wrote and tagged with
`tinygrad_rnn.step(t)`, a state is what one step hands to the next. Where nothing was tagged, the calls of a cell, or of
a layer that sees one step at a time, are counted.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from .._tensor import Tensor
from ..graph import Edge, Leaf, Node, ancestors
from ..ops.inplace import edge_of

Pass = tuple[str, int | None, str | None]  # module path, layer, direction


class Track:
    """One state through one run over time: "h" of a layer in a direction, or what a loop carries.

    name    as the cell or the user calls it
    label   the name, with the place in the model where several states share it
    edges   by time step, in the order in which the run computed them
    group   the same number for states that step through the same loop or the same call of a layer
    """

    def __init__(self, name: str, run: Pass, group: int, edges: dict[int, Edge]):
        self.name: str = name
        self.label: str = name
        self.run: Pass = run
        self.group: int = group
        self.edges: dict[int, Edge] = edges

    @property
    def steps(self) -> list[int]:
        """The time steps in order of t."""
        return sorted(self.edges)

    def before(self, t: int) -> int | None:
        """The step whose state is read at step t, None for the first."""
        return self._before[t]

    @functools.cached_property
    def _before(self) -> dict[int, int | None]:
        return dict(zip(self.edges, (None, *self.edges), strict=False))


class Steps:
    """Time in the graph with these nodes, oldest first; `variables` give states of loops their names."""

    def __init__(self, nodes: list[Node], variables: dict[str, Any]):
        self.tracks: list[Track] = []
        self._group_of_call: dict[tuple[str, int], int] = {}
        self._counted: dict[tuple[str, int], int] = {}  # calls that are steps themselves
        self._loop_of: dict[Node, int] = {}
        self._groups: int = 0
        self._of_cells(nodes)
        self._of_loops(nodes, variables)
        self._label()
        self.tracks.sort(key=lambda track: (track.group, track.run[1] or 0, track.run[2] or "", track.name != "h"))

    def time(self, node: Node) -> int | None:
        """The time step of a node, None outside time."""
        scope = node.scope
        counted = self._counted.get((scope.path, scope.call))
        return scope.step if counted is None else counted

    def place(self, node: Node) -> tuple[int, int] | None:
        """(group, time step) of a node: which loop or layer, and when. None outside time."""
        t = self.time(node)
        if t is None:
            return None
        return self._loop_of.get(node, self._group_of_call.get((node.scope.path, node.scope.call), -1)), t

    def chosen(self, state: str | None) -> list[Track]:
        """The tracks of that name or label, all if None; raises if there are none."""
        self.need()
        found = [track for track in self.tracks if state in (None, track.name, track.label)]
        if not found:
            known = ", ".join(repr(track.label) for track in self.tracks)
            raise ValueError(f"study: no state is called {state!r} in this graph; there are {known}")
        return found

    def need(self) -> None:
        """Raise unless the graph has states in time."""
        if not self.tracks:
            raise RuntimeError(
                "study: this graph has no time steps. Use a recurrent layer or nn.Recurrent; or tag your own loop: "
                "for t, x_t in enumerate(x): with tinygrad_rnn.step(t): h = cell(x_t, h). A loop that detaches its state at "
                "every step shows it only if it ran inside `with tinygrad_rnn.record():`"
            )

    # --- states that cells named ----------------------------------------------------------------------------

    def _of_cells(self, nodes: list[Node]) -> None:
        calls: dict[Pass, dict[tuple[int, int | None], dict[str, Edge]]] = {}  # (call, step) -> states, in order
        for node in nodes:
            for number, (kind, name) in (node.roles or {}).items():
                if kind == "state":
                    scope = node.scope
                    run = scope.path, scope.layer, scope.direction
                    calls.setdefault(run, {}).setdefault((scope.call, scope.step), {})[name] = (node, number)
        for run, made in calls.items():
            for key in _passes(list(made)):
                self._add_run(run, key, made)

    def _add_run(self, run: Pass, keys: list[tuple[int, int | None]], made: dict[Any, dict[str, Edge]]) -> None:
        counted = len(keys) > 1 and len({step for _, step in keys}) == 1
        group = self._group_of_call.get((run[0], keys[0][0]))
        if group is None:
            group = self._new_group()
        edges: dict[str, dict[int, Edge]] = {}
        for k, (call, step) in enumerate(keys):
            t = k if counted or step is None else step
            self._group_of_call[run[0], call] = group
            if counted or step is None:
                self._counted[run[0], call] = t
            for name, edge in made[call, step].items():
                edges.setdefault(name, {})[t] = edge
        self.tracks += [Track(name, run, group, by_step) for name, by_step in edges.items()]

    def _new_group(self) -> int:
        self._groups += 1
        return self._groups

    # --- loops that the user tagged -------------------------------------------------------------------------

    def _of_loops(self, nodes: list[Node], variables: dict[str, Any]) -> None:
        named = {(node, n) for track in self.tracks for node, n in track.edges.values()}
        for loop in self._loops(nodes):
            group = self._new_group()
            inside = [track for track in self.tracks if any(node in loop.place for node, _ in track.edges.values())]
            for node in loop.place:
                self._loop_of[node] = group
            for track in inside:
                track.group = group
            for edges in loop.states():
                if not named.intersection(edges.values()):
                    self.tracks.append(Track("", (loop.path, loop.layer, loop.direction), group, edges))
        _name([track for track in self.tracks if not track.name], variables)

    def _loops(self, nodes: list[Node]) -> list[_Loop]:
        loops: list[_Loop] = []
        running: dict[tuple[Any, Any], _Loop] = {}
        for node in nodes:
            scope = node.scope
            if scope.step is None or isinstance(node, Leaf) or _by_layer(node, self._group_of_call):
                continue
            key = scope.layer, scope.direction
            loop = running.get(key)
            if loop is None or loop.starts_again(scope.step):
                loop = running[key] = _Loop(*key)
                loops.append(loop)
            loop.add(node, scope.step)
        return loops

    def _label(self) -> None:
        """Tell states of the same name apart by module, layer, direction, and call."""
        for name in {track.name for track in self.tracks}:
            same = [track for track in self.tracks if track.name == name]
            fields = [_fields(track) for track in same]
            differ = [k for k in range(3) if len({field[k] for field in fields}) > 1]
            for track, field in zip(same, fields, strict=True):
                where = ", ".join(field[k] for k in differ if field[k])
                track.label = f"{name} ({where})" if where else name
            repeated: dict[str, int] = {}
            for track in same:
                repeated[track.label] = repeated.get(track.label, 0) + 1
                if repeated[track.label] > 1:
                    track.label += f" #{repeated[track.label]}"


def _fields(track: Track) -> tuple[str, str, str]:
    path, layer, direction = track.run
    return path, "" if layer is None else f"layer {layer}", direction or ""


def _passes(keys: list[tuple[int, int | None]]) -> Iterator[list[tuple[int, int | None]]]:
    """Split the (call, step) pairs of a cell, in order, into passes over time.

    A layer makes all steps in one call. A cell in a loop makes one step in each; where all of these have the same step,
    or none, the calls are the steps.
    """
    calls = {call for call, _ in keys}
    if len(calls) < len(keys):
        for call in dict.fromkeys(call for call, _ in keys):
            yield [key for key in keys if key[0] == call]
        return
    if len({step for _, step in keys}) == 1:
        yield keys
        return
    run: list[tuple[int, int | None]] = []
    for key in keys:
        if any(key[1] == step for _, step in run):
            yield run
            run = []
        run.append(key)
    yield run


def _by_layer(node: Node, calls: dict[tuple[str, int], int]) -> bool:
    """Was the node made by a layer that goes through time itself? (Cells do not set a direction.)"""
    return node.scope.direction is not None and (node.scope.path, node.scope.call) in calls


class _Loop:
    """The nodes of one loop, by step and place in the step."""

    def __init__(self, layer: int | None, direction: str | None):
        self.layer: int | None = layer
        self.direction: str | None = direction
        self.path: str = ""
        self.steps: dict[int, list[Node]] = {}
        self.place: dict[Node, tuple[int, int]] = {}  # node -> step, index in the step
        self.now: int | None = None

    def starts_again(self, step: int) -> bool:
        """Does a node of that step belong to another pass?"""
        return step != self.now and step in self.steps

    def add(self, node: Node, step: int) -> None:
        """Append a node."""
        self.now = step
        inside = self.steps.setdefault(step, [])
        self.place[node] = step, len(inside)
        inside.append(node)

    def states(self) -> list[dict[int, Edge]]:
        """What steps hand to the next one: for each such value, its edge by step.

        A sum that only grows, such as a loss that is added up in the loop, is no state. Where nothing is handed on by a
        gradient's way, what `record()` saw being detached is.
        """
        order = list(self.steps)
        handed = self._handed(order, lambda node: node.edges)
        if not any(any(uses.values()) for uses in handed.values()):
            handed = self._handed(order, _cut)
        found: dict[tuple[Any, int, int], dict[int, Edge]] = {}  # (op, output, which of these, in order) -> by step
        for step in order:
            met: dict[tuple[Any, int], int] = {}
            for edge, carried in sorted(handed.get(step, {}).items(), key=lambda item: (item[0][0].birth, item[0][1])):
                key = type(edge[0]), edge[1]
                met[key] = met.get(key, 0) + 1
                if carried:
                    found.setdefault((*key, met[key]), {})[step] = edge
        return [self._whole(edges, order) for edges in found.values()]

    def _handed(self, order: list[int], reads: Callable[[Node], Any]) -> dict[int, dict[Edge, bool]]:
        """By step, what the next step reads of it: has it another use than to grow?"""
        previous = dict(zip(order[1:], order, strict=False))
        handed: dict[int, dict[Edge, bool]] = {}
        for node, (step, _) in self.place.items():
            for edge in reads(node):
                if edge is None or edge[0] not in self.place or self.place[edge[0]][0] != previous.get(step):
                    continue
                grows = type(edge[0]).__name__ == type(node).__name__ == "Add"
                before = handed.setdefault(self.place[edge[0]][0], {})
                before[edge] = before.get(edge, False) or not grows
        return handed

    def _whole(self, edges: dict[int, Edge], order: list[int]) -> dict[int, Edge]:
        """With the states that no step reads, of the last step and before a cut: where the other steps have it."""
        node, number = next(reversed(edges.values()))
        index = self.place[node][1]
        for step in order[order.index(next(iter(edges))) :]:
            inside = self.steps[step]
            if step not in edges and index < len(inside) and type(inside[index]) is type(node):
                edges[step] = (inside[index], number)
        return {step: edges[step] for step in order if step in edges}


def _cut(node: Node) -> list[Edge | None]:
    """What a node reads that was detached, or made under no_grad."""
    constants = () if node.notes is None else node.notes.constants.values()
    return [constant.cut for constant in constants if constant.how != "integer"]


# --- names of states in a user's loop -----------------------------------------------------------------------


def _name(tracks: list[Track], variables: dict[str, Any]) -> None:
    """Name states by the user's variables, by the wiring of an LSTM, else h (or s0, s1 … if there are several)."""
    by_edge = {edge: name for name, edge in _variables(variables)}
    for track in tracks:
        track.name = next((by_edge[edge] for edge in reversed(track.edges.values()) if edge in by_edge), "")
    unnamed = [track for track in tracks if not track.name]
    for h in unnamed:
        c = _memory_of(h, unnamed)
        if c is not None:
            h.name, c.name = "h", "c"
    unnamed = [track for track in unnamed if not track.name]
    for k, track in enumerate(unnamed):
        alone = sum(other.group == track.group for other in unnamed) == 1
        track.name = "h" if alone and not any(t.name == "h" and t.group == track.group for t in tracks) else f"s{k}"


def _variables(variables: dict[str, Any]) -> Iterator[tuple[str, Edge]]:
    for name, value in variables.items():
        for tensor in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(tensor, Tensor) and not name.startswith("_"):
                edge = edge_of(tensor)
                if edge is not None:
                    yield name, edge


def _memory_of(h: Track, tracks: list[Track]) -> Track | None:
    """c of h = o ⊙ tanh(c), if that is how h is made."""
    node, _ = next(reversed(h.edges.values()))
    if type(node).__name__ != "Mul":
        return None
    for edge in node.edges:
        if edge is not None and type(edge[0]).__name__ == "Tanh":
            for c in tracks:
                if c is not h and edge[0].edges[0] in c.edges.values():
                    return c
    return None


def feeding(tracks: list[Track]) -> set[Node]:
    """All nodes that states were computed from, and the states' own."""
    return set(ancestors([node for track in tracks for node, _ in track.edges.values()]))
