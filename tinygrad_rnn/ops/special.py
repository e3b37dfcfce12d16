"""Sine, cosine and the error function."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..recording import record_one, record_op
from .erf import erf, erfc
from .function import Array, Function, Recorded, Saves, Value, call
from .inplace import in_place
from .powers import Exp

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


class Erf(Function):
    """y = 2/√π ∫₀ˣ e^(-t²) dt          dL/dx = dL/dy · 2/√π · e^(-x²)"""

    widens = "always"
    promotes = "float"
    saves: Saves = ("x",)

    def forward(ctx, x: Array) -> Array:
        return erf(x)

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        return g * (2 / math.sqrt(math.pi)) * call(Exp, -(x * x))


class Erfc(Erf):
    """y = 1 - erf x          dL/dx = -dL/dy · 2/√π · e^(-x²)"""

    def forward(ctx, x: Array) -> Array:
        return erfc(x)

    def backward(ctx, g: Value) -> Value:
        return -super().backward(g)


class Special(Recorded):
    """Tensor's trigonometric and special functions."""

    __slots__ = ()

    def sin(input: Tensor) -> Tensor:
        """The sine of input in radians."""
        return record_one(Sin, input)

    sin_: Final = in_place(sin)

    def cos(input: Tensor) -> Tensor:
        """The cosine of input in radians."""
        return record_one(Cos, input)

    cos_: Final = in_place(cos)

    def erf(input: Tensor) -> Tensor:
        """The error function 2/√π ∫₀ˣ e^(-t²) dt."""
        return record_op(Erf, input)

    erf_: Final = in_place(erf)

    def erfc(input: Tensor) -> Tensor:
        """1 - erf(input), exact where erf rounds to 1."""
        return record_op(Erfc, input)
