"""Picking elements and writing them back: each is the other's derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from .function import Function, call
from .shape import in_order


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

    def forward(ctx, x, index):
        ctx.index, ctx.from_shape = index, x.shape
        return in_order(x[index])

    def backward(ctx, g):
        return call(AddAt, g, index=ctx.index, shape=ctx.from_shape)


class BasicIndex(Index):
    """As Index, for ints and slices only: the output looks into the memory of x."""

    view = True

    def forward(ctx, x, index):
        ctx.index, ctx.from_shape = index, x.shape
        y = x[index]
        if y.__class__ is np.ndarray:
            return y
        return x[(*index, ...) if isinstance(index, tuple) else (index, ...)]  # NumPy copies a single number


class AddAt(Function):
    """y = zeros of `shape`, with v added at the index          dL/dv = dL/dy[index]"""

    widens = True

    def forward(ctx, v, index, shape):
        ctx.index = index
        y = np.zeros(shape, v.dtype)
        add_at(y, index, v)
        return y

    def backward(ctx, g):
        return call(Index, g, index=ctx.index)


class SetItem(Function):
    """y = x with x[index] = v          dL/dx = dL/dy, 0 at the index,   dL/dv = dL/dy[index]

    `inplace` writes into x itself, which is what `x[index] = v` does.
    """

    def forward(ctx, x, v, index, inplace=False):
        ctx.index = index
        y = x if inplace else np.array(x)  # a 0-d gradient may be a NumPy scalar, which cannot be written into
        y[index] = v
        return y

    def backward(ctx, g):
        to_x, to_v = ctx.edges
        return (
            call(SetItem, g, 0.0, index=ctx.index) if to_x else None,
            call(Index, g, index=ctx.index) if to_v else None,
        )


class Overwrite(Function):
    """z = v, written over the numbers of x          dL/dx = 0,   dL/dv = dL/dz

    What `x.copy_(v)` and `x.zero_()` do: x stays where it is in the graph, though its old numbers count no more.
    """

    def forward(ctx, x, v):
        return v

    def backward(ctx, g):
        return np.zeros(ctx.shape, ctx.dtype), g


class Gather(Function):
    """y[i] = x[i with its `dim` entry replaced by index[i]]          dL/dx = dL/dy added back at the index"""

    def forward(ctx, x, index, dim):
        ctx.index, ctx.dim, ctx.from_shape = index, dim, x.shape
        return in_order(x[places(index, dim)])

    def backward(ctx, g):
        return call(AddAt, g, index=places(ctx.index, ctx.dim), shape=ctx.from_shape)


def places(index: np.ndarray, dim: int) -> tuple[np.ndarray, ...]:
    """NumPy's index for gather and scatter: every position of `index`, with axis `dim` taken from it."""
    grid: list[Any] = list(np.indices(index.shape, sparse=True))
    if grid:
        grid[dim] = index
    return tuple(grid)


class Embedding(Function):
    """y = the rows of `weight` (V, E) at `index` (…)          dL/dweight = dL/dy added to the rows used"""

    fresh = True

    def forward(ctx, weight, index, padding_idx):
        ctx.index, ctx.padding_idx, ctx.from_shape = index, padding_idx, weight.shape
        return weight.take(index, 0)  # three times as fast as weight[index]

    def backward(ctx, g):
        return call(AddRows, g, index=ctx.index, n_rows=ctx.from_shape[0], skip=ctx.padding_idx)


class AddRows(Function):
    """y = zeros (n_rows, E), with each row of v (…, E) added to row index[…]          dL/dv = dL/dy[index]

    Rows are sorted by index and added in runs: `np.add.at` would take one element at a time.
    `skip` names a row that gets nothing (padding).
    """

    widens = True

    def forward(ctx, v, index, n_rows, skip):
        ctx.index, ctx.skip = index, skip
        width = v.shape[-1]
        flat, rows = index.reshape(-1), v.reshape(-1, width)
        y = np.zeros((n_rows, width), v.dtype)
        if flat.size:
            if n_rows <= 65536:
                flat = flat.astype(np.uint16)  # NumPy sorts these by counting, in linear time
            order = np.argsort(flat, kind="stable")
            ordered = flat[order]
            starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
            y[ordered[starts]] = np.add.reduceat(rows.take(order, 0), starts, axis=0)
        if skip is not None:
            y[skip] = 0
        return y

    def backward(ctx, g):
        dv = call(Embedding, g, index=ctx.index, padding_idx=None)
        return dv if ctx.skip is None else dv * (ctx.index != ctx.skip)[..., None]
