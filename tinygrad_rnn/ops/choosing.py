"""Choosing one of several values: the gradient goes to the one chosen."""

from __future__ import annotations

import math

import numpy as np

from .function import Function, call


def plain(x):
    """The plain numbers of an array, a Tensor or a number: for masks, which have no derivative."""
    return x.array if hasattr(x, "array") else x


class Tie(Function):
    """z = d, a gradient that was made by comparing x with something          dL/dd = dL/dz,   dL/dx = 0"""

    def forward(ctx, d, x):
        return d

    def backward(ctx, g):
        return g, np.zeros(ctx.shape, ctx.dtype)


def tied(d, x):
    """d. Where gradients are recorded it also leads to x, which it depends on though its derivative is 0.

    The slope of relu or abs is such a function of x: with this its gradient requires grad, as in PyTorch.
    """
    return d if x.__class__ is np.ndarray else call(Tie, d, x)


class Where(Function):
    """z = x where the mask is true, else y          dL/dx = dL/dz where true, dL/dy = dL/dz where false

    It selects rather than multiplies: Inf or NaN in the branch not taken does not leak.
    """

    promotes = True

    def forward(ctx, x, y, mask):
        ctx.mask = mask
        if _is_zero(y) and _is_large(x, mask):
            return _zero_elsewhere(x, mask)
        if _is_zero(x) and _is_large(y, mask):
            return _zero_elsewhere(y, ~mask)
        return np.where(mask, x, y)

    def backward(ctx, g):
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


def select(mask, x, y):
    """x where `mask` is true, else y."""
    return call(Where, x, y, mask=plain(mask))


class Maximum(Function):
    """z = the larger of x and y          dL/dx = dL/dz where x is larger, half of it where they are equal"""

    promotes = True
    saves = ("x", "y")
    compute = np.maximum
    loses = np.less

    def forward(ctx, x, y):
        return ctx.compute(x, y)

    def backward(ctx, g):
        x, y = (plain(value) for value in ctx.saved_tensors)
        shared = select(x == y, 0.5 * g, g)
        return select(ctx.loses(x, y), 0.0, shared), select(ctx.loses(y, x), 0.0, shared)


class Minimum(Maximum):
    """z = the smaller of x and y          dL/dx = dL/dz where x is smaller, half of it where they are equal"""

    saves = ("x", "y")
    compute = np.minimum
    loses = np.greater


class Clamp(Function):
    """y = x held between `low` and `high` (numbers)          dL/dx = dL/dy where low ≤ x ≤ high, else 0"""

    saves = ("x",)

    def forward(ctx, x, low, high):
        ctx.low, ctx.high = low, high
        return np.clip(x, low, high)

    def backward(ctx, g):
        x = plain(ctx.saved_tensors[0])
        inside = np.ones(x.shape, bool)
        if ctx.low is not None:
            inside &= x >= ctx.low
        if ctx.high is not None:
            inside &= x <= ctx.high
        return select(inside, g, 0.0)
