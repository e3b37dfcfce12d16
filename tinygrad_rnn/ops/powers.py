"""Powers, roots, exponentials and logarithms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..recording import record_one, record_op, record_pair
from .arithmetic import Div
from .checks import is_tensor, need_tensor
from .choosing import plain, select
from .function import Array, Function, Recorded, Saves, Value, call
from .inplace import in_place
from .widening import widening
from .words import again, worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class Pow(Function):
    """z = xʸ          dL/dx = dL/dz · y xʸ⁻¹,   dL/dy = dL/dz · xʸ ln x

    Both are 0 where their factor is: y = 0 gives no gradient to x, and 0ʸ none to y ≥ 0.
    """

    promotes = "common"
    bools = "mixed"
    widens = "always"
    saves: Saves = {"x": None, "y": None, "out": "y"}

    def forward(ctx, x: Array, y: Array) -> Array:
        if y.__class__ is float and abs(y) == 0.5:
            root = np.sqrt(x)  # faster than a power, and what PyTorch does at -0
            return root if y > 0 else 1 / root
        if isinstance(y, np.ndarray) and y.dtype.kind == "i" and (y < 0).any():
            return _whole_power(x, y)
        return x**y if x.__class__ is np.ndarray else np.power(x, y, order="C")  # of a number: in reading order

    def backward(ctx, g: Value) -> Value:
        x, y, z = ctx.saved_tensors
        to_x, to_y = ctx.edges
        dx = dy = None
        if to_x:
            dx = _power_rule(g, x, y)
        if to_y:
            settled = (plain(x) == 0) & (plain(y) >= 0)
            dy = g * select(settled, 0.0, z * call(Log, select(settled, 1.0, x)))
        return dx, dy


def _whole_power(x, y):
    """xʸ of integers where some y are negative: 0 there, unless x is 1 or -1 (PyTorch's rule)."""
    power = np.power(x, np.where(y < 0, y % 2, y))  # ±1 to a negative power is the same as to 0 or 1
    return np.where((y < 0) & (np.abs(x) != 1), 0, power)


def _power_rule(g, x, y):
    """dL/dz · y xʸ⁻¹, with 0 where y = 0 (there x may be 0)."""
    if isinstance(y, (int, float)):
        return g * 0.0 if y == 0 else g * (y * x) if y == 2 else g * (y * call(Pow, x, y - 1))
    flat = plain(y) == 0
    return g * select(flat, 0.0, y * call(Pow, x, select(flat, 1.0, y) - 1))


class Exp(Function):
    """y = eˣ          dL/dx = dL/dy · y"""

    promotes = "float"
    saves: Saves = ("out",)

    forward: Any = np.exp

    def backward(ctx, g: Value) -> Value:
        (y,) = ctx.saved_tensors
        return g * y


class Expm1(Function):
    """y = eˣ - 1, exact for small x          dL/dx = dL/dy · (y + 1)"""

    promotes = "float"
    saves: Saves = ("out",)

    forward: Any = np.expm1

    def backward(ctx, g: Value) -> Value:
        (y,) = ctx.saved_tensors
        return g * (y + 1)


class Log(Function):
    """y = ln x          dL/dx = dL/dy / x"""

    promotes = "float"
    saves: Saves = ("x",)
    scale: Any = 1.0  # the derivative is 1 / (scale · x)

    forward: Any = np.log

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        return g / x if ctx.scale == 1.0 else g / (x * ctx.scale)


class Log2(Log):
    """y = log₂ x          dL/dx = dL/dy / (x ln 2)"""

    forward: Any = np.log2
    scale: Any = math.log(2)


class Log10(Log):
    """y = log₁₀ x          dL/dx = dL/dy / (x ln 10)"""

    forward: Any = np.log10
    scale: Any = math.log(10)


class Log1p(Function):
    """y = ln(1 + x), exact for small x          dL/dx = dL/dy / (1 + x)"""

    promotes = "float"
    saves: Saves = ("x",)

    forward: Any = np.log1p

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        return g / (x + 1)


class Sqrt(Function):
    """y = √x          dL/dx = dL/dy / (2 y)"""

    promotes = "float"
    saves: Saves = ("out",)

    forward: Any = np.sqrt

    def backward(ctx, g: Value) -> Value:
        (y,) = ctx.saved_tensors
        return g / (2 * y)


class XLogY(Function):
    """z = x ln y, and 0 where x = 0          dL/dx = dL/dz · ln y (0 where x = 0 and y ≤ 0),   dL/dy = dL/dz · x / y"""

    widens = "always"
    promotes = "float"
    saves: Saves = ("x", "y")

    def forward(ctx, x: Array, y: Array) -> Array:
        return np.where((x == 0) & ~np.isnan(y), 0.0, x * np.log(y)).astype(np.result_type(x, y))

    def backward(ctx, g: Value) -> Value:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        dx = dy = None
        if to_x:
            settled = (plain(x) == 0) & (plain(y) <= 0)
            dx = g * select(settled, 0.0, call(Log, select(settled, 1.0, y)))
        if to_y:
            dy = g * x / y
        return dx, dy


class Powers(Recorded):
    """Tensor's powers and logarithms."""

    __slots__ = ()

    def pow(input: Tensor, exponent: Any, **other: Any) -> Tensor:
        """input to the power of exponent, element by element."""
        if other:
            return again(Powers.pow, other, input, exponent)  # type: ignore
        if is_tensor(input) and input.dtype.kind in "iub" and isinstance(exponent, int) and exponent < 0:
            raise RuntimeError(f"Integers to negative integer powers are not allowed (exponent {exponent})")
        return record_op(Pow, input, exponent)

    pow_: Final = in_place(pow)

    def exp(input: Tensor, **other: Any) -> Tensor:
        """e to the power of input."""
        if other:
            return again(Powers.exp, other, input)  # type: ignore
        return record_one(Exp, input)

    exp_: Final = in_place(exp)

    @worded
    def expm1(input: Tensor) -> Tensor:
        """e^input - 1, exact for small values."""
        return record_op(Expm1, input)

    expm1_: Final = in_place(expm1)

    def log(input: Tensor, **other: Any) -> Tensor:
        """The natural logarithm."""
        if other:
            return again(Powers.log, other, input)  # type: ignore
        return record_one(Log, input)

    log_: Final = in_place(log)

    def log2(input: Tensor) -> Tensor:
        """The logarithm to base 2."""
        return record_op(Log2, input)

    log2_: Final = in_place(log2)

    def log10(input: Tensor) -> Tensor:
        """The logarithm to base 10."""
        return record_op(Log10, input)

    log10_: Final = in_place(log10)

    @worded
    def log1p(input: Tensor) -> Tensor:
        """ln(1 + input), exact for small values."""
        return record_op(Log1p, input)

    log1p_: Final = in_place(log1p)

    def sqrt(input: Tensor, **other: Any) -> Tensor:
        """The square root."""
        if other:
            return again(Powers.sqrt, other, input)  # type: ignore
        return record_one(Sqrt, input)

    sqrt_: Final = in_place(sqrt)

    @widening
    def rsqrt(input: Tensor) -> Tensor:
        """1 / √input."""
        need_tensor("rsqrt", input)
        return record_op(Div, 1, record_op(Sqrt, input))

    rsqrt_: Final = in_place(rsqrt)

    def xlogy(input: Tensor, other: Any) -> Tensor:
        """input · ln(other), and 0 where input is 0."""
        return record_op(XLogY, input, other)

    xlogy_: Final = in_place(xlogy)

    def __rpow__(self: Tensor, other: Any) -> Tensor:
        return record_pair(Pow, other, self)

    __pow__: Final = pow
    __ipow__: Final = pow_
