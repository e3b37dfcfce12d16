"""Everything that a recurrent layer computes on its way: pre-activations, gates and states at all steps, as arrays."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .._figure import folded, new_figure
from .._mode import enable_grad
from .._tensor import Tensor
from ..atomic import write_atomically
from ..graph import Node, ancestors
from ..nn.module import Module
from ..notes import record
from ..ops.inplace import edge_of
from .results import Result, Table
from .steps import Steps, Track

BENDS = ("Tanh", "Sigmoid", "ReLU", "Relu")
SATURATED = {"Tanh": (-0.999, 0.999), "Sigmoid": (0.01, 0.99)}


class States(Result):
    """What a module computed at each step, by name; where there are several layers, "h (layer 1)", as `decay` names them.

    steps      the time steps, in order of t
    states     "h", "c": each (T, B, H); nan where a sequence has ended
    gates      "i", "f", "g", "o" of an LSTM, "r", "z", "n" of a GRU …: each (T, B, H), after the nonlinearity
    before     the same names, and "h" of a plain RNN: the numbers before the nonlinearity (z_t of h_t = tanh z_t)
    attention  by module path: the weights, (B, heads, L, S); of a decoder that attends at each step (T, …)
    labels     what stands at each step on the time axis of `plot`: characters, words; None: t
    """

    def __init__(self, nodes: list[Node], labels: Sequence[Any] | None):
        tracks = Steps(nodes, {})
        self.labels: list[str] | None = None if labels is None else [str(label) for label in labels]
        self.steps: list[int] = sorted({t for track in tracks.tracks for t in track.edges})
        self.states: dict[str, np.ndarray] = {}
        self.gates: dict[str, np.ndarray] = {}
        self.before: dict[str, np.ndarray] = {}
        self.attention: dict[str, np.ndarray] = _attention(nodes)
        self._bend: dict[str, str] = {}
        for track in tracks.tracks:
            self._add(self.states, track.label, {t: (node, k) for t, (node, k) in track.edges.items()})
        for name, edges in _gates(nodes, tracks).items():
            self._add(self.gates, name, edges)

    def _add(self, where: dict[str, np.ndarray], name: str, edges: dict[int, tuple[Node, int]]) -> None:
        where[name] = self._stacked({t: _value(*edge) for t, edge in edges.items()})
        node = next(iter(edges.values()))[0]
        if type(node).__name__ in BENDS:
            self._bend[name] = type(node).__name__
            inputs = {t: _input(each) for t, (each, _) in edges.items()}
            self.before[name] = self._stacked(inputs)

    def _stacked(self, values: dict[int, np.ndarray]) -> np.ndarray:
        largest = max((value.shape for value in values.values()), key=np.prod)
        whole = np.full((len(self.steps), *largest), np.nan, next(iter(values.values())).dtype)
        place = {t: k for k, t in enumerate(self.steps)}
        for t, value in values.items():
            whole[(place[t], *map(slice, value.shape))] = value
        return whole

    def __getitem__(self, name: str) -> np.ndarray:
        """A state or gate by name. Raises KeyError with the names that there are."""
        found = {**self.gates, **self.states, **self.attention}
        if name not in found:
            raise KeyError(f"there is no {name!r}; there are {', '.join(map(repr, found))}")
        return found[name]

    def _saturated(self, name: str) -> float | None:
        low, high = SATURATED.get(self._bend.get(name, ""), (None, None))
        values = {**self.gates, **self.states}[name]
        known = values[np.isfinite(values)]
        return None if low is None or not known.size else float(((known < low) | (known > high)).mean())

    def finding(self) -> str:
        """What there is, and the most saturated of it."""
        if not self.steps:
            many = len(self.attention)
            return f"attention weights of {many} module{'s' if many > 1 else ''}; no states in time"
        shares = {name: self._saturated(name) for name in (*self.states, *self.gates)}
        worst = max((name for name in shares if shares[name] is not None), key=lambda n: shares[n] or 0, default=None)
        shape = next(iter(self.states.values())).shape
        counts = (
            f"{len(named)} {kind}{'' if len(named) == 1 else 's'}"
            for kind, named in (("state", self.states), ("gate", self.gates))
            if named
        )
        words = f"{' and '.join(counts)} at {len(self.steps)} steps, {shape[-1]} units each"
        return words + (
            f"; {worst} is saturated in {shares[worst]:.0%} of its numbers" if worst and shares[worst] else ""
        )

    def table(self) -> Table:
        """A row for each state and gate: what it is, shape, mean, standard deviation, extremes, share that is saturated."""
        rows = []
        for kind, named in (("state", self.states), ("gate", self.gates), ("attention", self.attention)):
            for name, values in named.items():
                numbers = [float(f(values)) for f in (np.nanmean, np.nanstd, np.nanmin, np.nanmax)]
                rows.append(
                    (name, kind, str(values.shape), *numbers, self._saturated(name) if kind != "attention" else None)
                )
        return Table(("name", "kind", "shape", "mean", "std", "smallest", "largest", "saturated"), rows)

    def plot(self, *names: str, sample: int = 0) -> Any:
        """Heat maps of units × time, one under the other, of one sample of the batch; all states unless names are given.

        Attention is drawn by its path: a map (queries × keys) for each head.
        """
        chosen = names or tuple(self.states) or tuple(self.attention)
        maps = [entry for name in chosen for entry in self._maps(name, sample)]
        figure, axes = new_figure(len(maps), 1, (7.5, 1.2 + 1.7 * len(maps)))
        for ax, (name, values, is_time) in zip(axes[:, 0], maps, strict=True):
            largest = float(np.nanmax(np.abs(values))) or 1.0
            signed = values[np.isfinite(values)].min(initial=0) < 0
            image = ax.imshow(
                values, aspect="auto", interpolation="nearest", cmap="RdBu_r" if signed else "viridis",
                vmin=-largest if signed else 0, vmax=largest,
            )  # fmt: skip
            figure.colorbar(image, ax=ax, pad=0.01, label="value" if is_time else "weight")
            ax.yaxis.get_major_locator().set_params(integer=True)
            ax.set(ylabel="unit" if is_time else "query", title=name)
            self._label(ax.set_xticks, values.shape[1], 90)
            if not is_time:
                self._label(ax.set_yticks, values.shape[0] if values.shape[0] <= 16 else 0, 0)
                ax.set_xlabel("key")
        if maps[-1][2]:
            axes[-1, 0].set_xlabel("time step t" if self.labels is None else "input, by time step")
        figure.suptitle(folded(self.finding()), fontsize="medium")
        return figure

    def _maps(self, name: str, sample: int) -> list[tuple[str, np.ndarray, bool]]:
        values = self[name]
        if name in self.attention:
            return [(f"{name or 'attention'}, head {k}", head, False) for k, head in enumerate(values[sample])]
        one = values if values.ndim < 3 else values[:, sample]
        return [(name, one.reshape(len(one), -1).T, True)]

    def _label(self, set_ticks: Any, length: int, rotation: float) -> None:
        """Write what stands at each step on an axis of this length, or the number of some steps."""
        if self.labels is not None and len(self.labels) >= length > 0 and length <= 80:
            shown = [{" ": "␣", "\n": "⏎"}.get(label, label) for label in self.labels[:length]]
            words = max(map(len, shown), default=0) > 2
            set_ticks(range(length), shown, fontsize=7 if length > 40 else 9, rotation=rotation if words else 0)
        elif len(self.steps) == length > 0:
            some = range(0, length, max(1, length // 10))
            set_ticks(some, [str(self.steps[k]) for k in some])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all arrays to an .npz file: "state h", "gate f", "before f", "attention PATH", "steps", and "labels"."""
        kinds = {"state": self.states, "gate": self.gates, "before": self.before, "attention": self.attention}
        arrays = {f"{kind} {name}".strip(): a for kind, named in kinds.items() for name, a in named.items()}
        arrays |= {"steps": np.array(self.steps)} | ({} if self.labels is None else {"labels": np.array(self.labels)})
        file = io.BytesIO()
        np.savez(file, **arrays)  # type: ignore[arg-type]  # of the names none is allow_pickle
        write_atomically(path, file.getvalue())


def states(module: Module, *inputs: Any, labels: Sequence[Any] | None = None) -> States:
    """Run a module on its inputs; all pre-activations, gates and states of every step, and attention weights per head.

        found = study.states(model, x, labels=text)
        found.states["h"], found.gates["f"], found.before["h"]        # each (T, B, H)
        found.plot("h")

    Works for every layer of `nn` that goes through time, on its own or inside a model, with any cell that names its
    gates. The module runs once more, in the mode (training or not) that it is in; no gradient is touched. `labels` are
    the characters or words of the time axis.

    Raises RuntimeError if nothing in the module steps through time or attends.
    """
    with record(), enable_grad(), _all_wanted(module):
        made = module(*[_wanted(x) for x in inputs])
        edges = [tensor._edge for tensor in _tensors(made) if tensor._edge is not None]
        found = States(ancestors([edge[0] for edge in edges])[::-1], labels)
    if not found.steps and not found.attention:
        raise RuntimeError(f"states: nothing in this {type(module).__name__} steps through time or attends")
    return found


def recorded_states(loss: Tensor, labels: Sequence[Any] | None = None) -> States:
    """The same of the graph of a loss that was computed inside `record()`, as far as its operations are in the graph."""
    found = States(ancestors([edge_of(loss)[0]])[::-1], labels)
    if not found.steps and not found.attention:
        raise RuntimeError("states: nothing in the graph of this loss steps through time or attends")
    return found


@contextlib.contextmanager
def _all_wanted(module: Module) -> Iterator[None]:
    """Inside, all weights require grad, so that each operation has its place in the graph."""
    frozen = [p for p in module.parameters() if not p.requires_grad]
    try:
        for p in frozen:
            p.requires_grad_(True)
        yield
    finally:
        for p in frozen:
            p.requires_grad_(False)


def _wanted(x: Any) -> Any:
    """A plain input of numbers that requires grad, where it needs none."""
    if isinstance(x, Tensor) and x.array.dtype.kind == "f" and not x.requires_grad:
        return x.detach().requires_grad_(True)
    return x


def _tensors(made: Any) -> Iterator[Tensor]:
    if isinstance(made, Tensor):
        yield made
    elif isinstance(made, (tuple, list)):
        for part in made:
            yield from _tensors(part)
    elif isinstance(made, dict):
        yield from _tensors(list(made.values()))


def _gates(nodes: list[Node], steps: Steps) -> dict[str, dict[int, tuple[Node, int]]]:
    """The gates by name and time step, named as the states of their cell are."""
    found: dict[str, dict[int, tuple[Node, int]]] = {}
    cells: dict[Any, Track] = {track.run: track for track in steps.tracks}
    for node in nodes:
        for number, (kind, name) in (node.roles or {}).items():
            track = cells.get((node.scope.path, node.scope.layer, node.scope.direction))
            t = steps.time(node)
            if kind == "gate" and track is not None and t is not None:
                found.setdefault(name + track.label[len(track.name) :], {})[t] = node, number
    return found


def _value(node: Node, number: int) -> np.ndarray:
    output = node.notes.output
    return output[number] if isinstance(output, tuple) else output


def _input(node: Node) -> np.ndarray:
    edge = node.edges[0]
    assert edge is not None  # a state or gate in the graph has come from somewhere
    return _value(*edge) if edge[0].notes is not None else edge[0].variable.array  # type: ignore[attr-defined]


def _attention(nodes: list[Node]) -> dict[str, np.ndarray]:
    found: dict[str, list[np.ndarray]] = {}
    for node in nodes:
        name = type(node).__name__
        if name == "Attention" or (name == "Softmax" and "attention" in node.scope.path.lower()):
            found.setdefault(node.scope.path, []).append(_value(node, node.n_outputs - 1))
    return {path: each[0] if len(each) == 1 else _together(each) for path, each in found.items()}


def _together(each: list[np.ndarray]) -> np.ndarray:
    alike = [weights for weights in each if weights.shape == each[0].shape]
    return np.stack(alike)
