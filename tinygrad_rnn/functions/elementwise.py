"""Arithmetic and elementary functions, element by element."""

from __future__ import annotations

import numpy as np

from ..arrays import check_pair, fitting
from ..dtypes import float16, result_type
from ..ops import activations as act
from ..ops import elementwise as ops
from ..ops import rounding
from ..ops.function import Recorded
from ..recording import record, record_one
from .arguments import array, is_tensor, need_float, need_numbers, need_tensor
from .widening import widening


def add(input, other, *, alpha=1):
    """input + alpha · other, with broadcasting."""
    return record(ops.Add, input, other) if alpha == 1 else _with_multiple(input, ops.Add, other, alpha)


def sub(input, other, *, alpha=1):
    """input - alpha · other, with broadcasting."""
    return record(ops.Sub, input, other) if alpha == 1 else _with_multiple(input, ops.Sub, other, alpha)


@widening
def _with_multiple(input, op, other, alpha):
    return record(op, input, _times(other, alpha))


def _times(x, alpha):
    """alpha · x; an integer tensor takes only whole multiples, as in PyTorch."""
    if is_tensor(x) and x.dtype.kind != "f" and isinstance(alpha, float):
        raise RuntimeError(
            f"for integral input tensors, argument alpha must not be a floating point number, got {alpha}"
        )
    return x * (fitting("add", alpha, x.dtype) if is_tensor(x) and not is_tensor(alpha) else alpha)


def mul(input, other):
    """input · other, element by element, with broadcasting."""
    return record(ops.Mul, input, other)


def div(input, other, *, rounding_mode=None):
    """input / other; rounding_mode None (true division), "floor" or "trunc"."""
    if rounding_mode is None:
        return record(ops.Div, input, other)
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(f"div(): rounding_mode must be None, 'floor' or 'trunc', got {rounding_mode!r}")
    x, y = array(input, "div"), array(other, "div")
    common = result_type(x, y)
    if common.kind == "b":
        raise NotImplementedError("div(): rounded division is not implemented for bools; convert one with .long()")
    if common.kind in "iu":
        check_pair("div", x, y)
        x, y = (v.astype(common) if isinstance(v, np.ndarray) else v for v in (x, y))
        kept = _integer_division(x, y, rounding_mode)
        return (input if is_tensor(input) else other)._of(kept)
    if rounding_mode == "floor":
        return record(rounding.FloorDivide, input, other)
    return trunc(record(ops.Div, input, other))


def _integer_division(x, y, rounding_mode):
    if np.any(np.asarray(y) == 0):
        raise RuntimeError("ZeroDivisionError: integer division by zero")
    quotient = np.asarray(np.floor_divide(x, y))
    if rounding_mode == "trunc":
        quotient = quotient + ((quotient < 0) & (quotient * y != x))
    return quotient


def floor_divide(input, other):
    """input / other, rounded down."""
    return div(input, other, rounding_mode="floor")


def remainder(input, other):
    """input - other · ⌊input / other⌋: the remainder with the sign of `other`."""
    x, y = array(input, "remainder"), array(other, "remainder")
    if result_type(x, y).kind in "iu" and not np.all(y):
        raise RuntimeError("ZeroDivisionError: integer remainder by zero")
    return record(rounding.Remainder, input, other)


def pow(input, exponent):
    """input to the power of exponent, element by element."""
    if is_tensor(input) and input.dtype.kind in "iub" and isinstance(exponent, int) and exponent < 0:
        raise RuntimeError(f"Integers to negative integer powers are not allowed (exponent {exponent})")
    return record(ops.Pow, input, exponent)


def neg(input):
    """-input."""
    need_tensor("neg", input)
    if input.dtype == bool:
        raise RuntimeError("Negation of a bool tensor is not supported: use ~ or logical_not()")
    return record_one(ops.Neg, input)


def abs(input):
    """|input|; the derivative at 0 is 0."""
    need_numbers("abs", input)
    return record_one(ops.Abs, input)


def square(input):
    """input²."""
    if input.array.dtype == bool:
        return input.long()
    return record(ops.Mul, input, input)


def reciprocal(input):
    """1 / input."""
    return record(ops.Div, 1, input)


def exp(input):
    """e to the power of input."""
    return record_one(ops.Exp, input)


def expm1(input):
    """e^input - 1, exact for small values."""
    return record(ops.Expm1, input)


def log(input):
    """The natural logarithm."""
    return record_one(ops.Log, input)


def log2(input):
    """The logarithm to base 2."""
    return record(ops.Log2, input)


def log10(input):
    """The logarithm to base 10."""
    return record(ops.Log10, input)


def log1p(input):
    """ln(1 + input), exact for small values."""
    return record(ops.Log1p, input)


def sqrt(input):
    """The square root."""
    return record_one(ops.Sqrt, input)


@widening
def rsqrt(input):
    """1 / √input."""
    return record(ops.Div, 1, record(ops.Sqrt, input))


def sin(input):
    """The sine of input in radians."""
    return record_one(ops.Sin, input)


def cos(input):
    """The cosine of input in radians."""
    return record_one(ops.Cos, input)


def erf(input):
    """The error function 2/√π ∫₀ˣ e^(-t²) dt."""
    return record(ops.Erf, input)


def sign(input):
    """-1, 0 or 1."""
    return record(rounding.Sign, input)


def _whole(op, input):
    need_numbers(op.__name__.lower(), input)
    return input.clone() if input.dtype.kind in "iub" else record(op, input)


def floor(input):
    """Round down."""
    return _whole(rounding.Floor, input)


def ceil(input):
    """Round up."""
    return _whole(rounding.Ceil, input)


def trunc(input):
    """Round towards 0."""
    return _whole(rounding.Trunc, input)


@widening
def round(input, *, decimals=0):
    """Round to the nearest integer (or to `decimals` digits), halves to even."""
    if decimals == 0:
        return _whole(rounding.Round, input)
    need_float("round", input)
    scale = 10.0**decimals
    return record(rounding.Round, input * scale) / scale


@widening
def lerp(input, end, weight):
    """input + weight · (end - input): input at weight 0, end at weight 1."""
    need_tensor("lerp", input)
    need_tensor("lerp", end, "end")
    for x in (end, weight):
        if is_tensor(x) and x.dtype != input.dtype:
            raise RuntimeError(f"lerp(): expected end and weight of the input's dtype {input.dtype}, got {x.dtype}")
    need_float("lerp", input)
    return input + weight * (end - input)


@widening
def addcmul(input, tensor1, tensor2, *, value=1):
    """input + value · tensor1 · tensor2."""
    need_numbers("addcmul", input)
    product = tensor1 * tensor2
    return input + (product if value == 1 else product * value)


@widening
def addcdiv(input, tensor1, tensor2, *, value=1):
    """input + value · tensor1 / tensor2."""
    if all(is_tensor(x) and x.dtype.kind != "f" for x in (tensor1, tensor2)):
        raise RuntimeError("addcdiv(): integer division is not supported; convert tensor1 or tensor2 with .float()")
    return input + tensor1 / tensor2 * value


def logaddexp(input, other):
    """ln(e^input + e^other) without overflow."""
    need_tensor("logaddexp", input)
    need_tensor("logaddexp", other, "other")
    common = result_type(input.array, other.array)
    if common.kind != "f":
        raise NotImplementedError(f"logaddexp(): not implemented for {common}; convert with .float()")
    return record(ops.LogAddExp, input, other)


def xlogy(input, other):
    """input · ln(other), and 0 where input is 0."""
    return record(ops.XLogY, input, other)


def sigmoid(input):
    """1 / (1 + e^-input)."""
    if isinstance(input, Recorded) and input.array.dtype is float16:
        return record(act.Sigmoid, input)
    return record_one(act.Sigmoid, input)


def tanh(input):
    """The hyperbolic tangent."""
    if isinstance(input, Recorded) and input.array.dtype is float16:
        return record(act.Tanh, input)
    return record_one(act.Tanh, input)


def relu(input):
    """max(input, 0); the derivative at 0 is 0."""
    if is_tensor(input) and input.array.dtype.kind == "b":
        raise RuntimeError("relu(): bool inputs are not supported; convert with .int()")
    return record_one(act.ReLU, input)


# PyTorch's other names
multiply, divide, subtract, true_divide, absolute, negative = mul, div, sub, div, abs, neg
