"""Moving numbers around: the derivative moves them back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._mode import thread
from .function import Function, call


def in_order(y: Any) -> Any:
    """y with its numbers in memory in reading order, copied if they lie otherwise. NumPy's results keep the order of
    the inputs; those of PyTorch's joins, reductions, running sums and indexing are in reading order."""
    return y if y.flags.c_contiguous else y.copy()


def exact_sum(x: np.ndarray, axis: tuple[int, ...], keepdims: bool = False) -> Any:
    """Sum over axes without losing digits when many numbers are added.

    NumPy adds pairwise along what is contiguous in memory, but row by row along the rest: a thousand float32 rows
    lose two digits that way, a million four. Those are added by `sum_of_rows`, and other large sums run in float64.
    """
    n = len(axis)
    if x.size <= 512 or (n == x.ndim and x.size <= 65536) or x.dtype.char not in "ef":
        return np.add.reduce(x, axis, x.dtype, None, keepdims)  # pyright: ignore
    if x.size <= 65536 and x.dtype.char == "f" and x.flags.c_contiguous:
        if n == x.ndim - min(axis) or (n == 1 and x.shape[axis[0]] <= 128):  # pairwise, or few
            return np.add.reduce(x, axis, None, None, keepdims)  # pyright: ignore
        if n == 1 + max(axis):
            sums = sum_of_rows(x.reshape(math.prod(x.shape[:n]), -1))
            return sums.reshape((1,) * n * keepdims + x.shape[n:])
    return np.add.reduce(x, axis, np.float64, None, keepdims).astype(x.dtype)  # pyright: ignore


_ONES = {kind: np.ones(256, kind) for kind in "fd"}


def sum_of_rows(x: Any) -> Any:
    """x (n, m) -> (m,), for the gradient of a bias.

    A product with ones takes a quarter of the time of a sum. It is taken of 256 rows at a time, and again of the
    results: many small sums lose fewer digits than one large one.
    """
    if x.__class__ is not np.ndarray:
        return x.sum(0)
    n, m = x.shape
    if x.dtype.char not in _ONES:
        return exact_sum(x, (0,))
    ones = _ONES[x.dtype.char]
    if n <= 256:
        return ones[:n].dot(x)
    whole = n - n % 256
    sums = np.empty((-(-n // 256), m), x.dtype)
    np.matmul(ones, x[:whole].reshape(-1, 256, m), out=sums[: whole // 256])
    if whole < n:
        np.dot(ones[: n - whole], x[whole:], out=sums[-1])
    return sum_of_rows(sums)


def sum_along(x: np.ndarray, dim: int) -> np.ndarray:
    """The sum along `dim`, which stays as an axis of size 1. Along the last axis a product with ones takes a fifth of
    the time of a sum."""
    if x.dtype.char not in _ONES or dim not in (-1, x.ndim - 1):
        return exact_sum(x, (dim % x.ndim,), True)
    n = x.shape[-1]
    return (x @ (_ONES[x.dtype.char][:n] if n <= 256 else np.ones(n, x.dtype)))[..., None]


class SumTo(Function):
    """Undo broadcasting: add up over the axes along which `shape` was stretched.    dL/dx = dL/dy, stretched"""

    widens = True

    def forward(ctx, x, shape):
        ctx.from_shape = x.shape
        extra = x.ndim - len(shape)
        if len(shape) == 1 and x.shape[extra:] == shape and x.size:  # a bias and its batch
            return sum_of_rows(x if extra == 1 else x.reshape(-1, shape[0]))
        axes = (*range(extra), *(extra + i for i, n in enumerate(shape) if n == 1 and x.shape[extra + i] != 1))
        return exact_sum(x, axes).reshape(shape) if axes else x.reshape(shape)

    def backward(ctx, g):
        return call(Expand, g, shape=ctx.from_shape)


class Cast(Function):
    """y = x in another element type          dL/dx = dL/dy (the engine casts it back)"""

    def forward(ctx, x, dtype):
        return x.astype(dtype)

    def backward(ctx, g):
        return g


class Clone(Function):
    """y = a copy of x          dL/dx = dL/dy

    `order` is NumPy's: "C" for reading order in memory, "K" for that of x.
    """

    def forward(ctx, x, order="K"):
        return x.copy(order)

    def backward(ctx, g):
        return g


class Reshape(Function):
    """y = the numbers of x, in order, in another shape          dL/dx = dL/dy in the shape of x"""

    view = True

    def forward(ctx, x, shape):
        ctx.from_shape = x.shape
        return x.reshape(shape)

    def backward(ctx, g):
        return call(Reshape, g, shape=ctx.from_shape)


class Transpose(Function):
    """y = x with its axes in the order `dims`          dL/dx = dL/dy with the axes put back"""

    view = True

    def forward(ctx, x, dims):
        ctx.dims = dims
        return x.transpose(dims)

    def backward(ctx, g):
        back = [0] * len(ctx.dims)
        for to, source in enumerate(ctx.dims):
            back[source] = to
        return call(Transpose, g, dims=tuple(back))


def stretch(x: Any, shape: tuple[int, ...]) -> np.ndarray:
    """x broadcast to `shape`, without copying. One number, as the gradient of a sum, in a third of NumPy's time."""
    x = np.asarray(x)
    if x.size != 1 or x.ndim > len(shape):
        return np.broadcast_to(x, shape)
    stretched = np.ndarray(shape, x.dtype, x, strides=(0,) * len(shape))  # every step stays at the one number
    stretched.flags.writeable = False
    return stretched


class Expand(Function):
    """y = x stretched to `shape` by broadcasting          dL/dx = sum of dL/dy over the stretched axes (engine)"""

    view = True

    def forward(ctx, x, shape):
        return stretch(x, shape)

    def backward(ctx, g):
        return g


class Cat(Function):
    """y = the inputs one after the other along `dim`          dL/dx_k = the k-th piece of dL/dy"""

    promotes = True

    def forward(ctx, *xs, dim):
        ctx.dim = dim
        ctx.lengths = [x.shape[dim] for x in xs]
        return in_order(np.concatenate(xs, axis=dim))

    def backward(ctx, g):
        start, pieces = 0, []
        before = (slice(None),) * ctx.dim
        for length in ctx.lengths:
            pieces.append(g[(*before, slice(start, start + length))])
            start += length
        return tuple(pieces)


class Stack(Function):
    """y = the inputs along a new axis `dim`          dL/dx_k = dL/dy at index k of that axis"""

    promotes = True

    def forward(ctx, *xs, dim):
        ctx.dim = dim
        if dim == 0 and xs[0].ndim:  # one after the other in memory: np.stack takes three times as long
            return in_order(np.concatenate(xs)).reshape(len(xs), *xs[0].shape)
        return in_order(np.stack(xs, axis=dim))

    def backward(ctx, g):
        before = (slice(None),) * ctx.dim
        return tuple([g[(*before, k)] for k in range(len(ctx.edges))])


class Split(Function):
    """y_k = the k-th piece of x along `dim`, of the given lengths          dL/dx = the dL/dy_k side by side"""

    view = True

    def forward(ctx, x, lengths, dim):
        ctx.dim = dim
        before = (slice(None),) * dim
        start, pieces = 0, []
        for length in lengths:
            stop = start + length
            pieces.append(x[(*before, slice(start, stop))])
            start = stop
        return tuple(pieces)

    def backward(ctx, *gs):
        gs = ctx.with_zeros(gs)
        return np.concatenate(gs, ctx.dim) if thread.mode.lift is None else call(Cat, *gs, dim=ctx.dim)


class Unbind(Function):
    """y_k = x at index k of axis `dim`          dL/dx = the dL/dy_k stacked"""

    view = True

    def forward(ctx, x, dim):
        ctx.dim = dim
        before = (slice(None),) * dim
        return tuple([x[(*before, k, ...)] for k in range(x.shape[dim])])  # with ... even a single number is a view

    def backward(ctx, *gs):
        return call(Stack, *ctx.with_zeros(gs), dim=ctx.dim)


class Flip(Function):
    """y = x read backwards along `dims`          dL/dx = dL/dy read backwards"""

    def forward(ctx, x, dims):
        ctx.dims = dims
        return np.flip(x, dims).copy("K")

    def backward(ctx, g):
        return call(Flip, g, dims=ctx.dims)


class Roll(Function):
    """y = x moved by `shifts` along `dims`, what falls off coming back at the start          dL/dx = dL/dy moved back"""

    def forward(ctx, x, shifts, dims):
        ctx.shifts, ctx.dims = shifts, dims
        return in_order(np.roll(x, shifts, dims))

    def backward(ctx, g):
        return call(Roll, g, shifts=tuple(-s for s in ctx.shifts), dims=ctx.dims)


class Triangle(Function):
    """y = x, zero above (lower=True) or below the diagonal `k`          dL/dx = dL/dy, zero there too"""

    def forward(ctx, x, k, lower):
        ctx.k, ctx.lower = k, lower
        return in_order(np.tril(x, k) if lower else np.triu(x, k))

    def backward(ctx, g):
        return call(Triangle, g, k=ctx.k, lower=ctx.lower)


class Diagonal(Function):
    """y = the diagonal `offset` of the last two axes, as one axis          dL/dx = zeros, with dL/dy on the diagonal"""

    view = True

    def forward(ctx, x, offset):
        ctx.offset, ctx.from_shape = offset, x.shape
        return diagonal_of(x, offset)

    def backward(ctx, g):
        return call(OnDiagonal, g, offset=ctx.offset, shape=ctx.from_shape)


class OnDiagonal(Function):
    """y = zeros of `shape`, with x on the diagonal `offset` of the last two axes          dL/dx = that diagonal of dL/dy"""

    def forward(ctx, x, offset, shape):
        ctx.offset = offset
        y = np.zeros(shape, x.dtype)
        diagonal_of(y, offset)[...] = x
        return y

    def backward(ctx, g):
        return call(Diagonal, g, offset=ctx.offset)


def diagonal_of(x: np.ndarray, offset: int) -> np.ndarray:
    """A diagonal of the last two axes, looking into the memory of x (np.diagonal's result cannot be written to)."""
    below, right = max(-offset, 0), max(offset, 0)
    n = max(0, min(x.shape[-2] - below, x.shape[-1] - right))
    return np.einsum("...ii->...i", x[..., below : below + n, right : right + n])
