"""Sine, cosine, tangent, the hyperbolic functions, and the inverses of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..recording import record_one, record_op
from .checks import need_tensor
from .choosing import plain, select
from .function import Array, Function, Recorded, Saves, Value, call
from .inplace import in_place
from .powers import Pow
from .words import again

if TYPE_CHECKING:
    from .._tensor import Tensor


class Sin(Function):
    """y = sin x          dL/dx = dL/dy · cos x"""

    promotes = "float"
    saves: Saves = ("x",)

    forward: Any = np.sin

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        return g * call(Cos, x)


class Cos(Function):
    """y = cos x          dL/dx = -dL/dy · sin x"""

    promotes = "float"
    saves: Saves = ("x",)

    forward: Any = np.cos

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        return -g * call(Sin, x)


class Tan(Function):
    """y = tan x          dL/dx = dL/dy · (1 + y²)"""

    widens = "always"
    promotes = "float"
    saves: Saves = ("out",)

    forward: Any = np.tan

    def backward(ctx, g: Value) -> Value:
        (y,) = ctx.saved_tensors
        return g * (1 + y * y)


class Sinh(Function):
    """y = (eˣ - e⁻ˣ) / 2          dL/dx = dL/dy · cosh x"""

    widens = "always"
    promotes = "float"
    saves: Saves = ("x",)

    forward: Any = np.sinh

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        return g * call(Cosh, x)


class Cosh(Function):
    """y = (eˣ + e⁻ˣ) / 2          dL/dx = dL/dy · sinh x"""

    widens = "always"
    promotes = "float"
    saves: Saves = ("x",)

    forward: Any = np.cosh

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        return g * call(Sinh, x)


class Asin(Function):
    """y = arcsin x          dL/dx = dL/dy / √(1 - x²)"""

    widens = "always"
    promotes = "float"
    saves: Saves = ("x",)

    forward: Any = np.arcsin
    slope: Any = staticmethod(lambda g, x: g * call(Pow, 1 - x * x, -0.5))

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        return ctx.slope(g, x)


class Acos(Asin):
    """y = arccos x          dL/dx = -dL/dy / √(1 - x²)"""

    forward: Any = np.arccos
    slope: Any = staticmethod(lambda g, x: -g * call(Pow, 1 - x * x, -0.5))


class Atan(Asin):
    """y = arctan x          dL/dx = dL/dy / (1 + x²)"""

    forward: Any = np.arctan
    slope: Any = staticmethod(lambda g, x: g / (1 + x * x))


class Asinh(Asin):
    """y = ln(x + √(x² + 1))          dL/dx = dL/dy / √(x² + 1)"""

    forward: Any = np.arcsinh
    slope: Any = staticmethod(lambda g, x: g * call(Pow, x * x + 1, -0.5))


class Acosh(Asin):
    """y = ln(x + √(x² - 1))          dL/dx = dL/dy / √(x² - 1)"""

    forward: Any = np.arccosh
    slope: Any = staticmethod(lambda g, x: g * call(Pow, x * x - 1, -0.5))


class Atanh(Asin):
    """y = ½ ln((1 + x) / (1 - x))          dL/dx = dL/dy / (1 - x²)"""

    forward: Any = np.arctanh
    slope: Any = staticmethod(lambda g, x: g / (1 - x * x))


class Atan2(Function):
    """z = the angle of the point (y, x)          dL/dx = dL/dz · y / (x² + y²),   dL/dy = -dL/dz · x / (x² + y²)

    The first argument, called x below, is the height; the second, y, is how far to the right. In the origin both are 0.
    """

    widens = "always"
    promotes = "float"
    saves: Saves = ("x", "y")

    def forward(ctx, x: Array, y: Array) -> Array:
        return np.arctan2(x, y)

    def backward(ctx, g: Value) -> Value:
        x, y = ctx.saved_tensors
        length = x * x + y * y
        over = g / select(plain(length) == 0, np.inf, length)
        return over * y, -over * x


class Trigonometry(Recorded):
    """Tensor's trigonometric and hyperbolic functions."""

    __slots__ = ()

    def sin(input: Tensor, **other: Any) -> Tensor:
        """The sine of input in radians."""
        if other:
            return again(Trigonometry.sin, other, input)  # type: ignore
        return record_one(Sin, input)

    sin_: Final = in_place(sin)

    def cos(input: Tensor, **other: Any) -> Tensor:
        """The cosine of input in radians."""
        if other:
            return again(Trigonometry.cos, other, input)  # type: ignore
        return record_one(Cos, input)

    cos_: Final = in_place(cos)

    def tan(input: Tensor) -> Tensor:
        """The tangent of input in radians."""
        return record_op(Tan, input)

    def sinh(input: Tensor) -> Tensor:
        """The hyperbolic sine."""
        return record_op(Sinh, input)

    def cosh(input: Tensor) -> Tensor:
        """The hyperbolic cosine."""
        return record_op(Cosh, input)

    def asin(input: Tensor) -> Tensor:
        """The angle in radians whose sine is input."""
        return record_op(Asin, input)

    def acos(input: Tensor) -> Tensor:
        """The angle in radians whose cosine is input."""
        return record_op(Acos, input)

    def atan(input: Tensor) -> Tensor:
        """The angle in radians whose tangent is input."""
        return record_op(Atan, input)

    def asinh(input: Tensor) -> Tensor:
        """The inverse of sinh."""
        return record_op(Asinh, input)

    def acosh(input: Tensor) -> Tensor:
        """The inverse of cosh, from 0 up."""
        return record_op(Acosh, input)

    def atanh(input: Tensor) -> Tensor:
        """The inverse of tanh."""
        return record_op(Atanh, input)

    def atan2(input: Tensor, other: Tensor) -> Tensor:
        """The angle in radians of the point that lies `input` high and `other` to the right."""
        need_tensor("atan2", other, "other")
        return record_op(Atan2, input, other)

    arcsin: Final = asin
    arccos: Final = acos
    arctan: Final = atan
    arcsinh: Final = asinh
    arccosh: Final = acosh
    arctanh: Final = atanh
    arctan2: Final = atan2
    tan_: Final = in_place(tan)
    sinh_: Final = in_place(sinh)
    cosh_: Final = in_place(cosh)
    asin_: Final = in_place(asin)
    acos_: Final = in_place(acos)
    atan_: Final = in_place(atan)
