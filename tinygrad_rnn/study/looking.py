"""One look at a training step: what a monitor sees while it lets the engine run once more over the graph of the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import engine
from .._mode import switch
from .._quiet import quiet
from .._tensor import Tensor
from ..graph import FREED, Leaf, Node, ancestors
from ..ops.function import OUT
from ..ops.inplace import edge_of
from .history import ones, without_retaining
from .in_kernels import ByStep
from .results import norm

OPEN = {"Tanh": (-0.999, 0.999), "Sigmoid": (0.01, 0.99), "ReLU": (0.0, np.inf)}  # where a gradient passes
Key = tuple[str, int | None, str | None, str]  # module path, layer, direction, name of a state, gate or operation


class Units:
    """Numbers behind nonlinearities of one kind: how many are saturated, or off, and which units never were open."""

    def __init__(self) -> None:
        self.closed: int = 0
        self.all: int = 0
        self.opened: np.ndarray | None = None  # by unit

    def add(self, values: np.ndarray, low: float, high: float) -> None:
        """Count the numbers of one step; the last axis is units."""
        is_open = (values > low) & (values < high)
        self.all += is_open.size
        self.closed += is_open.size - int(np.count_nonzero(is_open))
        units: Any = is_open.reshape(-1, is_open.shape[-1]).any(0) if is_open.ndim else is_open.reshape(1)
        if self.opened is None:
            self.opened = units
        elif len(self.opened) == len(units):
            self.opened = self.opened | units

    @property
    def share(self) -> float:
        """Of the numbers, how many are saturated or off."""
        return self.closed / self.all if self.all else 0.0

    @property
    def dead(self) -> int:
        """Units that were saturated or off in every sample at every step."""
        return 0 if self.opened is None else int((~self.opened).sum())


class Look:
    """What was seen at one training step.

    step       which, from 0
    loss       its value
    gradients  by parameter: the norm
    in_time    by state: {t: ‖∂L/∂s_t‖}
    saturated  by state, gate or nonlinearity: the share of numbers that are saturated (of relu: off)
    dead       the same: how many units never were open, of how many
    updates    by parameter: ‖update‖ / ‖weight‖, of the optimizer's step that followed; empty until it was taken
    """

    def __init__(self, step: int, loss: Tensor, parameters: dict[str, Tensor]):
        self.step: int = step
        self.loss: float = loss.item()
        self.gradients: dict[str, float] = {}
        self.updates: dict[str, float] = {}
        self._times: dict[Key, dict[tuple[Any, int], float]] = {}
        self._units: dict[Key, Units] = {}
        self._names: dict[int, str] = {id(p): name for name, p in parameters.items()}
        self._backward(loss)
        label = _labels({*self._times, *self._units})
        self.in_time: dict[str, dict[int, float]] = {label[key]: _by_time(at) for key, at in self._times.items()}
        self.saturated: dict[str, float] = {label[key]: units.share for key, units in self._units.items()}
        self.dead: dict[str, tuple[int, int]] = {
            label[key]: (units.dead, len(units.opened))
            for key, units in self._units.items()
            if units.opened is not None
        }
        del self._times, self._units, self._names

    @property
    def norm(self) -> float:
        """The norm of all gradients together."""
        return float(np.sqrt(sum(size * size for size in self.gradients.values())))

    @quiet
    def _backward(self, loss: Tensor) -> None:
        edge = edge_of(loss)
        if edge is None:
            return
        nodes = ancestors([edge[0]])
        if any(node.saved_tensors is FREED for node in nodes):
            raise RuntimeError(
                "Monitor: backward has released this step's graph: call step(loss) before loss.backward()"
            )
        with without_retaining(nodes), switch(watchers=(self._watch,)):
            engine.backward([edge], [ones(edge)], retain=True, into_leaves=False)

    def _watch(self, node: Node, gradient: Any, contributions: tuple[Any, ...]) -> None:
        if isinstance(node, Leaf):
            name = self._names.get(id(node.variable))
            if name is not None:
                self.gradients[name] = norm(gradient)
        elif hasattr(node, "kernel_backward"):
            self._fused(node, gradient)
        else:
            self._step(node, gradient)

    def _fused(self, node: Any, gradient: Any) -> None:
        found = ByStep(node, tuple(gradient))
        for name, norms in found.norms.items():
            for t, size in zip(found.steps, norms, strict=True):
                self._add_time(node, name, t, size)
        for name, inner in found.named().items():
            self._add_units(inner, name)

    def _step(self, node: Node, gradient: Any) -> None:
        roles = node.roles or {}
        for number, (kind, name) in roles.items():
            part = gradient if node.n_outputs == 1 else gradient[number]
            if kind == "state" and part is not None:
                self._add_time(node, name, node.scope.step, norm(part))
        self._add_units(node, roles[0][1] if 0 in roles else "")

    def _add_time(self, node: Node, name: str, t: int | None, size: float) -> None:
        scope = node.scope
        at = self._times.setdefault((scope.path, scope.layer, scope.direction, name), {})
        place = t, (0 if t is not None else scope.call)
        at[place] = float(np.hypot(at.get(place, 0.0), size))

    def _add_units(self, node: Node, name: str) -> None:
        op = type(node).__name__
        if op not in OPEN:
            return
        scope = node.scope
        plan: Any = getattr(node, "_saved_plan", ())
        for value, (position, _) in zip(node.saved_tensors, plan, strict=False):
            if position == OUT and isinstance(value, np.ndarray):
                key = scope.path, scope.layer, scope.direction, name or op
                self._units.setdefault(key, Units()).add(value, *OPEN[op])


def _by_time(at: dict[tuple[Any, int], float]) -> dict[int, float]:
    """By time step; where none was tagged, calls of the cell are counted."""
    order = sorted(at, key=lambda place: (place[0] is not None, place[0] or 0, place[1]))
    return {k if t is None else t: at[t, call] for k, (t, call) in enumerate(order)}


def _labels(keys: set[Key]) -> dict[Key, str]:
    """The name alone where it is the only one; else with module, layer and direction."""
    often: dict[str, int] = {}
    for *_, name in keys:
        often[name] = often.get(name, 0) + 1
    found = {}
    for key in keys:
        path, layer, direction, name = key
        where = [path, "" if layer is None else f"layer {layer}", "reverse" if direction == "reverse" else ""]
        found[key] = name if often[name] == 1 else f"{name} ({', '.join(part for part in where if part)})"
    return found
