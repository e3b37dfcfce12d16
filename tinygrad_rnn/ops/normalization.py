"""Normalising rows to mean 0 and variance 1 as one op: layer norm and group norm."""

from __future__ import annotations

import numpy as np

from .._mode import thread
from .function import Function, call
from .products import MatMul
from .shape import sum_of_rows


class LayerNorm(Function):
    """y = x̂ · w + b,   x̂ = (x - mean) / √(variance + eps) in each row (Ba et al. 2016)

    x (N, D), w and b (D,) or None. With q = dL/dy · w and means taken over the row:

        dL/dx = (q - mean(q) - x̂ · mean(q · x̂)) / √(variance + eps),   dL/dw = Σ_rows dL/dy · x̂,   dL/db = Σ_rows dL/dy

    Sums along rows and columns are products with a vector: BLAS adds faster than NumPy, and no less exactly.
    """

    widens = True
    saves = ("x", "weight")
    fresh = True

    def forward(ctx, x, weight, bias, eps):
        ctx.eps = eps
        mean = row_mean(x)
        spread, y = np.empty_like(mean), np.empty(x.shape, x.dtype)
        for rows in _blocks(x):
            part = np.subtract(x[rows], mean[rows], out=y[rows])
            variance = np.vecdot(part, part)[:, None] / x.shape[1]
            part *= np.divide(1, np.sqrt(variance + eps), out=spread[rows])
            if weight is not None:
                part *= weight
            if bias is not None:
                part += bias
        ctx.moments = mean, spread
        return y

    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        if thread.mode.lift is None:
            return _gradients(g, x, weight, *ctx.moments)
        to_x, to_weight, to_bias = ctx.edges
        mean, spread = _moments(x, ctx.eps)
        normal = (x - mean) * spread
        weighted = g * normal
        dx = dweight = dbias = None
        if to_x:
            scaled = g if weight is None else g * weight
            along = row_mean(weighted, weight)
            dx = (scaled - row_mean(g, weight) - normal * along) * spread
        if to_weight:
            dweight = column_sum(weighted)
        if to_bias:
            dbias = column_sum(g)
        return dx, dweight, dbias


def _gradients(g, x, weight, mean, spread):
    """The rule above on arrays, a block of rows at a time and without temporaries of full size."""
    dx = np.empty_like(g)
    dweight, dbias = np.zeros((1, x.shape[1]), x.dtype), np.zeros((1, x.shape[1]), x.dtype)
    share = np.full((x.shape[1], 1), 1 / x.shape[1], x.dtype)
    if weight is not None:
        share *= weight[:, None]
    for rows in _blocks(x):
        upper, centred, scale = g[rows], x[rows] - mean[rows], spread[rows]
        out = np.multiply(upper, centred, out=dx[rows])
        dweight += scale.T @ out
        dbias += sum_of_rows(upper)
        centred *= (out @ share) * scale * scale
        centred += upper @ share
        np.multiply(upper, 1 if weight is None else weight, out=out)
        out -= centred
        out *= scale
    return dx, dweight.reshape(-1), dbias.reshape(-1)


def _blocks(x):
    """Slices of rows that stay in the processor's cache together."""
    size = max(1, 262144 // max(1, x.shape[1]))
    return [slice(start, start + size) for start in range(0, x.shape[0], size)]


def _moments(x, eps):
    """The mean of each row, and 1 / √(variance + eps)."""
    mean = row_mean(x)
    centred = x - mean
    return mean, (row_mean(centred * centred) + eps) ** -0.5


def row_mean(x, weight=None):
    """The mean of x · weight in each row: (N, D) -> (N, 1)."""
    n = x.shape[1]
    if weight is None:
        return call(MatMul, x, np.full((n, 1), 1 / n, x.dtype))
    return call(MatMul, x, (weight / n).reshape(-1, 1))


def column_sum(x):
    """The sum of each column: (N, D) -> (D,)."""
    return call(MatMul, np.ones((1, x.shape[0]), x.dtype), x).reshape(-1)
