"""Rows of a matrix by number: what an embedding is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._quiet import quiet
from ..dtypes import int32, int64
from ..kernels.choice import full, passes
from ..recording import record_op
from .checks import need_float, need_tensor
from .function import Array, Function, Value, call

if TYPE_CHECKING:
    from .._tensor import Tensor


class Embedding(Function):
    """y = the rows of `weight` (V, E) at `index` (…)          dL/dweight = dL/dy added to the rows used"""

    fresh = True
    index: Any
    padding_idx: Any
    from_shape: tuple[int, ...]

    def forward(ctx, weight: Array, index: Any, padding_idx: Any) -> Array:
        ctx.index, ctx.padding_idx, ctx.from_shape = index, padding_idx, weight.shape
        return weight.take(index, 0)  # three times as fast as weight[index]

    def backward(ctx, g: Value) -> Value:
        return call(AddRows, g, index=ctx.index, n_rows=ctx.from_shape[0], skip=ctx.padding_idx)


class AddRows(Function):
    """y = zeros (n_rows, E), with each row of v (…, E) added to row index[…]          dL/dv = dL/dy[index]

    Rows are sorted by index and added in runs: `np.add.at` would take one element at a time.
    `skip` names a row that gets nothing (padding).
    """

    widens = "always"
    index: Any
    skip: Any

    def forward(ctx, v: Array, index: Any, n_rows: Any, skip: Any) -> Array:
        ctx.index, ctx.skip = index, skip
        width = v.shape[-1]
        flat, rows = index.reshape(-1), full(v.reshape(-1, width))
        y = np.zeros((n_rows, width), v.dtype)
        # the loop does not look where it writes, and the index may have been changed since it was checked
        if (twin := passes("add_rows", rows)) and flat.min() >= 0 and flat.max() < n_rows:
            twin.add_rows(rows, flat.astype(np.int64, copy=False), y)
        elif flat.size:
            if n_rows <= 65536:
                flat = flat.astype(np.uint16)  # NumPy sorts these by counting, in linear time
            order = np.argsort(flat, kind="stable")
            ordered = flat[order]
            new = np.ones(flat.size, bool)
            np.not_equal(ordered[1:], ordered[:-1], new[1:])
            starts = np.flatnonzero(new)
            y[ordered[starts]] = np.add.reduceat(rows.take(order, 0), starts, axis=0)
        if skip is not None:
            y[skip] = 0
        return y

    def backward(ctx, g: Value) -> Value:
        dv = call(Embedding, g, index=ctx.index, padding_idx=None)
        return dv if ctx.skip is None else dv * (ctx.index != ctx.skip)[..., None]


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of `weight` (V, E) at the integers of `input` (…); returns (…, E).

    padding_idx  a row that gets no gradient
    scale_grad_by_freq  divide the gradient of a row by how often it is used
    sparse       accepted: gradients are dense tensors here, with the same numbers
    max_norm     shorten used rows to this norm first, in place, as PyTorch does

    Raises IndexError for an index outside 0..V-1.
    """
    need_tensor("embedding", input)
    need_tensor("embedding", weight, "weight")
    if weight.ndim != 2:
        raise RuntimeError(f"embedding(): weight must be 2-dimensional (V, E), got shape {list(weight.shape)}")
    index, rows = input.array, weight.array.shape[0]
    if index.dtype not in (int64, int32):
        raise RuntimeError(f"embedding(): indices must be int64 or int32, got {index.dtype}; convert with .long()")
    if index.size and not (index.min() >= 0 and index.max() < rows):
        wrong = index.min() if index.min() < 0 else index.max()
        raise IndexError(f"embedding(): index {wrong} is out of range for a table of {rows} rows (0..{rows - 1})")
    if padding_idx is not None:
        padding_idx = wrapped_row("embedding", padding_idx, rows)
    if max_norm is not None:
        need_float("embedding", weight, "weight")
        _shorten(weight, index, max_norm, norm_type)
    rows_used = record_op(Embedding, weight, index=index, padding_idx=padding_idx)
    if scale_grad_by_freq and index.size:  # the same numbers, their gradient divided by how often the row is used
        share = input._of((1 / np.bincount(index.reshape(-1))[index]).astype(weight.dtype)[..., None])
        return rows_used.detach() + (rows_used - rows_used.detach()) * share
    return rows_used


def wrapped_row(name: str, padding_idx: int, rows: int) -> int:
    """padding_idx counted from 0; negative ones count from the end."""
    if not -rows <= padding_idx < rows:
        raise AssertionError(f"{name}: padding_idx {padding_idx} must be within the {rows} rows of the table")
    return padding_idx % rows


@quiet
def _shorten(weight: Tensor, index: np.ndarray, max_norm: float, norm_type: float) -> None:
    used = np.unique(index)
    table = weight.array[used].astype(np.promote_types(weight.dtype, np.float32), copy=False)
    norms = np.linalg.norm(table, ord=norm_type, axis=1)
    scale = np.where(norms > max_norm, max_norm / (norms + 1e-7), 1.0)
    weight.data[used] = weight._of((table * scale[:, None]).astype(weight.dtype))


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """int64 zeros with a 1 at each index: (…) -> (…, num_classes). -1: one more than the largest index.

    >>> F.one_hot(tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    need_tensor("one_hot", tensor)
    index: Any = tensor.array
    if index.dtype != np.int64:
        raise RuntimeError(f"one_hot(): the indices must be int64, got {index.dtype}; convert with .long()")
    if index.size == 0 and num_classes <= 0:
        raise RuntimeError("one_hot(): the number of classes cannot be found from no indices; give num_classes")
    if index.size and index.min() < 0:
        raise RuntimeError(f"one_hot(): class values must be non-negative, got {index.min()}")
    if num_classes == -1:
        num_classes = int(index.max()) + 1
    if num_classes < 1:
        raise RuntimeError(f"one_hot(): num_classes should be positive, got {num_classes}")
    if index.size and index.max() >= num_classes:
        raise RuntimeError(f"one_hot(): class values must be smaller than num_classes={num_classes}, got {index.max()}")
    return tensor._of((index[..., None] == np.arange(num_classes)).astype(np.int64, order="C"))
