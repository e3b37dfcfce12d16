"""Where NaN and Inf come from: an operation of the forward pass, or the rule of one in backward."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..._quiet import quiet
from ...graph import Edge, Leaf, Node
from ..history import History
from .operands import Case, Why, input_of, short
from .tracing import name_of

Test = Callable[[np.ndarray], Any]


class Origin:
    """Where numbers that are not finite were born in the forward pass.

    node      the first operation whose output has them while its inputs do not; a Leaf that holds them itself
    position  of a constant input that has them, else None
    value     the output with these numbers
    """

    def __init__(self, node: Node, position: int | None, value: np.ndarray):
        self.node: Node = node
        self.position: int | None = position
        self.value: np.ndarray = value


def has(test: Test, value: Any) -> bool:
    """Is `test` (`np.isnan`, `np.isinf`) true of any number?"""
    return value is not None and np.asarray(value).dtype.kind == "f" and bool(test(value).any())


def origin_of(past: History, edge: Edge, test: Test) -> Origin | None:
    """Follow numbers for which `test` is true from an edge back to the oldest operation that made some; None if there are
    none on the edge."""
    value = past.value(edge)
    if value is None or not has(test, value):
        return None
    seen, waiting = {edge[0]}, [(edge[0], value)]
    found: list[Origin] = []
    while waiting:
        node, value = waiting.pop()
        inputs = [input_of(past, node, k) for k in range(len(node.edges))]
        behind = [(e[0], v) for e, v in zip(node.edges, inputs, strict=True) if e and v is not None and has(test, v)]
        if not behind:
            constant = next((k for k, v in enumerate(inputs) if has(test, v)), None)
            found.append(Origin(node, constant, value))
        waiting += [source for source in behind if source[0] not in seen]
        seen.update(source[0] for source in behind)
    return min(found, key=lambda origin: origin.node.birth)


@quiet
def forward_cause(past: History, origin: Origin, test: Test) -> Why:
    """Why an operation made a NaN or an Inf of its inputs."""
    node = origin.node
    made = "NaN" if test is np.isnan else "Inf"
    count, total = int(test(origin.value).sum()), origin.value.size
    values: dict[str, Any] = {"count": count, "size": total}
    if isinstance(node, Leaf):
        name = name_of(past, (node, 0))
        return Why(
            f"{made} in the input",
            f"{count} of {total} numbers of {name} are {made} before anything is computed",
            f"Look at where {name} comes from",
            values,
        )
    if origin.position is not None and made == "NaN":
        return Why(
            "NaN in the input",
            f"{made} comes in with a constant, input {origin.position} of the operation",
            "Look at the data; the mean of nothing is NaN too",
            values,
        )
    case = Case(past, node, 0, None, None)
    numbers = case.first(test(origin.value))
    values |= numbers
    cause, words, advice = _forward(case.op, numbers, made, case)
    return Why(cause, f"{words}, in {count} of {total} numbers", advice, values)


Told = tuple[str, str, str]  # cause, words, advice
INFINITIES = "Look at where the infinities come from"
NARROW = "Scale the numbers down, or use a wider type"
SUMS = ("Add", "Sub", "Sum", "Mean", "Variance")
SCORES = ("Softmax", "LogSoftmax", "LogAddExp", "Attention", "CrossEntropy")
GROWING = ("Add", "Sub", "Sum", "Mean", "Mul", "Div", "MatMul", "Linear", "Pow", "Cast", "Prod")


def _forward(op: str, at: dict[str, float], made: str, case: Case) -> Told:
    """Why `op` made a NaN or Inf of the numbers `at` its inputs x and y."""
    x, y, out = at.get("x"), at.get("y"), short(at.get("out", math.nan))
    if is_log(op) and x is not None:
        kind = "log(0)" if x == least(op) else "log of a negative number"
        return kind, f"log({short(x)}) is {out}", "Keep its input above 0, for example with clamp(min=1e-8)"
    if op == "Sqrt" and x is not None:
        return "sqrt of a negative number", f"sqrt({short(x)}) is nan", "Keep its input at 0 or above"
    if op == "Div" and y == 0:
        return "division by 0", f"{_number(x)} / 0 is {out}", "Add a small number to the divisor"
    if op in ("Exp", "Expm1") and x is not None:
        dtype = case.node.dtype
        limit = f"its input must be under {math.log(float(np.finfo(dtype).max)):.3g}"
        words = f"exp({short(x)}) is larger than the largest {dtype} ({limit})"
        return "exp overflow", words, "Subtract the maximum first, or use logsumexp or softmax"
    return _made_nan(op, at, case) if made == "NaN" else _made_inf(op, at, case)


def _made_nan(op: str, at: dict[str, float], case: Case) -> Told:
    x, y = _number(at.get("x")), _number(at.get("y"))
    if op in SCORES:
        return "all masked", f"{op} of nothing but -inf is nan", "Leave at least one score unmasked"
    if any(has(np.isinf, case.x(k)) for k in range(len(case.node.edges))):
        if op in SUMS:
            sign = "-" if op == "Sub" else "+"
            words = f"({x}) {sign} ({y}) is nan" if "y" in at else "there are inf and -inf in its sum"
            return "inf − inf", words, INFINITIES
        if op == "Mul":
            return "0·inf", f"{x} · {y} is nan", "Choose with where() instead of multiplying by a mask"
        if op == "Div":
            return "inf / inf", f"{x} / {y} is nan", INFINITIES
        if op in ("MatMul", "Linear"):
            return "inf − inf", "its products with inf add up to nan", INFINITIES
    return "NaN in forward", f"{op} makes nan of {_inputs(at)}", ""


def _made_inf(op: str, at: dict[str, float], case: Case) -> Told:
    if op in GROWING:
        most = f"the result is larger than {short(np.finfo(case.node.dtype).max)}, the largest {case.node.dtype}"
        return "overflow", most + (f", from {_inputs(at)}" if "x" in at else ""), NARROW
    return "Inf in forward", f"{op} makes {short(at.get('out', math.inf))} of {_inputs(at)}", ""


def is_log(op: str) -> bool:
    """Is it a logarithm?"""
    return op in ("Log", "Log2", "Log10", "Log1p")


def least(op: str) -> float:
    """Where a logarithm is -inf."""
    return -1.0 if op == "Log1p" else 0.0


def _number(x: float | None) -> str:
    return "a number" if x is None else short(x)


def _inputs(at: dict[str, float]) -> str:
    return " and ".join(short(at[name]) for name in ("x", "y") if name in at) or "its inputs"


# --- in backward --------------------------------------------------------------------------------------------


@quiet
def backward_cause(case: Case) -> Why:
    """Why a rule sent NaN or Inf though what arrived was finite."""
    bad = ~np.isfinite(case.part) if case.part is not None else np.ones(1, bool)
    count, at = int(bad.sum()), case.first(bad) if case.part is not None else {}
    values: dict[str, Any] = {"count": count, "size": bad.size, **at}
    g, x, y, out = (at.get(name) for name in ("g", "x", "y", "out"))
    unscaled = case.unscaled()
    share = f"({count} of {bad.size} numbers)"
    pole = _pole(case.op, x, y, out)
    if pole is not None and g == 0:
        return Why(
            "0·inf",
            f"{pole[1]}, and the gradient that arrives is 0: 0·inf is nan {share}. The forward pass threw that "
            f"value away, backward did not",
            "Make the input harmless before the operation (where or clamp on what goes in, not on what comes out)",
            values,
        )
    if pole is not None:
        return Why(
            pole[0],
            f"{pole[1]} {share}",
            "Keep that number away from 0, for example with clamp(min=1e-8) or + 1e-8",
            values,
        )
    if unscaled is not None and np.isfinite(unscaled).all():
        peak, most = float(np.abs(np.asarray(case.g, np.float64)).max()), float(np.finfo(case.dtype).max)
        return Why(
            "overflow",
            f"what arrives is up to {short(peak)}, and the product is larger than {short(most)}, the largest "
            f"{case.dtype} {share}",
            "Scale the loss down, clip the gradient, or use a wider type",
            {**values, "arrives": peak, "largest": most},
        )
    infinite = [k for k in range(len(case.node.edges)) if has(np.isinf, case.x(k))] or has(np.isinf, case.y)
    if infinite:
        return Why(
            "0·inf" if case.part is not None and np.isnan(case.part[bad]).any() else "inf factor",
            f"the rule multiplies by an infinite value of the forward pass {share}",
            "",
            values,
        )
    own = "the derivative is not finite there" if case.is_ours else "its own backward returned them"
    return Why("born in backward", f"{own} {share}", "", values)


def _pole(op: str, x: float | None, y: float | None, out: float | None) -> tuple[str, str] | None:
    """(kind, words) where a derivative is infinite."""
    if is_log(op) and x == least(op):
        return "log(0)", f"the derivative of log at {short(x)} is 1/0 = inf"
    if op == "Sqrt" and out == 0:
        return "sqrt(0)", "the derivative of sqrt at 0 is 1/(2·0) = inf"
    if op == "Div" and y == 0:
        return "division by 0", "the derivative of a division by 0 is infinite"
    if op == "Pow" and x == 0:
        return "power of 0", "the derivative of a power under 1 at 0 is infinite"
    return None
