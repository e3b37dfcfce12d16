"""Choosing one of several values: the gradient goes to the one chosen."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..arrays import check_pair, fitting
from ..dtypes import get_default_dtype
from ..recording import record_op
from .checks import array, is_tensor, need_numbers, need_tensor
from .function import Array, Function, Recorded, Saves, Value, call
from .inplace import in_place
from .words import again, worded

if TYPE_CHECKING:
    from .._tensor import Tensor


def plain(x: Any) -> Any:
    """The plain numbers of an array, a Tensor or a number: for masks, which have no derivative."""
    return x.array if hasattr(x, "array") else x


class Tie(Function):
    """z = d, a gradient that was made by comparing x with something          dL/dd = dL/dz,   dL/dx = 0"""

    def forward(ctx, d: Array, x: Array) -> Array:
        return d

    def backward(ctx, g: Value) -> Value:
        return g, np.zeros(ctx.shape, ctx.dtype)


def tied(d: Value, x: Value) -> Value:
    """d. Where gradients are recorded it also leads to x, which it depends on though its derivative is 0.

    The slope of relu or abs is such a function of x: with this its gradient requires grad, as in PyTorch.
    """
    return d if x.__class__ is np.ndarray else call(Tie, d, x)


class Where(Function):
    """z = x where the mask is true, else y          dL/dx = dL/dz where true, dL/dy = dL/dz where false

    It selects rather than multiplies: Inf or NaN in the branch not taken does not leak.
    """

    promotes = "common"

    def forward(ctx, x: Array, y: Array, mask: Any) -> Array:
        ctx.mask = mask
        if _is_zero(y) and _is_large(x, mask):
            return _zero_elsewhere(x, mask)
        if _is_zero(x) and _is_large(y, mask):
            return _zero_elsewhere(y, ~mask)
        return np.where(mask, x, y)

    def backward(ctx, g: Value) -> Value:
        to_x, to_y = ctx.edges
        return select(ctx.mask, g, 0.0) if to_x else None, select(ctx.mask, 0.0, g) if to_y else None


def _is_zero(x):
    return x.__class__ is float and x == 0 and math.copysign(1, x) == 1


def _is_large(x, mask):
    return x.__class__ is np.ndarray and x.dtype.kind == "f" and x.shape == mask.shape and x.size > 4096


def _zero_elsewhere(x, mask):
    """x where the mask is true, else 0, by its bits: np.where takes ten times as long, for it branches at each element."""
    bits = mask.astype(f"i{x.itemsize}")
    np.negative(bits, out=bits)  # true is now all ones
    bits &= x.view(bits.dtype)
    return bits.view(x.dtype)


def select(mask: Value, x: Value, y: Value) -> Value:
    """x where `mask` is true, else y."""
    return call(Where, x, y, mask=plain(mask))


class Maximum(Function):
    """z = the larger of x and y          dL/dx = dL/dz where x is larger, half of it where they are equal"""

    promotes = "common"
    saves: Saves = ("x", "y")
    compute: Any = np.maximum
    loses: Any = np.less

    def forward(ctx, x: Array, y: Array) -> Array:
        return ctx.compute(x, y)

    def backward(ctx, g: Value) -> Value:
        x, y = (plain(value) for value in ctx.saved_tensors)
        shared = select(x == y, 0.5 * g, g)
        return select(ctx.loses(x, y), 0.0, shared), select(ctx.loses(y, x), 0.0, shared)


class Minimum(Maximum):
    """z = the smaller of x and y          dL/dx = dL/dz where x is smaller, half of it where they are equal"""

    saves: Saves = ("x", "y")
    compute: Any = np.minimum
    loses: Any = np.greater


class Clamp(Function):
    """y = x held between `low` and `high` (numbers)          dL/dx = dL/dy where low ≤ x ≤ high, else 0"""

    saves: Saves = ("x",)
    low: Any
    high: Any

    def forward(ctx, x: Array, low: Any, high: Any) -> Array:
        ctx.low, ctx.high = low, high
        return np.clip(x, low, high)

    def backward(ctx, g: Value) -> Value:
        x = plain(ctx.saved_tensors[0])
        inside = np.ones(x.shape, bool)
        if ctx.low is not None:
            inside &= x >= ctx.low
        if ctx.high is not None:
            inside &= x <= ctx.high
        return select(inside, g, 0.0)


class Choosing(Recorded):
    """Tensor's choices: bounds and masks."""

    __slots__ = ()

    def heaviside(input: Tensor, values: Tensor) -> Tensor:
        """0 below 0, 1 above, `values` at 0; without gradient."""
        need_tensor("heaviside", input)
        need_tensor("heaviside", values, "values")
        return input._of(np.where(input.array == 0, values.array, input.array > 0).astype(input.dtype))

    @worded
    def maximum(input: Tensor, other: Any) -> Tensor:
        """The larger of the two, element by element; a tie shares the gradient evenly."""
        need_tensor("maximum", input)
        need_tensor("maximum", other, "other")
        return record_op(Maximum, input, other)

    @worded
    def minimum(input: Tensor, other: Any) -> Tensor:
        """The smaller of the two, element by element; a tie shares the gradient evenly."""
        need_tensor("minimum", input)
        need_tensor("minimum", other, "other")
        return record_op(Minimum, input, other)

    def clamp(input: Tensor, min: Any = None, max: Any = None, **other: Any) -> Tensor:
        """Hold input between `min` and `max` (numbers or tensors); the gradient passes at the bounds."""
        if other:
            return again(Choosing.clamp, other, input, min, max)  # type: ignore
        need_tensor("clamp", input)
        if min is None and max is None:
            raise RuntimeError("clamp(): at least one of 'min' or 'max' must not be None")
        if not is_tensor(min) and not is_tensor(max):
            if input.dtype.kind != "f" and any(isinstance(bound, (float, np.floating)) for bound in (min, max)):
                input = input.to(get_default_dtype())
            low, high = (None if bound is None else fitting("clamp", bound, input.dtype) for bound in (min, max))
            return record_op(Clamp, input, low=low, high=high)
        return _clamp_tensors(input, min, max)

    clip: Final = clamp
    clamp_: Final = in_place(clamp)
    clip_: Final = clamp_

    def clamp_min(input: Tensor, min: Any) -> Tensor:
        """Replace values below `min` by it."""
        need_tensor("clamp_min", input)
        return input.clamp(min=min)

    clamp_min_: Final = in_place(clamp_min)

    def clamp_max(input: Tensor, max: Any) -> Tensor:
        """Replace values above `max` by it."""
        need_tensor("clamp_max", input)
        return input.clamp(max=max)

    clamp_max_: Final = in_place(clamp_max)

    def where(input: Tensor, condition: Tensor, other: Any) -> Any:
        """input where the condition is true, else other: `x.where(condition, y)`."""
        return where(condition, input, other)

    def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
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
        return record_op(Where, value, input, mask=mask.array.astype(bool)).contiguous()

    masked_fill_: Final = in_place(masked_fill)

    def nan_to_num(input: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
        """Replace NaN by `nan`, and infinities by the largest numbers of the type or the given ones."""
        need_tensor("nan_to_num", input)
        if input.dtype.kind != "f":
            return input.clone()
        largest = float(np.finfo(input.dtype).max)
        x = input.array
        result = input.masked_fill(input._of(np.isnan(x)), nan or 0.0)
        result = result.masked_fill(input._of(np.isposinf(x)), largest if posinf is None else posinf)
        return result.masked_fill(input._of(np.isneginf(x)), -largest if neginf is None else neginf)

    nan_to_num_: Final = in_place(nan_to_num)


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """input where the condition is true, else other; with one argument, the indices of true entries."""
    need_tensor("where", condition, "condition")
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if condition.dtype == np.uint8:  # the masks of PyTorch's first years
        warnings.warn("where received a uint8 condition tensor; use a bool one: mask.bool()", UserWarning, stacklevel=2)
        condition = condition.bool()
    if condition.dtype != bool:
        raise RuntimeError(f"where(): expected condition to be a bool tensor, got {condition.dtype}")
    x, y = array(input, "where"), array(other, "where")
    kind = check_pair("where", x, y)
    if not is_tensor(input) and not is_tensor(other):
        input = condition._of(np.asarray(x, dtype=kind))
    return record_op(Where, input, other, mask=condition.array)


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
