"""Normalising rows to mean 0 and variance 1 as one op: layer norm and group norm."""

from __future__ import annotations

import numpy as np

from .._mode import thread
from .function import Function, call
from .products import MatMul


class LayerNorm(Function):
    """y = x̂ · w + b,   x̂ = (x - mean) / √(variance + eps) in each row (Ba et al. 2016)

    x (N, D), w and b (D,) or None. With q = dL/dy · w and means taken over the row:

        dL/dx = (q - mean(q) - x̂ · mean(q · x̂)) / √(variance + eps),   dL/dw = Σ_rows dL/dy · x̂,   dL/db = Σ_rows dL/dy

    Sums along rows and columns are products with a vector: BLAS adds faster than NumPy, and no less exactly.
    """

    saves = ("x", "weight")

    def forward(ctx, x, weight, bias, eps):
        ctx.eps = eps
        mean = row_mean(x)
        y = x - mean
        spread = 1 / np.sqrt(np.einsum("nd,nd->n", y, y)[:, None] / x.shape[1] + eps)
        ctx.moments = mean, spread.astype(x.dtype, copy=False)
        y *= ctx.moments[1]
        if weight is not None:
            y *= weight
        if bias is not None:
            y += bias
        return y

    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        to_x, to_weight, to_bias = ctx.edges
        mean, spread = ctx.moments if thread.mode.lift is None else _moments(x, ctx.eps)
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
