"""Every recorded rule against finite differences of its own forward: the first one that is wrong."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, headline, new_figure
from .._mode import switch
from .._quiet import quiet
from .._tensor import Tensor
from ..graph import Leaf, Node
from .explaining.operands import saved_input
from .history import History
from .results import Result, Table, norm
from .walking.events import Event

EPSILON = 1e-6  # step of the central difference, in float64, by the size of the input


class Wrong:
    """A rule that does not fit its forward.

    op, step, source  the operation, its time step (None outside time) and the line that ran it
    position          number of the input whose gradient is wrong
    entry             index of the worst number in it; `by_rule` and `numeric` are the derivative there
    error             largest difference, by the largest number of the numeric gradient
    """

    def __init__(self, node: Node, step: int | None, position: int, by_rule: np.ndarray, numeric: np.ndarray):
        differ = np.abs(by_rule - numeric)
        differ = np.where(np.isfinite(differ), differ, np.inf)
        self.op: str = node.name().removesuffix("0").removesuffix("Backward")
        self.step: int | None = step
        self.source: str | None = node.source
        self.position: int = position
        self.entry: tuple[int, ...] = tuple(int(i) for i in np.unravel_index(int(differ.argmax()), differ.shape))
        self.by_rule: float = float(by_rule[self.entry])
        self.numeric: float = float(numeric[self.entry])
        self.error: float = float(differ.max() / (np.abs(numeric).max() or 1.0))

    def __repr__(self) -> str:
        when = "" if self.step is None else f" at t={self.step}"
        line = "" if self.source is None else f" ({self.source})"
        return (
            f"{self.op}{when}{line}: entry {self.entry} of the gradient of input {self.position} is {self.by_rule:.6g}, "
            f"finite differences give {self.numeric:.6g}"
        )


class NodeChecks(Result):
    """What finite differences say of each operation of a graph.

    wrong    the rules that are wrong, in the order in which the operations ran
    errors   of each operation that was checked: (operation, time step, difference in a random direction, relative)
    skipped  by operation: how many could not be run again, as what they were called with is not known
    """

    def __init__(self, wrong: list[Wrong], errors: list[tuple[str, int | None, float]], skipped: dict[str, int]):
        self.wrong: list[Wrong] = wrong
        self.errors: list[tuple[str, int | None, float]] = errors
        self.skipped: dict[str, int] = skipped

    def finding(self) -> str:
        """The first wrong rule, or that all fit."""
        left = ", ".join(f"{many} {op}" for op, many in self.skipped.items())
        not_run = f"; not checked, as they cannot be run again: {left}" if left else ""
        if not self.wrong:
            return f"all {len(self.errors)} rules that were checked agree with finite differences{not_run}"
        more = f"; {len(self.wrong)} of {len(self.errors)} operations are wrong" if len(self.wrong) > 1 else ""
        return f"the first wrong rule is {self.wrong[0]!r}{more}{not_run}"

    def table(self) -> Table:
        """By operation: how many were checked, the largest error, how many are wrong."""
        ops = dict.fromkeys(op for op, _, _ in self.errors)
        of = {op: [error for name, _, error in self.errors if name == op] for op in ops}
        bad = {op: sum(wrong.op == op for wrong in self.wrong) for op in ops}
        return Table(
            ("operation", "checked", "largest error", "wrong"), [(op, len(of[op]), max(of[op]), bad[op]) for op in ops]
        )

    def plot(self) -> Any:
        """The error of each operation in the order in which they ran, the wrong ones marked."""
        figure, [[ax]] = new_figure()
        errors = np.array([max(error, 1e-17) for _, _, error in self.errors])
        ax.plot(errors, ".", color=SOFT, label="rule against finite differences")
        names = {(wrong.op, wrong.step) for wrong in self.wrong}
        bad = [k for k, (op, step, _) in enumerate(self.errors) if (op, step) in names]
        if bad:
            ax.plot(bad, errors[bad], "x", color=COLOURS[1], label="wrong")
        ax.set(xlabel="operation, oldest first", ylabel="relative error", yscale="log")
        ax.legend(frameon=False)
        headline(ax, self.finding())
        return figure


@quiet
def gradcheck_nodes(loss: Any, *, tolerance: float | None = None) -> NodeChecks:
    """Check the rule of every recorded operation by central differences of its own forward, at the values that it had.

        with tinygrad_rnn.record():
            loss = model(x)
        gradcheck_nodes(loss)

    A random gradient is sent through each rule, and compared along random directions of each input; where they differ,
    number by number. Functions of your own (`autograd.Function`) are checked like all others.

    tolerance  relative; by default 1e-5, for float32 1e-3, for float16 3e-2

    Raises RuntimeError if the graph was not recorded, for then the inputs of its operations are not known.
    """
    with History.of(loss) as past:
        nodes = [node for node in past.nodes if not isinstance(node, Leaf)]
        if not any(node.notes is not None and node.notes.output is not None for node in nodes):
            raise RuntimeError(
                "gradcheck_nodes: compute the loss inside `with tinygrad_rnn.record():`; it keeps what rules are checked with"
            )
        wrong, errors, skipped = [], [], {}
        for node in nodes:
            op, step = node.name().removesuffix("0").removesuffix("Backward"), past.steps.time(node)
            inputs = _inputs(past, node)
            run = None if inputs is None else _runner(node, inputs)
            if inputs is None or run is None:
                skipped[op] = skipped.get(op, 0) + 1
                continue
            error, found = _checked(node, step, inputs, run, tolerance)
            errors.append((op, step, error))
            wrong += found
    return NodeChecks(wrong, errors, skipped)


def _inputs(past: History, node: Node) -> list[Any] | None:
    """The values that went in; None if some are not known."""
    found: list[Any] = []
    for k, edge in enumerate(node.edges):
        if edge is not None:
            value: Any = past.value(edge)
            value = saved_input(node, k) if value is None else value  # a weight may be gone by now
            if value is None:
                return None
        else:
            constant = None if node.notes is None else node.notes.constants.get(k)
            value = None if constant is None else constant.array
        found.append(value.astype(np.float64) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value)
    return found


def _runner(node: Node, inputs: list[Any]) -> Any:
    """A function from inputs to the tuple of outputs; None where forward does not give what it gave."""
    function: Any = getattr(node, "function", None)
    options = {} if function is not None else _options(node)

    def run(values: list[Any]) -> tuple[np.ndarray, ...]:
        if function is not None:
            with switch(grad_enabled=False, listeners=()):
                out = function.apply(*[Tensor._of(v) if isinstance(v, np.ndarray) else v for v in values])
            return tuple(
                np.asarray(getattr(part, "array", part)) for part in (out if isinstance(out, tuple) else (out,))
            )
        op: Any = type(node)
        out = op().forward(*values, **options)
        return out if isinstance(out, tuple) else (np.asarray(out),)

    try:
        outputs = run(inputs)
        before = None if node.notes is None else node.notes.output
        before = outputs if before is None else before if isinstance(before, tuple) else (before,)
        same = all(
            a.shape == b.shape and np.allclose(a, b, rtol=1e-2, atol=1e-4, equal_nan=True)
            for a, b in zip(outputs, before, strict=True)
        )
    except Exception:  # forward of any kind, called without all that it was called with
        return None
    return run if same else None


def _options(node: Node) -> dict[str, Any]:
    """What forward was called with beside its inputs, as far as the node keeps it under the same name."""
    forward: Any = type(node).forward  # type: ignore[attr-defined]
    if isinstance(forward, np.ufunc):
        return {}
    parameters = list(inspect.signature(forward).parameters.values())
    many = any(p.kind is p.VAR_POSITIONAL for p in parameters)  # the inputs are one parameter
    others = parameters[2:] if many else parameters[1 + len(node.edges) :]
    named = [p for p in others if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    known = {p.name: getattr(node, p.name) for p in named if hasattr(node, p.name)}
    if type(node).__name__ == "Split":
        known["lengths"] = tuple([shape[known["dim"]] for shape in node.shapes])
    return {p.name: False if p.name == "keepdim" else None for p in named if p.default is p.empty} | known


def _checked(
    node: Node, step: int | None, inputs: list[Any], run: Any, tolerance: float | None
) -> tuple[float, list[Wrong]]:
    rng = np.random.default_rng(0)
    kinds = [node.dtype] if node.n_outputs == 1 else list(node.dtype)
    arrived = [rng.normal(size=shape).astype(kind) for shape, kind in zip(node.shapes, kinds, strict=True)]
    event = Event(
        0, node, 0.0, gradient=arrived[0] if node.n_outputs == 1 else tuple(arrived), saved=node.saved_tensors
    )
    sends, worst, found = event.sends, 0.0, []
    limit = tolerance or {2: 3e-2, 4: 1e-3}.get(kinds[0].itemsize, 1e-5)

    def along(k: int, direction: np.ndarray) -> float:
        size = EPSILON * max(1.0, float(np.abs(inputs[k]).max(initial=0)))
        ends = [run([*inputs[:k], inputs[k] + sign * size * direction, *inputs[k + 1 :]]) for sign in (1, -1)]
        return sum(float(((a - b) * v).sum()) for a, b, v in zip(*ends, arrived, strict=True)) / (2 * size)

    for k, edge in enumerate(node.edges):
        if edge is None or not isinstance(inputs[k], np.ndarray):
            continue
        by_rule = np.zeros(inputs[k].shape) if sends[k] is None else np.asarray(sends[k], np.float64)
        for _ in range(2):
            direction = rng.normal(size=inputs[k].shape)
            error = abs(along(k, direction) - float((by_rule * direction).sum()))
            error /= max(1e-8, norm(by_rule) * norm(direction) / max(1, by_rule.size) ** 0.5)
            worst = max(worst, error if np.isfinite(error) else np.inf)
            if not error <= limit:
                numeric = np.array([along(k, unit) for unit in _units(inputs[k].shape)]).reshape(inputs[k].shape)
                wrong = Wrong(node, step, k, by_rule, numeric)
                found += [wrong] if wrong.error > limit else []
                break
    return worst, found


def _units(shape: tuple[int, ...]) -> Any:
    for k in range(int(np.prod(shape))):
        unit = np.zeros(shape)
        unit.flat[k] = 1
        yield unit
