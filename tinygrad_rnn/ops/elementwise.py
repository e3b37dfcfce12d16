"""Arithmetic, element by element: each op is its formula and its derivative.

In the rules `to_x, to_y = ctx.edges` tells whose gradient is wanted: an edge is None where it is not.
`forward` is NumPy's function itself where there is one.
"""

from __future__ import annotations

import math

import numpy as np

from .choosing import plain, select, tied
from .erf import erf
from .function import Function, call
from .rounding import sign


class Add(Function):
    """z = x + y          dL/dx = dL/dz,   dL/dy = dL/dz"""

    promotes = True
    widens = "number"

    forward = np.add

    def backward(ctx, g):
        return g, g


class Sub(Function):
    """z = x - y          dL/dx = dL/dz,   dL/dy = -dL/dz"""

    promotes = True
    bools = "no"
    widens = "number"

    forward = np.subtract

    def backward(ctx, g):
        to_x, to_y = ctx.edges
        return g, -g if to_y else None


class Mul(Function):
    """z = x y          dL/dx = dL/dz · y,   dL/dy = dL/dz · x"""

    promotes = True
    widens = "number"
    saves = {"x": "y", "y": "x"}
    fresh = True

    forward = np.multiply

    def backward(ctx, g):
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        return g * y if to_x else None, g * x if to_y else None


class Div(Function):
    """z = x / y          dL/dx = dL/dz / y,   dL/dy = -dL/dz · x / y²"""

    promotes = "float"
    widens = "number"
    saves = {"x": "y", "y": None}

    forward = np.divide

    def backward(ctx, g):
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        return g / y if to_x else None, -g * ((x / y) / y) if to_y else None


class Pow(Function):
    """z = xʸ          dL/dx = dL/dz · y xʸ⁻¹,   dL/dy = dL/dz · xʸ ln x

    Both are 0 where their factor is: y = 0 gives no gradient to x, and 0ʸ none to y ≥ 0.
    """

    promotes = True
    bools = "mixed"
    widens = True
    saves = {"x": None, "y": None, "out": "y"}

    def forward(ctx, x, y):
        if y.__class__ is float and abs(y) == 0.5:
            root = np.sqrt(x)  # faster than a power, and what PyTorch does at -0
            return root if y > 0 else 1 / root
        if isinstance(y, np.ndarray) and y.dtype.kind == "i" and (y < 0).any():
            return _whole_power(x, y)
        return x**y if x.__class__ is np.ndarray else np.power(x, y, order="C")  # of a number: in reading order

    def backward(ctx, g):
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


class Neg(Function):
    """y = -x          dL/dx = -dL/dy"""

    forward = np.negative

    def backward(ctx, g):
        return -g


class Abs(Function):
    """y = |x|          dL/dx = dL/dy · sign x   (0 at 0)"""

    saves = ("x",)

    forward = np.abs

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return tied(g * sign(plain(x)), x)


class Exp(Function):
    """y = eˣ          dL/dx = dL/dy · y"""

    promotes = "float"
    saves = ("out",)

    forward = np.exp

    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


class Expm1(Function):
    """y = eˣ - 1, exact for small x          dL/dx = dL/dy · (y + 1)"""

    promotes = "float"
    saves = ("out",)

    forward = np.expm1

    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * (y + 1)


class Log(Function):
    """y = ln x          dL/dx = dL/dy / x"""

    promotes = "float"
    saves = ("x",)
    scale = 1.0  # the derivative is 1 / (scale · x)

    forward = np.log

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g / x if ctx.scale == 1.0 else g / (x * ctx.scale)


class Log2(Log):
    """y = log₂ x          dL/dx = dL/dy / (x ln 2)"""

    forward = np.log2
    scale = math.log(2)


class Log10(Log):
    """y = log₁₀ x          dL/dx = dL/dy / (x ln 10)"""

    forward = np.log10
    scale = math.log(10)


class Log1p(Function):
    """y = ln(1 + x), exact for small x          dL/dx = dL/dy / (1 + x)"""

    promotes = "float"
    saves = ("x",)

    forward = np.log1p

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g / (x + 1)


class Sqrt(Function):
    """y = √x          dL/dx = dL/dy / (2 y)"""

    promotes = "float"
    saves = ("out",)

    forward = np.sqrt

    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g / (2 * y)


class Sin(Function):
    """y = sin x          dL/dx = dL/dy · cos x"""

    promotes = "float"
    saves = ("x",)

    forward = np.sin

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * call(Cos, x)


class Cos(Function):
    """y = cos x          dL/dx = -dL/dy · sin x"""

    promotes = "float"
    saves = ("x",)

    forward = np.cos

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return -g * call(Sin, x)


class Erf(Function):
    """y = 2/√π ∫₀ˣ e^(-t²) dt          dL/dx = dL/dy · 2/√π · e^(-x²)"""

    widens = True
    promotes = "float"
    saves = ("x",)

    def forward(ctx, x):
        return erf(x)

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (2 / math.sqrt(math.pi)) * call(Exp, -(x * x))


class LogAddExp(Function):
    """z = ln(eˣ + eʸ)          dL/dx = dL/dz · σ(x - y),   dL/dy = dL/dz · σ(y - x)"""

    widens = True
    promotes = True
    saves = ("x", "y")

    forward = np.logaddexp

    def backward(ctx, g):
        from .activations import Sigmoid

        x, y = ctx.saved_tensors
        return g * call(Sigmoid, x - y), g * call(Sigmoid, y - x)


class XLogY(Function):
    """z = x ln y, and 0 where x = 0          dL/dx = dL/dz · ln y (0 where x = 0 and y ≤ 0),   dL/dy = dL/dz · x / y"""

    widens = True
    promotes = "float"
    saves = ("x", "y")

    def forward(ctx, x, y):
        return np.where((x == 0) & ~np.isnan(y), 0.0, x * np.log(y)).astype(np.result_type(x, y))

    def backward(ctx, g):
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        dx = dy = None
        if to_x:
            settled = (plain(x) == 0) & (plain(y) <= 0)
            dx = g * select(settled, 0.0, call(Log, select(settled, 1.0, y)))
        if to_y:
            dy = g * x / y
        return dx, dy
