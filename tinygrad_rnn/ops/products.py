"""Matrix products."""

from __future__ import annotations

import math

import numpy as np

from .function import Function, call
from .shape import Reshape, sum_of_rows


def times(x, y):
    """x @ y. The method `dot` of arrays does the same for two matrices, with a microsecond less before the work starts."""
    return x.dot(y) if x.__class__ is np.ndarray and x.ndim == y.ndim == 2 else x @ y


def rows_of(x):
    """x (…, n) as a matrix of its rows. The number of rows is worked out: with n = 0, -1 could be any number."""
    return x if x.ndim == 2 else call(Reshape, x, shape=(math.prod(x.shape[:-1]), x.shape[-1]))


class MatMul(Function):
    """Z = X Y (…, n, m) @ (…, m, k)          dL/dX = dL/dZ Yᵀ,   dL/dY = Xᵀ dL/dZ

    Both have at least two dimensions here; `functions.matmul` adds and removes them for vectors.
    """

    widens = True
    promotes = True
    saves = {"x": "y", "y": "x"}
    fresh = True

    def forward(ctx, x, y):
        return times(x, y)

    def backward(ctx, g):
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        return times(g, y.mT) if to_x else None, times(x.mT, g) if to_y else None


class Linear(Function):
    """y = x Wᵀ + b, x (…, I), W (O, I), b (O,)          dL/dx = dL/dy W,   dL/dW = dL/dyᵀ x,   dL/db = Σ dL/dy"""

    widens = True
    saves = {"x": "weight", "weight": "x"}
    fresh = True

    def forward(ctx, x, weight, bias):
        if x.dtype is not weight.dtype or (bias is not None and bias.dtype is not x.dtype):
            raise TypeError("linear needs one dtype")
        if weight.ndim != 2:
            raise TypeError("linear needs a matrix as its weight")
        if x.ndim == 2:
            y = x.dot(weight.T)
        else:
            y = np.dot(rows_of(x), weight.T).reshape(*x.shape[:-1], weight.shape[0])
        if bias is not None:
            y += bias
        return y

    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        to_x, to_weight, to_bias = ctx.edges
        dx = dweight = dbias = None
        rows_g = rows_of(g)
        if to_x:
            dx = times(rows_g, weight)
            if g.ndim != 2:
                dx = call(Reshape, dx, shape=(*g.shape[:-1], weight.shape[1]))
        if to_weight:
            dweight = times(rows_g.mT, rows_of(x))
        if to_bias:
            dbias = sum_of_rows(rows_g)
        return dx, dweight, dbias
