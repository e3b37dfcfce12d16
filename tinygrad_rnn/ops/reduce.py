"""Sums, means and extremes: a gradient goes back to every element that took part."""

from __future__ import annotations

import math

import numpy as np

from .choosing import plain, select
from .elementwise import Exp
from .function import Function, call
from .shape import Cat, Expand, Reshape, exact_sum, in_order


def kept_shape(shape: tuple[int, ...], dims: tuple[int, ...]) -> tuple[int, ...]:
    """`shape` with the reduced axes kept as 1."""
    return tuple(1 if i in dims else n for i, n in enumerate(shape))


class Sum(Function):
    """y = Σ x over `dims`          dL/dx = dL/dy for each x that took part"""

    widens = True

    def forward(ctx, x, dims, keepdim):
        ctx.from_shape, ctx.dims = x.shape, dims
        return in_order(exact_sum(x, dims, keepdim))

    def backward(ctx, g):
        if len(ctx.dims) < len(ctx.from_shape):
            g = call(Reshape, g, shape=kept_shape(ctx.from_shape, ctx.dims))
        return call(Expand, g, shape=ctx.from_shape)


class Mean(Sum):
    """y = Σ x / n over `dims`          dL/dx = dL/dy / n"""

    def forward(ctx, x, dims, keepdim):
        total = super().forward(x, dims, keepdim)
        ctx.n = int(np.prod([x.shape[d] for d in dims]))
        return np.true_divide(total, ctx.n, dtype=x.dtype)  # the mean of nothing is NaN, as in PyTorch

    def backward(ctx, g):
        return super().backward(g / ctx.n if ctx.n else g)


class Variance(Function):
    """y = Σ (x - mean)² / n over `dims`          dL/dx = dL/dy · 2 (x - mean) / n

    n is the caller's: the count less a correction. Mean and squares are taken in float64, for a mean rounded to
    float32 is off by more than the spread of numbers that lie close together far from 0.
    """

    widens = True
    saves = ("x",)

    def forward(ctx, x, dims, keepdim, n):
        ctx.dims, ctx.n = dims, n
        centred = x - np.true_divide(x.sum(dims, np.float64, keepdims=True), math.prod(x.shape[d] for d in dims))
        centred *= centred
        return in_order(np.true_divide(centred.sum(dims, keepdims=keepdim), n).astype(x.dtype))

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        centred = x - call(Mean, x, dims=ctx.dims, keepdim=True)
        share = 2.0 / ctx.n if ctx.n else math.inf
        return call(Reshape, g, shape=kept_shape(x.shape, ctx.dims)) * (centred * share)


class Extreme(Function):
    """y = the largest (or smallest) x over `dims`          dL/dx = dL/dy, shared evenly among ties"""

    saves = ("x", "out")

    def forward(ctx, x, dims, keepdim, largest):
        ctx.dims = dims
        return in_order((np.max if largest else np.min)(x, axis=dims, keepdims=keepdim))

    def backward(ctx, g):
        x, y = (plain(value) for value in ctx.saved_tensors)
        shape = kept_shape(x.shape, ctx.dims)
        chosen = x == y.reshape(shape)
        if np.isnan(y).any():
            chosen |= np.isnan(x)
        ties = chosen.sum(ctx.dims, keepdims=True)
        return select(chosen, call(Reshape, g, shape=shape) / ties, 0.0)


class Prod(Function):
    """y = Π x over one axis          dL/dx_k = dL/dy · Π_{j≠k} x_j

    The product of the others is the product of those before and of those after, so zeros are no problem.
    """

    widens = True
    saves = ("x",)

    def forward(ctx, x, dim, keepdim):
        ctx.dim, ctx.keepdim = dim, keepdim
        return in_order(x.prod(dim, x.dtype, keepdims=keepdim))

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        if not ctx.keepdim:
            g = call(Reshape, g, shape=kept_shape(x.shape, (ctx.dim,)))
        return g * (call(ProductBefore, x, dim=ctx.dim, after=False) * call(ProductBefore, x, dim=ctx.dim, after=True))


class ProductBefore(Function):
    """y_k = the product of all x before (or after) k along `dim`, 1 at the end

    dL/dx_j = Σ_{k>j} dL/dy_k · Π_{i<k, i≠j} x_i, by one pass per j: this rule serves second derivatives only.
    """

    widens = True
    saves = ("x",)

    def forward(ctx, x, dim, after):
        ctx.dim, ctx.after = dim, after
        y = np.ones(x.shape, x.dtype)
        moved, into = np.moveaxis(x, dim, -1), np.moveaxis(y, dim, -1)
        if after:
            moved, into = moved[..., ::-1], into[..., ::-1]
        into[..., 1:] = _running(np.multiply, moved[..., :-1], -1)
        return y

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        dim, n = ctx.dim, x.shape[ctx.dim]
        if n == 0:
            return g
        pieces = []
        at = np.arange(n).reshape([n if d == dim % x.ndim else 1 for d in range(x.ndim)])
        for j in range(n):
            others = select(at == j, 1.0, x)  # x with its j-th entry left out of the products
            later = at < j if ctx.after else at > j
            reached = call(ProductBefore, others, dim=dim, after=ctx.after)
            pieces.append((g * reached * later).sum(dim, keepdims=True))
        return call(Cat, *pieces, dim=dim % x.ndim)


def _running(combine: np.ufunc, x: np.ndarray, dim: int) -> np.ndarray:
    """`combine` of all numbers up to each place along `dim`. NumPy goes through them one by one, and after a million
    float32 steps the digits would be gone: they run in float64."""
    wide = np.float64 if x.dtype == np.float32 else x.dtype
    return combine.accumulate(x, axis=dim, dtype=wide).astype(x.dtype, copy=False)


class Cumsum(Function):
    """y_k = Σ_{j≤k} x_j along `dim`          dL/dx_j = Σ_{k≥j} dL/dy_k"""

    widens = True

    def forward(ctx, x, dim, backwards=False):
        ctx.dim, ctx.backwards = dim, backwards
        if not backwards:
            return in_order(_running(np.add, x, dim))
        return np.flip(_running(np.add, np.flip(x, dim), dim), dim)

    def backward(ctx, g):
        return call(Cumsum, g, dim=ctx.dim, backwards=not ctx.backwards)


class LogCumsumExp(Function):
    """y_k = ln Σ_{j≤k} e^(x_j) along `dim`          dL/dx_j = Σ_{k≥j} dL/dy_k e^(x_j - y_k)"""

    widens = True
    saves = ("x", "out")

    def forward(ctx, x, dim):
        ctx.dim = dim
        return in_order(_running(np.logaddexp, x, dim))

    def backward(ctx, g):
        x, y = ctx.saved_tensors
        n = x.shape[ctx.dim]
        if n == 0:
            return g
        at = np.arange(n).reshape([n if d == ctx.dim else 1 for d in range(x.ndim)])
        pieces = []
        for j in range(n):
            here = (*[slice(None)] * ctx.dim, slice(j, j + 1))
            reached = select(at >= j, x[here] - y, -np.inf)  # e^-inf = 0: later steps only
            pieces.append((g * call(Exp, reached)).sum(ctx.dim, keepdims=True))
        return call(Cat, *pieces, dim=ctx.dim)
