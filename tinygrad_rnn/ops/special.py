"""The error function, the logarithm of the gamma function, and its derivatives."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from ..recording import record_op
from .checks import need_tensor
from .erf import erf, erfc
from .function import Array, Function, Recorded, Saves, Value, call
from .inplace import in_place
from .powers import Exp
from .words import worded

if TYPE_CHECKING:
    from .._tensor import Tensor


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


def polygamma(x: Array, order: int) -> Array:
    """ψ(x), its derivative or its second: moved up by ψ(x) = ψ(x + 1) - 1/x to where the series in 1/x is exact; reflected below ½.

    The series are those of Abramowitz & Stegun 1964, 6.3.18, 6.4.12, 6.4.13; the reflection is 6.3.7, and its derivatives.
    """
    wide = x.astype(np.float64)
    with np.errstate(all="ignore"):
        below = wide < 0.5
        z = np.where(below, 1 - wide, wide)
        moved = np.zeros_like(z)
        for _ in range(12):
            moved += z ** -(order + 1.0)
            z = z + 1
        w, angle = 1 / (z * z), np.pi * wide
        if order == 0:
            up = np.log(z) - 0.5 / z - w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w / 132)))) - moved
            y = np.where(below, up - np.pi / np.tan(angle), up)
            y = np.where(wide == 0, -np.copysign(np.inf, wide), np.where(below & (wide == np.floor(wide)), np.nan, y))
        elif order == 1:
            up = 1 / z + w / 2 + w / z * (1 / 6 - w * (1 / 30 - w * (1 / 42 - w * (1 / 30 - w * 5 / 66)))) + moved
            y = np.where(below, np.square(np.pi / np.sin(angle)) - up, up)
        else:
            up = -w * (1 + 1 / z + w / 2 - w * w * (1 / 6 - w * (1 / 6 - w * (3 / 10 - w * 5 / 6)))) - 2 * moved
            y = np.where(below, up - 2 * np.pi**3 * np.cos(angle) / np.sin(angle) ** 3, up)
            y = np.where(below & (wide == np.floor(wide)), -np.inf, y)
    return y.astype(x.dtype)


class Lgamma(Function):
    """y = log |Γ(x)|          dL/dx = dL/dy · ψ(x)"""

    promotes = "float"
    saves: Saves = ("x",)

    def forward(ctx, x: Array) -> Array:
        return np.asarray([_log_gamma(v) for v in x.ravel().tolist()], x.dtype).reshape(x.shape)

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        return g * call(Polygamma, x, order=0)


class Polygamma(Function):
    """y = ψ⁽ⁿ⁾(x), where ψ = d/dx log Γ and n = 0, 1, 2          dL/dx = dL/dy · ψ⁽ⁿ⁺¹⁾(x)"""

    promotes = "float"
    saves: Saves = ("x",)
    order: int

    def forward(ctx, x: Array, order: int) -> Array:
        ctx.order = order
        return polygamma(x, order)

    def backward(ctx, g: Value) -> Value:
        if ctx.order == 2:
            raise NotImplementedError("digamma(): its third derivative is left out")
        (x,) = ctx.saved_tensors
        return g * call(Polygamma, x, order=ctx.order + 1)


def _log_gamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # a pole, or too large
        return math.inf


class Special(Recorded):
    """Tensor's error and gamma functions."""

    __slots__ = ()

    @worded
    def erf(input: Tensor) -> Tensor:
        """The error function 2/√π ∫₀ˣ e^(-t²) dt."""
        return record_op(Erf, input)

    erf_: Final = in_place(erf)

    def erfc(input: Tensor) -> Tensor:
        """1 - erf(input), exact where erf rounds to 1."""
        return record_op(Erfc, input)

    def lgamma(input: Tensor) -> Tensor:
        """The logarithm of |Γ(input)|."""
        return record_op(Lgamma, input)

    def digamma(input: Tensor) -> Tensor:
        """ψ, the derivative of lgamma."""
        need_tensor("digamma", input)
        return record_op(Polygamma, input, order=0)
