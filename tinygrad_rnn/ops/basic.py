"""The few ops that the book itself applies: the engine fits a gradient to its input, a view finds its place in its base.

The public functions that use these rules are with their families: shaping, indexing, converting.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .function import Array, Function, Value, call


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

    widens = "always"
    from_shape: tuple[int, ...]

    def forward(ctx, x: Array, shape: Any) -> Array:
        ctx.from_shape = x.shape
        extra = x.ndim - len(shape)
        if len(shape) == 1 and x.shape[extra:] == shape and x.size:  # a bias and its batch
            return sum_of_rows(x if extra == 1 else x.reshape(-1, shape[0]))
        axes = (*range(extra), *(extra + i for i, n in enumerate(shape) if n == 1 and x.shape[extra + i] != 1))
        return exact_sum(x, axes).reshape(shape) if axes else x.reshape(shape)

    def backward(ctx, g: Value) -> Value:
        return call(Expand, g, shape=ctx.from_shape)


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

    def forward(ctx, x: Array, shape: Any) -> Array:
        return stretch(x, shape)

    def backward(ctx, g: Value) -> Value:
        return g


class Cast(Function):
    """y = x in another element type          dL/dx = dL/dy (the engine casts it back)"""

    def forward(ctx, x: Array, dtype: Any) -> Array:
        return x.astype(dtype)

    def backward(ctx, g: Value) -> Value:
        return g


def kept_shape(shape: tuple[int, ...], dims: tuple[int, ...]) -> tuple[int, ...]:
    """`shape` with the reduced axes kept as 1."""
    return tuple(1 if i in dims else n for i, n in enumerate(shape))


class Reshape(Function):
    """y = the numbers of x, in order, in another shape          dL/dx = dL/dy in the shape of x"""

    view = True
    from_shape: tuple[int, ...]

    def forward(ctx, x: Array, shape: Any) -> Array:
        ctx.from_shape = x.shape
        return x.reshape(shape)

    def backward(ctx, g: Value) -> Value:
        return call(Reshape, g, shape=ctx.from_shape)


def is_basic(index: Any) -> bool:
    """True if `index` has only ints, slices, None and `...`: NumPy then gives a view, and no element twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return not any(isinstance(part, (np.ndarray, list, bool)) for part in parts)


def add_at(into: np.ndarray, index: Any, values: Any) -> None:
    """into[index] += values, adding up where an index repeats."""
    if is_basic(index):
        into[index] += values
    else:
        np.add.at(into, index, values)


class Index(Function):
    """y = x[index]          dL/dx = zeros, with dL/dy added at the index"""

    fresh = True
    from_shape: tuple[int, ...]
    index: Any

    def forward(ctx, x: Array, index: Any) -> Array:
        ctx.index, ctx.from_shape = index, x.shape
        return in_order(x[index])

    def backward(ctx, g: Value) -> Value:
        return call(AddAt, g, index=ctx.index, shape=ctx.from_shape)


class AddAt(Function):
    """y = zeros of `shape`, with v added at the index          dL/dv = dL/dy[index]"""

    widens = "always"

    def forward(ctx, v: Array, index: Any, shape: Any) -> Array:
        ctx.index = index
        y = np.zeros(shape, v.dtype)
        add_at(y, index, v)
        return y

    def backward(ctx, g: Value) -> Value:
        return call(Index, g, index=ctx.index)


class SetItem(Function):
    """y = x with x[index] = v          dL/dx = dL/dy, 0 at the index,   dL/dv = dL/dy[index]

    `inplace` writes into x itself, which is what `x[index] = v` does.
    """

    def forward(ctx, x: Array, v: Array, index: Any, inplace: Any = False) -> Array:
        ctx.index = index
        y = x if inplace else np.array(x)  # a 0-d gradient may be a NumPy scalar, which cannot be written into
        y[index] = v
        return y

    def backward(ctx, g: Value) -> Value:
        to_x, to_v = ctx.edges
        return (
            call(SetItem, g, 0.0, index=ctx.index) if to_x else None,
            call(Index, g, index=ctx.index) if to_v else None,
        )


class Overwrite(Function):
    """z = v, written over the numbers of x          dL/dx = 0,   dL/dv = dL/dz

    What `x.copy_(v)` and `x.zero_()` do: x stays where it is in the graph, though its old numbers count no more.
    """

    def forward(ctx, x: Array, v: Array) -> Array:
        return v

    def backward(ctx, g: Value) -> Value:
        return np.zeros(ctx.shape, ctx.dtype), g
