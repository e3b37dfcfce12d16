"""Functions made of steps, and the remainder that they leave."""

from __future__ import annotations

import numpy as np

from .choosing import plain, tied
from .function import Function


def sign(x):
    """-1, 0 or 1; 0 for NaN too, as in PyTorch (NumPy keeps the NaN)."""
    if x.dtype.kind == "b":
        return x.copy()
    return np.sign(x) if x.dtype.kind != "f" else np.subtract(x > 0, x < 0, dtype=x.dtype)


class Flat(Function):
    """Base of functions made of steps (sign, floor, round): dL/dx = 0 everywhere, as PyTorch has it."""

    compute = staticmethod(sign)

    def forward(ctx, x):
        return ctx.compute(x)

    def backward(ctx, g):
        return np.zeros(ctx.shape, ctx.dtype)  # not g · 0, which is NaN where g is infinite


class Sign(Flat):
    """y = -1, 0 or 1          dL/dx = 0"""


class Floor(Flat):
    """y = x rounded down          dL/dx = 0"""

    compute = np.floor


class Ceil(Flat):
    """y = x rounded up          dL/dx = 0"""

    compute = np.ceil


class Trunc(Flat):
    """y = x rounded towards 0          dL/dx = 0"""

    compute = np.trunc


class Round(Flat):
    """y = x rounded to the nearest integer, halves to even          dL/dx = 0"""

    compute = np.rint


class FloorDivide(Function):
    """z = ⌊x / y⌋          dL/dx = dL/dy = 0"""

    promotes = True
    widens = "number"

    forward = np.floor_divide

    def backward(ctx, g):
        return np.zeros(ctx.shape, ctx.dtype), np.zeros(ctx.shape, ctx.dtype)


class Remainder(Function):
    """z = x - y ⌊x/y⌋, with the sign of y          dL/dx = dL/dz,   dL/dy = -dL/dz · ⌊x/y⌋"""

    promotes = True
    bools = "mixed"
    widens = "number"
    saves = ("x", "y")

    forward = np.remainder

    def backward(ctx, g):
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        return g, tied(-g * np.floor_divide(plain(x), plain(y)), y) if to_y else None
