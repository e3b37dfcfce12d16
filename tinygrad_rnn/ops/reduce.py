"""Sums, means and extremes: a gradient goes back to every element that took part."""

from __future__ import annotations

import numpy as np

from .choosing import plain, select
from .elementwise import Exp
from .function import Function, call
from .shape import Cat, Expand, Reshape, exact_sum


def kept_shape(shape: tuple[int, ...], dims: tuple[int, ...]) -> tuple[int, ...]:
    """`shape` with the reduced axes kept as 1."""
    return tuple(1 if i in dims else n for i, n in enumerate(shape))


class Sum(Function):
    """y = Σ x over `dims`          dL/dx = dL/dy for each x that took part"""

    def forward(ctx, x, dims, keepdim):
        ctx.from_shape, ctx.dims = x.shape, dims
        return exact_sum(x, dims, keepdim)

    def backward(ctx, g):
        if len(ctx.dims) < len(ctx.from_shape):
            g = call(Reshape, g, shape=kept_shape(ctx.from_shape, ctx.dims))
        return call(Expand, g, shape=ctx.from_shape)


class Mean(Sum):
    """y = Σ x / n over `dims`          dL/dx = dL/dy / n"""

    def forward(ctx, x, dims, keepdim):
        total = super().forward(x, dims, keepdim)
        ctx.n = int(np.prod([x.shape[d] for d in dims]))
        with np.errstate(invalid="ignore", divide="ignore"):  # the mean of nothing is NaN, as in PyTorch
            return np.true_divide(total, ctx.n, dtype=x.dtype)

    def backward(ctx, g):
        return super().backward(g / ctx.n if ctx.n else g)


class Extreme(Function):
    """y = the largest (or smallest) x over `dims`          dL/dx = dL/dy, shared evenly among ties"""

    saves = ("x", "out")

    def forward(ctx, x, dims, keepdim, largest):
        ctx.dims = dims
        return (np.max if largest else np.min)(x, axis=dims, keepdims=keepdim)

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

    saves = ("x",)

    def forward(ctx, x, dim, keepdim):
        ctx.dim, ctx.keepdim = dim, keepdim
        return x.prod(dim, x.dtype, keepdims=keepdim)

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        if not ctx.keepdim:
            g = call(Reshape, g, shape=kept_shape(x.shape, (ctx.dim,)))
        return g * (call(ProductBefore, x, dim=ctx.dim, after=False) * call(ProductBefore, x, dim=ctx.dim, after=True))


class ProductBefore(Function):
    """y_k = the product of all x before (or after) k along `dim`, 1 at the end

    dL/dx_j = Σ_{k>j} dL/dy_k · Π_{i<k, i≠j} x_i, by one pass per j: this rule serves second derivatives only.
    """

    saves = ("x",)

    def forward(ctx, x, dim, after):
        ctx.dim, ctx.after = dim, after
        moved = np.moveaxis(x, dim, -1)
        if after:
            moved = moved[..., ::-1]
        y = np.ones_like(moved)
        np.cumprod(moved[..., :-1], axis=-1, out=y[..., 1:])
        return np.moveaxis(y[..., ::-1] if after else y, -1, dim)

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


class Cumsum(Function):
    """y_k = Σ_{j≤k} x_j along `dim`          dL/dx_j = Σ_{k≥j} dL/dy_k"""

    def forward(ctx, x, dim, backwards=False):
        ctx.dim, ctx.backwards = dim, backwards
        if not backwards:
            return np.cumsum(x, axis=dim, dtype=x.dtype)
        return np.flip(np.cumsum(np.flip(x, dim), axis=dim, dtype=x.dtype), dim)

    def backward(ctx, g):
        return call(Cumsum, g, dim=ctx.dim, backwards=not ctx.backwards)


class LogCumsumExp(Function):
    """y_k = ln Σ_{j≤k} e^(x_j) along `dim`          dL/dx_j = Σ_{k≥j} dL/dy_k e^(x_j - y_k)"""

    saves = ("x", "out")

    def forward(ctx, x, dim):
        ctx.dim = dim
        return np.logaddexp.accumulate(x, axis=dim)

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
