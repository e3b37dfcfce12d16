"""Why an operation sends a gradient that is exactly zero though something arrived."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...graph import Edge, Leaf
from ..decays import SATURATED
from ..results import mean
from .operands import Case, Why, short

LOSSES = ("CrossEntropy", "BinaryCrossEntropy", "CTC")
CHOOSING = (
    "Index",
    "BasicIndex",
    "Gather",
    "Stack",
    "Cat",
    "Split",
    "Unbind",
    "Pick",
    "Pad",
    "Where",
    "Maximum",
    "Minimum",
    "Extreme",
    "Embedding",
    "Diagonal",
    "Triangle",
)


def zero_cause(case: Case) -> Why:
    """Why nothing of what arrived was sent on."""
    if _is_underflow(case):
        return _underflow(case)
    rule = ZERO.get(case.op)
    if rule:
        return rule(case)
    own = "its derivative is exactly 0 there" if case.is_ours else "its own backward returned zeros"
    return Why("zero derivative", own)


def _is_underflow(case: Case) -> bool:
    """Would there be something, but too small for the dtype? (What is larger and still 0 is rounding that cancels.)"""
    unscaled = case.unscaled()
    if unscaled is None or not unscaled.any():
        return False
    logs = np.log(np.abs(unscaled).max()) + np.log(np.abs(np.asarray(case.g, np.float64)).max())
    return bool(logs < np.log(float(np.finfo(case.dtype).smallest_normal)))


def _underflow(case: Case) -> Why:
    dtype = case.dtype
    peak, least = float(np.abs(np.asarray(case.g, np.float64)).max()), float(np.finfo(dtype).smallest_subnormal)
    return Why(
        "underflow",
        f"what arrives is at most {short(peak)}, and what is left of it is smaller than {short(least)}, the smallest number of "
        f"{dtype.name}, so it is rounded to 0",
        "Compute in a wider type, or scale the loss up",
        {"arrives": peak, "smallest": least},
    )


# --- exactly zero -------------------------------------------------------------------------------------------


def _relu(case: Case) -> Why:
    units = np.ravel(case.y) if case.y is not None else np.zeros(0)
    reached = units if case.y is None else case.reached(case.y)
    off, x = int((units <= 0).sum()), case.x()
    who = f"all {units.size} units" if off == units.size else f"all {reached.size} units that the gradient reaches"
    values = {"off": off, "units": units.size, "reached": reached.size}
    largest = "" if x is None or not reached.size else f" (largest input {short(case.reached(x).max())})"
    return Why(
        "ReLU off",
        f"ReLU is off for {who}{largest}: its derivative is 0 there",
        "Try a smaller learning rate, a bias above 0, or LeakyReLU",
        values,
    )


def saturated(case: Case) -> Why:
    """Of tanh and sigmoid."""
    values: dict[str, float] = {}
    if case.op == "Tanh":
        if case.y is not None:
            values = {"saturated": float((np.abs(case.y) > SATURATED).mean()), "slope": mean(1 - np.square(case.y))}
        share = f"|h| > {SATURATED} in {values.get('saturated', 1):.0%} of units"
        return Why(
            "tanh saturated",
            f"tanh is saturated, {share}, where its derivative 1 - h² is almost or exactly 0",
            "Scale its input or the weights down",
            values,
        )
    y = np.zeros(0) if case.y is None else np.asarray(case.y, np.float64)
    values = {"slope": mean(y * (1 - y)), "mean": mean(y), "saturated": float(np.mean((y < 0.001) | (y > 0.999)))}
    kind, name = (case.node.roles or {}).get(0, ("", ""))
    what = f"the sigmoid of gate {name}" if kind == "gate" else "the sigmoid"
    return Why(
        "sigmoid saturated",
        f"{what} is saturated, within 0.001 of 0 or 1 in {values['saturated']:.0%} of units (mean "
        f"{short(values['mean'])}), where its derivative y (1 - y) is almost or exactly 0",
        "Scale its input or the weights down",
        values,
    )


def _mul(case: Case) -> Why:
    other, name = case.other()
    size = 1 if other is None else other.size
    edge = case.other_edge()
    if gate_of(case):
        opening = mean(np.zeros(1) if other is None else other)
        return Why(
            "gate closed",
            f"{gate_of(case)} is closed: it is {short(opening)} in the mean of its {size} units, and the "
            f"gradient is multiplied by it",
            "Change the bias of that gate",
            {"gate": opening},
        )
    if edge is not None and isinstance(edge[0], Leaf):
        return Why(
            "zero weight",
            f"it is multiplied by {name}, which is 0 in all {size} numbers that count",
            "Start that weight at something else than 0",
            {"factor": 0.0},
        )
    if edge is not None:
        return Why(
            "zero factor", f"it is multiplied by {name}, which is 0 wherever the gradient arrives", "", {"factor": 0.0}
        )
    if size == 1:
        return Why(
            "multiplied by zero",
            "it is multiplied by the number 0: the loss does not depend on what comes before",
            "Take another factor than 0",
            {"factor": 0.0},
        )
    zeros = 0 if other is None else int((other == 0).sum())
    return Why(
        "zero mask",
        f"it is multiplied by a mask that is 0 wherever the gradient arrives ({zeros} of {size} "
        f"numbers of the mask are 0)",
        "Check the mask",
        {"zeros": zeros, "size": size},
    )


def gate_of(case: Case) -> str:
    """The name of the gate that is the other operand: g, or 1 - g; "" if it is none."""
    edge = case.other_edge()
    if edge is not None and type(edge[0]).__name__ == "Sub":
        return next((f"1 minus {name}" for name in map(_gate_at, edge[0].edges) if name), "")
    return _gate_at(edge)


def _gate_at(edge: Edge | None) -> str:
    if edge is None:
        return ""
    kind, name = (edge[0].roles or {}).get(edge[1], ("", ""))
    return f"the gate {name}" if kind == "gate" else "the sigmoid gate" if type(edge[0]).__name__ == "Sigmoid" else ""


def _product(case: Case) -> Why:
    other, name = case.other()
    size = 0 if other is None else other.size
    nonzero = 0 if other is None else int(np.count_nonzero(other))
    edge = case.other_edge()
    weight = edge is not None and isinstance(edge[0], Leaf)
    if nonzero:
        return Why(
            "zero factor",
            f"what {name} multiplies the gradient with is 0 wherever it arrives ({size - nonzero} of "
            f"{size} numbers are 0)",
            "",
            {"zeros": size - nonzero},
        )
    return Why(
        "zero weight" if weight else "zero input",
        f"it is multiplied by {name}, and all {size} numbers of that are 0",
        "Start that weight at something else than 0" if weight else "Look at what comes in",
        {"zeros": size},
    )


def _dropout(case: Case) -> Why:
    mask = np.asarray(case.node.mask)  # type: ignore[attr-defined]
    zeros = int((mask == 0).sum())
    return Why(
        "dropout",
        f"dropout has set {zeros} of {mask.size} numbers to 0, all of those that the gradient reaches",
        "Lower p: p=1 drops everything" if zeros == mask.size else "Lower p",
        {"zeros": zeros, "size": mask.size},
    )


def _clamped(case: Case) -> Why:
    low, high = case.node.low, case.node.high  # type: ignore[attr-defined]
    x = case.x()
    span = "" if x is None else f" (they go from {short(x.min())} to {short(x.max())})"
    bounds = (
        "above " + short(high)
        if low is None
        else "below " + short(low)
        if high is None
        else f"outside {short(low)} … {short(high)}"
    )
    return Why(
        "clamped",
        f"all {case.size} values are {bounds}{span}, where clamping has derivative 0",
        "Clamp less, or use a smooth function",
        {"size": case.size},
    )


def _chosen(case: Case) -> Why:
    size = case.size
    words = {"Where": "where takes the other value", "Maximum": "the other value is larger", "Minimum": "the other value is smaller",
             "Extreme": "another element is the largest or smallest"}  # fmt: skip
    why = words.get(case.op, "the operations after it read other elements")
    return Why("not selected", f"{why} at all {size} places, so the gradient goes there", "", {"size": size})


def _flat(case: Case) -> Why:
    return Why(
        "flat",
        f"{case.op.lower()} is made of steps: its derivative is 0 everywhere",
        "Replace it by a smooth function in training",
        {"size": case.size},
    )


def _level(case: Case) -> Why:
    x = case.x()
    return Why(
        "flat",
        f"{case.op} is level there: its derivative is exactly 0 at all {case.size} values of its input"
        + ("" if x is None else f" (from {short(x.min())} to {short(x.max())})"),
        "",
        {"size": case.size},
    )


def _overwritten(case: Case) -> Why:
    return Why(
        "overwritten",
        f"all {case.size} values were overwritten in place afterwards: the loss sees the new ones",
        "Make a new tensor instead",
        {"size": case.size},
    )


def _loss(case: Case) -> Why:
    ignored = case.node.options.get("pick") if case.op == "CrossEntropy" else None  # type: ignore[attr-defined]
    if ignored is not None and not np.any(ignored):
        return Why(
            "ignored targets",
            f"all {len(ignored)} targets are ignored (ignore_index, or class weight 0)",
            "Check the targets",
            {"targets": len(ignored)},
        )
    return Why("at the minimum", "the loss is at its minimum: the prediction equals the target to the last digit", "")


def _softmax(case: Case) -> Why:
    y = case.y
    top = None if y is None else float(np.exp(y).max() if case.op == "LogSoftmax" else y.max())
    if y is not None and case.shape[-1:] == (1,):
        return Why("flat", "a softmax over a single number is always 1", "", {"size": case.size})
    if top is not None and top < SATURATED:
        return cancelled("exactly 0")
    return Why(
        "softmax saturated",
        f"softmax is saturated: its largest output is {short(top if top is not None else 1)}, so "
        f"that its derivative y (1 - y) is 0",
        "Scale the scores down",
        {"largest": top},
    )


def cancelled(rest: str, op: str = "Softmax") -> Why:
    """What a loss that softmax or layer norm does not change comes to; `rest` is left of it."""
    why = "softmax always sums to 1, and what arrives is the same for all of its outputs"
    if op == "LayerNorm":
        why = "layer norm fixes the mean and the mean square of its output, and what arrives would change these alone"
    return Why("cancelled", f"{why}: it cancels, and {rest} of it is left", "Take a loss that tells the outputs apart")


def _hook(case: Case) -> Why:
    return Why("hook", "a backward hook of the module returned zeros", "Remove the hook, or correct what it returns")


ZERO: dict[str, Callable[[Case], Why]] = {
    "ReLU": _relu, "Tanh": saturated, "Sigmoid": saturated, "Mul": _mul, "MatMul": _product, "Linear": _product,
    "Dropout": _dropout, "Clamp": _clamped, "Hardtanh": _clamped, "Overwrite": _overwritten, "SetItem": _overwritten,
    "LayerNorm": lambda case: cancelled("exactly 0", "LayerNorm"), "Softmax": _softmax, "LogSoftmax": _softmax, "BackwardHook": _hook,
    **dict.fromkeys(CHOOSING, _chosen), **dict.fromkeys(LOSSES, _loss),
    **dict.fromkeys(("Sign", "Floor", "Ceil", "Trunc", "Round", "FloorDivide"), _flat),
    **dict.fromkeys(("Abs", "Pow", "Variance", "GELU", "SiLU", "ELU", "LeakyReLU", "Softplus"), _level),
}  # fmt: skip
