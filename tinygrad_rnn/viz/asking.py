"""What `draw` is asked to draw: the tensors in whatever was given, and whether the options make sense."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..graph import FREED, ancestors
from ..ops.function import Recorded
from ..study.decays import decay
from .errors import DrawError
from .model.opened import Opened, note_all_gradients
from .place.views import VIEWS
from .style import THEMES

CAUSES = {
    "‖W‖": "‖W‖, the most that the recurrent matrix multiplies with",
    "tanh′": "mean of tanh′",
    "relu′": "share of units that are on",
    "saturated": "share of saturated units",
    "kept": "mean of the gate that keeps it (f of an LSTM, z of a GRU)",
    "other ways": "share of the gradient that came past that gate",
}
ENGINES = ("auto", "dot", "pygraphviz", "builtin")
FREED_NOTE = "backward() has released this graph: of gradients only those of the parameters are known; run forward and backward inside tg.record()"  # fmt: skip
UNKNOWN_NOTE = "·: a constant of which the graph keeps nothing; made inside tg.record() it has its name and value"


def check_options(
    *, view: Any, engine: Any, theme: Any, steps: Any, names: Any, scale: Any, wrap: Any, titles: Any
) -> None:
    """Raise ValueError or TypeError, naming the argument, for what cannot be meant."""
    for name, value, known in (("view", view, VIEWS), ("engine", engine, ENGINES), ("theme", theme, ("auto", *THEMES))):
        if value not in known:
            raise ValueError(f"draw: {name}={value!r}, expected one of {', '.join(known)}")
    if steps is not None and not isinstance(steps, range):
        raise TypeError(f"draw: steps={steps!r} must be a range of time steps, for example range(0, 10)")
    if names is not None and not isinstance(names, dict):
        raise TypeError(f"draw: names must be a dict of variables such as locals(), got {type(names).__name__}")
    if scale is not None:
        low, high = bounds_of(scale)
        if not 0 < low <= high < math.inf:
            raise ValueError(f"draw: scale=({low:g}, {high:g}) must be 0 < low <= high: norms of gradients")
    if wrap is not None and (isinstance(wrap, bool) or not isinstance(wrap, (int, float)) or not wrap > 0):
        raise ValueError(f"draw: wrap={wrap!r} must be a width in pixels, for example 900")
    if titles is not None and not (isinstance(titles, (list, tuple)) and all(isinstance(t, str) for t in titles)):
        raise TypeError(f"draw: titles={titles!r} must be a list of strings, one for each output")


def bounds_of(scale: Any) -> tuple[float, float]:
    """(low, high) of `scale=`: a pair of norms, or another Drawing with gradients."""
    own = getattr(getattr(scale, "picture", None), "scale", None)
    if own is not None:
        return own.low, own.high
    try:
        low, high = scale
        return float(low), float(high)
    except (TypeError, ValueError):
        raise TypeError(
            f"draw: scale={scale!r} must be (smallest norm, largest norm), or a Drawing made with grads=True"
        ) from None


def called(output: Any, inputs: Any) -> Any:
    """`output` itself, or for a module what it returns for `inputs`."""
    if isinstance(output, (Recorded, list, tuple, dict)) or not hasattr(output, "named_parameters"):
        if inputs is not None:
            raise TypeError(f"draw: inputs= goes with a module, not with {type(output).__name__}")
        return output
    if inputs is None:
        raise DrawError(
            f"{type(output).__name__} is a module, and a graph belongs to one call of it. "
            f"Give its arguments, draw(model, inputs=(x,)), or draw what it returned"
        )
    return output(*inputs) if isinstance(inputs, (list, tuple)) else output(inputs)


def tensors_in(output: Any) -> dict[str, Any]:
    """The tensors with a graph in what a layer may return: tuples, packed sequences, dicts, in each other.

    By name: the key of a dict, else a number.
    """
    found = list(_flat(output, ""))
    for k, (_, t) in enumerate(found):
        if not isinstance(t, Recorded):
            raise TypeError(
                f"draw: expected a Tensor, Tensors in lists, tuples or dicts, or a Module, got {type(t).__name__} "
                f"(number {k})"
            )
    with_graph = {name or str(k): t for k, (name, t) in enumerate(found) if t._edge is not None}
    if not with_graph:
        raise DrawError(
            "this tensor has no graph: nothing it was computed from requires grad, or it was made inside no_grad() "
            "or detached. Set requires_grad=True on an input, or draw a tensor from before the detach"
        )
    return with_graph


def _flat(output: Any, name: str) -> Iterator[tuple[str, Any]]:
    waiting: list[tuple[str, Any, int]] = [(name, output, 0)]
    while waiting:
        name, part, depth = waiting.pop()
        if isinstance(part, dict):
            waiting.extend([(str(key), value, depth + 1) for key, value in part.items()][::-1])
        elif isinstance(part, (list, tuple)):
            waiting.extend((name and f"{name}[{k}]", part[k], depth + 1) for k in range(len(part) - 1, -1, -1))
        elif not depth or not (part is None or isinstance(part, (bool, int, float, str, np.ndarray, np.generic))):
            yield name, part


def run_backward(tensors: list[Any], opened: Opened) -> str:
    """Note the gradient of every edge, unless a watched backward already did. Leaves `.grad` alone.

    Where an earlier backward has released the graph, returns a line that says so.
    """
    nodes = ancestors([t._edge[0] for t in tensors])
    if any(node.notes is not None and node.notes.sent for node in nodes):
        return ""
    if any(node.saved_tensors is FREED for node in nodes):
        return FREED_NOTE
    seeds = [np.ones_like(t.array) for t in tensors]
    note_all_gradients([t._edge for t in tensors], seeds, opened)
    return ""


def causes_of(tensors: list[Any], titles: Any) -> list[tuple[str, dict[int, float]]]:
    """By what each step multiplies the gradient, from `study.decay`: (label, {step: number}) for each cause.

    Raises ValueError for what is no loss.
    """
    for shape in (tuple(t.shape) for t in tensors if t.array.size != 1):
        raise ValueError(
            f"draw: causes=True asks why the gradient of a loss shrinks, and a loss is a single number; got shape "
            f"{shape}: reduce it first, for example with .sum(), or leave causes out"
        )
    found = []
    for k, loss in enumerate(tensors if titles or len(tensors) == 1 else [tensors]):
        before = f"{titles[k]} · " if titles else ""
        for line in decay(loss, at="all").lines.values():
            for name, numbers in line.causes.items():
                by_step = {t: float(n) for t, n in zip(line.steps, numbers, strict=True)}
                found.append((f"{before}{line.label}: {CAUSES[name]}", by_step))
    return found
