"""Arithmetic, element by element: each op is its formula and its derivative.

In the rules `to_x, to_y = ctx.edges` tells whose gradient is wanted: an edge is None where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..arrays import check_pair, fitting
from ..dtypes import result_type
from ..recording import record_one, record_op, record_pair
from .checks import array, is_tensor, need_float, need_numbers, need_tensor
from .choosing import plain, tied
from .function import Array, Function, Recorded, Saves, Value
from .inplace import in_place
from .widening import widening
from .words import again, worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class Add(Function):
    """z = x + y          dL/dx = dL/dz,   dL/dy = dL/dz"""

    promotes = "common"
    widens = "number"

    forward: Any = np.add

    def backward(ctx, g: Value) -> Value:
        return g, g


class Sub(Function):
    """z = x - y          dL/dx = dL/dz,   dL/dy = -dL/dz"""

    promotes = "common"
    bools = "no"
    widens = "number"

    forward: Any = np.subtract

    def backward(ctx, g: Value) -> Value:
        to_x, to_y = ctx.edges
        return g, -g if to_y else None


class Mul(Function):
    """z = x y          dL/dx = dL/dz · y,   dL/dy = dL/dz · x"""

    promotes = "common"
    widens = "number"
    saves: Saves = {"x": "y", "y": "x"}
    fresh = True

    forward: Any = np.multiply

    def backward(ctx, g: Value) -> Value:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        return g * y if to_x else None, g * x if to_y else None


class Div(Function):
    """z = x / y          dL/dx = dL/dz / y,   dL/dy = -dL/dz · x / y²"""

    promotes = "float"
    widens = "number"
    saves: Saves = {"x": "y", "y": None}

    forward: Any = np.divide

    def backward(ctx, g: Value) -> Value:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        return g / y if to_x else None, -g * ((x / y) / y) if to_y else None


class Neg(Function):
    """y = -x          dL/dx = -dL/dy"""

    forward: Any = np.negative

    def backward(ctx, g: Value) -> Value:
        return -g


class Abs(Function):
    """y = |x|          dL/dx = dL/dy · sign x   (0 at 0)"""

    saves: Saves = ("x",)

    forward: Any = np.abs

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        return tied(g * sign(plain(x)), x)


def sign(x: Array) -> Array:
    """-1, 0 or 1; 0 for NaN too, as in PyTorch (NumPy keeps the NaN)."""
    if x.dtype.kind == "b":
        return x.copy()
    return np.sign(x) if x.dtype.kind != "f" else np.subtract(x > 0, x < 0, dtype=x.dtype)


class FloorDivide(Function):
    """z = ⌊x / y⌋          dL/dx = dL/dy = 0"""

    promotes = "common"
    widens = "number"

    forward: Any = np.floor_divide

    def backward(ctx, g: Value) -> Value:
        return np.zeros(ctx.shape, ctx.dtype), np.zeros(ctx.shape, ctx.dtype)


class Remainder(Function):
    """z = x - y ⌊x/y⌋, with the sign of y          dL/dx = dL/dz,   dL/dy = -dL/dz · ⌊x/y⌋"""

    promotes = "common"
    bools = "mixed"
    widens = "number"
    saves: Saves = ("x", "y")

    forward: Any = np.remainder

    def backward(ctx, g: Value) -> Value:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        return g, tied(-g * np.floor_divide(plain(x), plain(y)), y) if to_y else None


class Arithmetic(Recorded):
    """Tensor's arithmetic; operators go straight to the recorder."""

    __slots__ = ()

    @worded
    def add(input: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
        """input + alpha · other, with broadcasting."""
        return record_op(Add, input, other) if alpha == 1 else _with_multiple(input, Add, other, alpha)

    add_: Final = in_place(add)

    @worded
    def sub(input: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
        """input - alpha · other, with broadcasting."""
        return record_op(Sub, input, other) if alpha == 1 else _with_multiple(input, Sub, other, alpha)

    subtract: Final = sub
    sub_: Final = in_place(sub)
    subtract_: Final = sub_

    @worded
    def mul(input: Tensor, other: Any) -> Tensor:
        """input · other, element by element, with broadcasting."""
        return record_op(Mul, input, other)

    multiply: Final = mul
    mul_: Final = in_place(mul)
    multiply_: Final = mul_

    @worded
    def div(input: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """input / other; rounding_mode None (true division), "floor" or "trunc"."""
        return _divided(input, other, rounding_mode)

    divide: Final = div
    true_divide: Final = div
    div_: Final = in_place(div)
    divide_: Final = div_
    true_divide_: Final = div_

    @worded
    def floor_divide(input: Tensor, other: Any) -> Tensor:
        """input / other, rounded down."""
        return _divided(input, other, "floor")

    floor_divide_: Final = in_place(floor_divide)

    @worded
    def remainder(input: Tensor, other: Any) -> Tensor:
        """input - other · ⌊input / other⌋: the remainder with the sign of `other`."""
        return _remainder(input, other)

    remainder_: Final = in_place(remainder)

    def neg(input: Tensor, **other: Any) -> Tensor:
        """-input."""
        if other:
            return again(Arithmetic.neg, other, input)  # type: ignore
        need_tensor("neg", input)
        if input.dtype == bool:
            raise RuntimeError("Negation of a bool tensor is not supported: use ~ or logical_not()")
        return record_one(Neg, input)

    negative: Final = neg
    neg_: Final = in_place(neg)

    def abs(input: Tensor, **other: Any) -> Tensor:
        """|input|; the derivative at 0 is 0."""
        if other:
            return again(Arithmetic.abs, other, input)  # type: ignore
        need_numbers("abs", input)
        return record_one(Abs, input)

    absolute: Final = abs
    abs_: Final = in_place(abs)

    def square(input: Tensor) -> Tensor:
        """input²."""
        need_tensor("square", input)
        if input.array.dtype == bool:
            return input.long()
        return record_op(Mul, input, input)

    square_: Final = in_place(square)

    @worded
    def reciprocal(input: Tensor) -> Tensor:
        """1 / input."""
        return record_op(Div, 1, input)

    reciprocal_: Final = in_place(reciprocal)

    @widening
    def lerp(input: Tensor, end: Any, weight: Any) -> Tensor:
        """input + weight · (end - input): input at weight 0, end at weight 1."""
        need_tensor("lerp", input)
        need_tensor("lerp", end, "end")
        for x in (end, weight):
            if is_tensor(x) and x.dtype != input.dtype:
                raise RuntimeError(f"lerp(): expected end and weight of the input's dtype {input.dtype}, got {x.dtype}")
        need_float("lerp", input)
        return input + weight * (end - input)

    lerp_: Final = in_place(lerp)

    def __add__(self: Tensor, other: Any) -> Tensor:
        return record_pair(Add, self, other)

    def __radd__(self: Tensor, other: Any) -> Tensor:
        return record_pair(Add, other, self)

    def __sub__(self: Tensor, other: Any) -> Tensor:
        return record_pair(Sub, self, other)

    def __rsub__(self: Tensor, other: Any) -> Tensor:
        return record_pair(Sub, other, self)

    def __mul__(self: Tensor, other: Any) -> Tensor:
        return record_pair(Mul, self, other)

    def __rmul__(self: Tensor, other: Any) -> Tensor:
        return record_pair(Mul, other, self)

    def __truediv__(self: Tensor, other: Any) -> Tensor:
        return record_pair(Div, self, other)

    def __rtruediv__(self: Tensor, other: Any) -> Tensor:
        return record_pair(Div, other, self)

    def __pos__(self: Tensor) -> Tensor:
        return self

    def __rfloordiv__(self: Tensor, other: Any) -> Tensor:
        return _divided(other, self, "floor")

    def __rmod__(self: Tensor, other: Any) -> Tensor:
        return _remainder(other, self)

    __neg__: Final = neg
    __abs__: Final = abs
    __floordiv__: Final = floor_divide
    __mod__: Final = remainder
    __iadd__: Final = add_
    __isub__: Final = sub_
    __imul__: Final = mul_
    __itruediv__: Final = div_
    __ifloordiv__: Final = floor_divide_
    __imod__: Final = remainder_


@widening
def _with_multiple(input, op, other, alpha):
    return record_op(op, input, _times(other, alpha))


def _times(x, alpha):
    """alpha · x; an integer tensor takes only whole multiples, as in PyTorch."""
    if is_tensor(x) and x.dtype.kind != "f" and isinstance(alpha, float):
        raise RuntimeError(
            f"for integral input tensors, argument alpha must not be a floating point number, got {alpha}"
        )
    return x * (fitting("add", alpha, x.dtype) if is_tensor(x) and not is_tensor(alpha) else alpha)


def _integer_division(x, y, rounding_mode):
    if np.any(np.asarray(y) == 0):
        raise RuntimeError("ZeroDivisionError: integer division by zero")
    quotient = np.asarray(np.floor_divide(x, y))
    if rounding_mode == "trunc":
        quotient = quotient + ((quotient < 0) & (quotient * y != x))
    return quotient


def _divided(input, other, rounding_mode):
    if rounding_mode is None:
        return record_op(Div, input, other)
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
        return record_op(FloorDivide, input, other)
    return record_op(Div, input, other).trunc()


def _remainder(input, other):
    x, y = array(input, "remainder"), array(other, "remainder")
    if result_type(x, y).kind in "iu" and not np.all(y):
        raise RuntimeError("ZeroDivisionError: integer remainder by zero")
    return record_op(Remainder, input, other)
