"""Arithmetic and elementary functions, element by element."""

from __future__ import annotations

import numpy as np

from ..ops import activations as act
from ..ops import elementwise as ops
from ..ops.function import record
from .arguments import array, is_tensor, need_tensor


def add(input, other, *, alpha=1):
    """input + alpha · other, with broadcasting."""
    return record(ops.Add, input, other if alpha == 1 else mul(other, alpha))


def sub(input, other, *, alpha=1):
    """input - alpha · other, with broadcasting."""
    if any(array(x).dtype == bool for x in (input, other) if is_tensor(x)):
        raise RuntimeError("Subtraction with a bool tensor is not supported: use ~ or logical_not() to invert a mask")
    return record(ops.Sub, input, other if alpha == 1 else mul(other, alpha))


def mul(input, other):
    """input · other, element by element, with broadcasting."""
    if not is_tensor(input) and not is_tensor(other):
        return input * other
    return record(ops.Mul, input, other)


def div(input, other, *, rounding_mode=None):
    """input / other; rounding_mode None (true division), "floor" or "trunc"."""
    if rounding_mode is None:
        return record(ops.Div, input, other)
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(f"div(): rounding_mode must be None, 'floor' or 'trunc', got {rounding_mode!r}")
    numbers = [array(x) for x in (input, other)]
    if all(np.asarray(x).dtype.kind in "iub" for x in numbers):
        kept = _integer_division(*numbers, rounding_mode)
        return (input if is_tensor(input) else other)._of(kept)
    return (floor if rounding_mode == "floor" else trunc)(record(ops.Div, input, other))


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
    return record(ops.Remainder, input, other)


def pow(input, exponent):
    """input to the power of exponent, element by element."""
    if is_tensor(input) and input.dtype.kind in "iu" and isinstance(exponent, int) and exponent < 0:
        raise RuntimeError(f"Integers to negative integer powers are not allowed (exponent {exponent})")
    return record(ops.Pow, input, exponent)


def neg(input):
    """-input."""
    if input.dtype == bool:
        raise RuntimeError("Negation of a bool tensor is not supported: use ~ or logical_not()")
    return record(ops.Neg, input)


def abs(input):
    """|input|; the derivative at 0 is 0."""
    return record(ops.Abs, input)


def square(input):
    """input²."""
    return record(ops.Mul, input, input)


def reciprocal(input):
    """1 / input."""
    return record(ops.Div, 1, input)


def exp(input):
    """e to the power of input."""
    return record(ops.Exp, input)


def expm1(input):
    """e^input - 1, exact for small values."""
    return record(ops.Expm1, input)


def log(input):
    """The natural logarithm."""
    return record(ops.Log, input)


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
    return record(ops.Sqrt, input)


def rsqrt(input):
    """1 / √input."""
    return record(ops.Div, 1, record(ops.Sqrt, input))


def sin(input):
    """The sine of input in radians."""
    return record(ops.Sin, input)


def cos(input):
    """The cosine of input in radians."""
    return record(ops.Cos, input)


def erf(input):
    """The error function 2/√π ∫₀ˣ e^(-t²) dt."""
    return record(ops.Erf, input)


def sign(input):
    """-1, 0 or 1."""
    return record(ops.Sign, input)


def _whole(op, input):
    return input.clone() if input.dtype.kind in "iub" else record(op, input)


def floor(input):
    """Round down."""
    return _whole(ops.Floor, input)


def ceil(input):
    """Round up."""
    return _whole(ops.Ceil, input)


def trunc(input):
    """Round towards 0."""
    return _whole(ops.Trunc, input)


def round(input, *, decimals=0):
    """Round to the nearest integer (or to `decimals` digits), halves to even."""
    if decimals == 0:
        return _whole(ops.Round, input)
    scale = 10.0**decimals
    return record(ops.Round, input * scale) / scale


def lerp(input, end, weight):
    """input + weight · (end - input): input at weight 0, end at weight 1."""
    return input + weight * (end - input)


def addcmul(input, tensor1, tensor2, *, value=1):
    """input + value · tensor1 · tensor2."""
    product = tensor1 * tensor2
    return input + (product if value == 1 else product * value)


def addcdiv(input, tensor1, tensor2, *, value=1):
    """input + value · tensor1 / tensor2."""
    return input + tensor1 / tensor2 * value


def logaddexp(input, other):
    """ln(e^input + e^other) without overflow."""
    return record(ops.LogAddExp, input, other)


def xlogy(input, other):
    """input · ln(other), and 0 where input is 0."""
    return record(ops.XLogY, input, other)


def maximum(input, other):
    """The larger of the two, element by element; a tie shares the gradient evenly."""
    need_tensor("maximum", input)
    need_tensor("maximum", other, "other")
    return record(ops.Maximum, input, other)


def minimum(input, other):
    """The smaller of the two, element by element; a tie shares the gradient evenly."""
    need_tensor("minimum", input)
    need_tensor("minimum", other, "other")
    return record(ops.Minimum, input, other)


def clamp(input, min=None, max=None):
    """Hold input between `min` and `max` (numbers or tensors); the gradient passes at the bounds."""
    if min is None and max is None:
        raise RuntimeError("clamp(): at least one of 'min' or 'max' must not be None")
    if not is_tensor(min) and not is_tensor(max):
        wants_float = any(isinstance(bound, float) for bound in (min, max))
        if wants_float and input.dtype.kind != "f":
            input = input.float()
        return record(ops.Clamp, input, low=min, high=max)
    # the bound gets the gradient only where it is strictly inside: as PyTorch has it
    result = input
    if min is not None:
        result = where(result < min, min, result)
    if max is not None:
        result = where(result > max, max, result)
    return result


def clamp_min(input, min):
    """Replace values below `min` by it."""
    return clamp(input, min=min)


def clamp_max(input, max):
    """Replace values above `max` by it."""
    return clamp(input, max=max)


def where(condition, input=None, other=None):
    """input where the condition is true, else other; with one argument, the indices of true entries."""
    need_tensor("where", condition, "condition")
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if condition.dtype != bool:
        raise RuntimeError(f"where(): expected condition to be a bool tensor, got {condition.dtype}")
    if not is_tensor(input) and not is_tensor(other):
        input = condition._of(np.asarray(input, dtype=None if isinstance(input, (int, bool)) else "float32"))
    return record(ops.Where, input, other, mask=condition.array)


def where_method(input, condition, other):
    """input where the condition is true, else other: `x.where(condition, y)`."""
    return where(condition, input, other)


def masked_fill(input, mask, value):
    """input, with `value` (a number or 0-d tensor) where the mask is true."""
    need_tensor("masked_fill", mask, "mask")
    if mask.dtype not in (bool, np.uint8):
        raise RuntimeError(f"masked_fill(): the mask must be a bool tensor, got {mask.dtype}")
    if is_tensor(value) and value.ndim:
        raise RuntimeError(f"masked_fill(): value must be a number or a 0-d tensor, got shape {value.shape}")
    if not is_tensor(value):
        value = input._of(np.asarray(value, dtype=input.dtype))  # a number takes the tensor's type
    return record(ops.Where, value, input, mask=mask.array.astype(bool))


def nan_to_num(input, nan=0.0, posinf=None, neginf=None):
    """Replace NaN by `nan`, and infinities by the largest numbers of the type or the given ones."""
    if input.dtype.kind != "f":
        return input.clone()
    largest = float(np.finfo(input.dtype).max)
    x = input.array
    result = masked_fill(input, input._of(np.isnan(x)), nan or 0.0)
    result = masked_fill(result, input._of(np.isposinf(x)), largest if posinf is None else posinf)
    return masked_fill(result, input._of(np.isneginf(x)), -largest if neginf is None else neginf)


def sigmoid(input):
    """1 / (1 + e^-input)."""
    return record(act.Sigmoid, input)


def tanh(input):
    """The hyperbolic tangent."""
    return record(act.Tanh, input)


def relu(input):
    """max(input, 0); the derivative at 0 is 0."""
    return record(act.ReLU, input)


def softplus_of(input):
    """ln(1 + e^input), the building block of the stable losses."""
    return record(ops.LogAddExp, input, 0.0)
