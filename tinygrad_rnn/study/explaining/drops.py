"""Why an operation sends a gradient that is far smaller or larger than what arrived."""

from __future__ import annotations

import numpy as np

from .operands import Case, Why, short
from .tracing import operation
from .vanished import SATURATED, cancelled, gate_of, mean, saturated


def scale_cause(case: Case, ratio: float) -> Why:
    """Why an operation multiplies the gradient by `ratio`, far from 1."""
    if case.op in ("Tanh", "Sigmoid"):
        return saturated(case)
    times = f"the gradient is multiplied by {short(ratio)} there"
    values = {"ratio": ratio}
    if case.op == "Mul" and gate_of(case) and ratio < 1:
        gate = mean(np.zeros(0) if case.other()[0] is None else case.other()[0])  # type: ignore[arg-type]
        return Why(
            "gate closed",
            f"{gate_of(case)} is almost closed: {short(gate)} in the mean",
            "Change the bias of that gate",
            {"gate": gate, **values},
        )
    if case.op in ("Mul", "MatMul", "Linear"):
        other, name = case.other()
        size = "" if other is None else f", at most {short(np.abs(other).max())}"
        word = "small factor" if ratio < 1 else "large factor"
        grown = growth(case) if ratio > 1 else None
        if grown is not None:
            return Why(
                "exploding",
                f"{times}, by the state {grown[0]}, whose numbers grow from {short(grown[2])} at t={grown[1]} to "
                f"{short(grown[4])} at t={grown[3]}",
                "Start with smaller recurrent weights",
                values,
            )
        return Why(word, f"{times}, by {name}{size}", "", values)
    if case.op in ("Div", "Log", "Log2", "Log10", "Sqrt", "Pow"):
        x = case.x(1) if case.op == "Div" and len(case.node.edges) > 1 else case.x()
        near = "" if x is None else f"; the smallest magnitude among its numbers is {short(np.abs(x).min())}"
        return Why(
            "close to zero" if ratio > 1 else "small factor",
            f"{times}{near}",
            "Keep the numbers away from 0, for example with an epsilon" if ratio > 1 else "",
            values,
        )
    if case.op in ("Softmax", "LogSoftmax", "LayerNorm") and ratio < 1:
        return cancelled(short(ratio), case.op)
    return Why("small factor" if ratio < 1 else "large factor", times, "", values)


def growth(case: Case) -> tuple[str, int, float, int, float] | None:
    """(name, t, largest number, t, largest number) at the ends of a state that is the other operand, if it explodes."""
    for track in case.past.steps.tracks:
        if case.other_edge() in track.edges.values():
            ends = [(t, case.past.value(track.edges[t])) for t in (track.steps[0], track.steps[-1])]
            peaks = [(t, float(np.abs(value).max())) for t, value in ends if value is not None]
            if len(peaks) == 2 and peaks[1][1] > 100 * peaks[0][1]:
                return track.label, *peaks[0], *peaks[1]
    return None


def slopes(cases: list[Case]) -> dict[str, float]:
    """Over all tanh and gates on a way: how saturated they are, in the mean."""
    found: dict[str, list[float]] = {"saturated": [], "tanh′": [], "gate": []}
    for case in cases:
        if case.op == "Tanh" and case.y is not None:
            found["saturated"].append(float((np.abs(case.y) > SATURATED).mean()))
            found["tanh′"].append(mean(1 - np.square(case.y, dtype=np.float64)))
        if operation(case.node) == "Mul" and gate_of(case):
            other = case.other()[0]
            if other is not None:
                found["gate"].append(mean(other))
    return {name: float(np.mean(values)) for name, values in found.items() if values}
