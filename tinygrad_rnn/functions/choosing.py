"""Choosing between values: where, clamp, maximum, masks."""

from __future__ import annotations

import numpy as np

from ..arrays import check_pair, fitting
from ..dtypes import get_default_dtype
from ..ops import choosing as ops
from ..recording import record
from .arguments import array, is_tensor, need_numbers, need_tensor
from .shape import contiguous


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
    need_tensor("clamp", input)
    if min is None and max is None:
        raise RuntimeError("clamp(): at least one of 'min' or 'max' must not be None")
    if not is_tensor(min) and not is_tensor(max):
        if input.dtype.kind != "f" and any(isinstance(bound, (float, np.floating)) for bound in (min, max)):
            input = input.to(get_default_dtype())
        low, high = (None if bound is None else fitting("clamp", bound, input.dtype) for bound in (min, max))
        return record(ops.Clamp, input, low=low, high=high)
    return _clamp_tensors(input, min, max)


def _clamp_tensors(input, low, high):
    """Hold between tensors. A bound gets the gradient where it is taken, `low` only where it lies below `high`."""
    crossed = None
    if low is not None and high is not None:
        if all(np.asarray(array(x)).dtype.kind == "b" for x in (input, low, high)):
            need_numbers("clamp", input)
        crossed = input._of(np.asarray(array(high) < array(low)))
        equal = np.asarray(array(low) == array(high))
        if is_tensor(low) and low.requires_grad and equal.any():
            low = where(input._of(equal), low.detach(), low)
    result = input if low is None else where((input < low) | _unordered(input, low), low, input)
    if high is None:
        return result
    above = input > high if crossed is None else ((input > high) | crossed) & ~_unordered(input, low)
    return where(above | _unordered(input, high), high, result)


def _unordered(input, bound):
    """True where the bound is NaN: then so is the result."""
    return input._of(np.asarray(np.isnan(array(bound))))


def clamp_min(input, min):
    """Replace values below `min` by it."""
    return clamp(input, min=min)


def clamp_max(input, max):
    """Replace values above `max` by it."""
    return clamp(input, max=max)


clip = clamp


def where(condition, input=None, other=None):
    """input where the condition is true, else other; with one argument, the indices of true entries."""
    need_tensor("where", condition, "condition")
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if condition.dtype != bool:
        raise RuntimeError(f"where(): expected condition to be a bool tensor, got {condition.dtype}")
    x, y = array(input, "where"), array(other, "where")
    kind = check_pair("where", x, y)
    if not is_tensor(input) and not is_tensor(other):
        input = condition._of(np.asarray(x, dtype=kind))
    return record(ops.Where, input, other, mask=condition.array)


def where_method(input, condition, other):
    """input where the condition is true, else other: `x.where(condition, y)`."""
    return where(condition, input, other)


def masked_fill(input, mask, value):
    """input, with `value` (a number or 0-d tensor) where the mask is true."""
    need_tensor("masked_fill", input)
    need_tensor("masked_fill", mask, "mask")
    if mask.dtype not in (bool, np.uint8):
        raise RuntimeError(f"masked_fill(): the mask must be a bool tensor, got {mask.dtype}")
    if is_tensor(value) and value.ndim:
        raise RuntimeError(f"masked_fill(): value must be a number or a 0-d tensor, got shape {value.shape}")
    fitting("masked_fill", value.item() if is_tensor(value) else value, input.dtype)
    # the value takes the tensor's type
    value = value.to(input.dtype) if is_tensor(value) else input._of(np.asarray(value, dtype=input.dtype))
    return contiguous(record(ops.Where, value, input, mask=mask.array.astype(bool)))


def nan_to_num(input, nan=0.0, posinf=None, neginf=None):
    """Replace NaN by `nan`, and infinities by the largest numbers of the type or the given ones."""
    need_tensor("nan_to_num", input)
    if input.dtype.kind != "f":
        return input.clone()
    largest = float(np.finfo(input.dtype).max)
    x = input.array
    result = masked_fill(input, input._of(np.isnan(x)), nan or 0.0)
    result = masked_fill(result, input._of(np.isposinf(x)), largest if posinf is None else posinf)
    return masked_fill(result, input._of(np.isneginf(x)), -largest if neginf is None else neginf)
