"""Picking elements along an axis by number, and putting them there: each is the other's derivative."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..arrays import fitting
from ..recording import record_op
from .basic import AddAt, Index, SetItem, in_order
from .checks import is_tensor, need_tensor, wrap_dim
from .choosing import where
from .function import Array, Function, Recorded, Value, call
from .indexing import plain_index, same_dtype
from .inplace import in_place
from .making import filled
from .widening import widening
from .words import worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class Gather(Function):
    """y[i] = x[i with its `dim` entry replaced by index[i]]          dL/dx = dL/dy added back at the index"""

    index: Any
    dim: Any
    from_shape: tuple[int, ...]

    def forward(ctx, x: Array, index: Any, dim: Any) -> Array:
        ctx.index, ctx.dim, ctx.from_shape = index, dim, x.shape
        return in_order(x[places(index, dim)])

    def backward(ctx, g: Value) -> Value:
        return call(AddAt, g, index=places(ctx.index, ctx.dim), shape=ctx.from_shape)


def places(index: np.ndarray, dim: int) -> tuple[np.ndarray, ...]:
    """NumPy's index for gather and scatter: every position of `index`, with axis `dim` taken from it."""
    grid: list[Any] = list(np.indices(index.shape, sparse=True))
    if grid:
        grid[dim] = index
    return tuple(grid)


class Gathering(Recorded):
    """Tensor's gathering and scattering."""

    __slots__ = ()

    @worded
    def gather(input: Tensor, dim: Any, index: Tensor) -> Tensor:
        """result[i, j] = input[index[i, j], j] for dim 0; input[i, index[i, j]] for dim 1; and so on."""
        dim = _check_gather("gather", input, dim, index)
        if input.array.ndim and index.array.size and index.array.ndim:
            return record_op(Gather, input, index=index.array, dim=dim)
        flat = index.array.reshape(-1).astype(
            np.int64
        )  # 0-d counts as 1-d; and of nothing in any shape there is nothing
        return record_op(Index, input.reshape(-1), index=flat).reshape(index.array.shape)

    @worded
    def take_along_dim(input: Tensor, indices: Tensor, dim: Any = None) -> Tensor:
        """As `gather`, with broadcasting, and -1 is the last; over the flat tensor when dim is None."""
        need_tensor("take_along_dim", input)
        if dim is None:
            return input.reshape(-1).gather(0, indices.reshape(-1))
        if indices.dtype != np.int64:
            raise RuntimeError(f"take_along_dim(): expected dtype int64 for indices, got {indices.dtype}")
        dim = wrap_dim("take_along_dim", dim, input.array.ndim)
        if input.array.ndim != indices.array.ndim:
            raise RuntimeError(
                f"take_along_dim(): input and indices must have as many dimensions, got {input.array.ndim} and {indices.array.ndim}"
            )
        shape = list(np.broadcast_shapes(
            [1 if d == dim else n for d, n in enumerate(input.array.shape)],
            [1 if d == dim else n for d, n in enumerate(indices.array.shape)],
        ))  # fmt: skip
        wide = [*shape[:dim], input.array.shape[dim], *shape[dim + 1 :]]
        narrow = [*shape[:dim], indices.array.shape[dim], *shape[dim + 1 :]]
        if input.array.ndim:
            from_end = np.where(indices.array < 0, input.array.shape[dim], 0).astype(indices.dtype)
            indices = indices._of(indices.array + from_end)
        return input.expand(wide).gather(dim, indices.expand(narrow))

    @worded
    def index_select(input: Tensor, dim: Any, index: Tensor) -> Tensor:
        """The slices along `dim` at the indices of a 1-d tensor, in that order. A 0-d tensor has one slice, itself."""
        dim = _check_index("index_select", input, dim, index)
        if index.dtype not in (np.int64, np.int32):
            raise RuntimeError(f"index_select(): expected dtype int32 or int64 for index, got {index.dtype}")
        size = input.array.shape[dim] if input.array.ndim else 1
        if index.array.size and not 0 <= index.array.min() <= index.array.max() < size:
            bad = index.array.min() if index.array.min() < 0 else index.array.max()
            raise IndexError(f"index_select(): index {bad} is out of range in dimension {dim} with size {size}")
        if not input.array.ndim:
            if index.array.size != 1:
                raise RuntimeError(f"index_select(): a 0-d tensor takes one index, got {index.array.size}")
            return input.clone()
        return input[(*[slice(None)] * dim, index.reshape(-1))]

    @worded
    @widening
    def index_add(input: Tensor, dim: Any, index: Tensor, source: Any, *, alpha: float = 1) -> Tensor:
        """input with alpha · source added to the slices along `dim` at `index`; repeats add up."""
        dim = _check_index("index_add", input, dim, index)
        need_tensor("index_add", source, "source")
        same_dtype("index_add", input, source)
        shape = input.array.shape or (1,)  # a 0-d tensor has one slice, itself
        selected = [*shape[:dim], index.array.size, *shape[dim + 1 :]]
        wanted = tuple(selected) if input.array.ndim else ()
        if source.array.shape != wanted or source.array.size != math.prod(selected):
            raise RuntimeError(f"index_add(): source must have shape {list(wanted)}, got {list(source.shape)}")
        place = plain_index(input.reshape(shape), (*[slice(None)] * dim, index.reshape(-1)))
        source = source.reshape(selected)
        added = record_op(AddAt, source * alpha if alpha != 1 else source, index=place, shape=shape)
        return input + added.reshape(input.array.shape)

    index_add_: Final = in_place(index_add)

    @worded
    def index_fill(input: Tensor, dim: Any, index: Tensor, value: Any) -> Tensor:
        """input with the slices along `dim` at `index` set to a number."""
        dim = _check_index("index_fill", input, dim, index)
        if is_tensor(value) and value.array.ndim:
            raise RuntimeError(f"index_fill(): value must be a number or a 0-d tensor, got shape {list(value.shape)}")
        if not is_tensor(value):
            value = fitting("index_fill", value, input.dtype)
        once = index._of(np.unique(index.array))  # an index given twice gets one value, and its gradient once
        flat = input if input.array.ndim else input.reshape(1)  # a 0-d tensor has one slice, itself
        filled = record_op(SetItem, flat, value, index=plain_index(flat, (*[slice(None)] * dim, once)))
        return filled if flat is input else filled.reshape(())

    index_fill_: Final = in_place(index_fill)

    @worded
    def scatter(
        input: Tensor, dim: Any, index: Tensor, src: Any = None, *, value: Any = None, reduce: Any = None
    ) -> Tensor:
        """input with result[index[i, j], j] = src[i, j] for dim 0, and so on; `src` may be a number."""
        if reduce == "add":
            return input.scatter_add(dim, index, src if src is not None else value)
        if reduce is not None:
            raise RuntimeError(f"scatter(): reduce must be None or 'add', got {reduce!r}")
        src = value if src is None else src
        dim = _check_gather("scatter", input, dim, index, src if is_tensor(src) else None)
        if not index.array.size:
            return input.clone()
        if not input.array.ndim or not index.array.ndim:
            return _on_vectors(type(input).scatter, input, index, src)
        same_dtype("scatter", input, src)
        if is_tensor(src):
            src = src[tuple(slice(0, n) for n in index.array.shape)]
        else:
            src = fitting("scatter", src, input.dtype)
        return record_op(SetItem, input.contiguous(), src, index=places(index.array, dim))

    scatter_: Final = in_place(scatter)

    @worded
    @widening
    def scatter_add(input: Tensor, dim: Any, index: Tensor, src: Any) -> Tensor:
        """input with src[i, j] added to result[index[i, j], j] for dim 0, and so on; repeats add up."""
        dim = _check_gather("scatter_add", input, dim, index, src if is_tensor(src) else None)
        if not index.array.size:
            return input.clone()
        if not input.array.ndim or not index.array.ndim:
            return _on_vectors(type(input).scatter_add, input, index, src)
        same_dtype("scatter_add", input, src)
        if not is_tensor(src):
            src = input._of(filled("scatter_add", index.array.shape, src, input.dtype))
        src = src[tuple(slice(0, n) for n in index.array.shape)]
        added = record_op(AddAt, src, index=places(index.array, dim), shape=input.array.shape)
        return input + added

    scatter_add_: Final = in_place(scatter_add)

    @widening
    def scatter_reduce(
        input: Tensor, dim: Any, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
    ) -> Tensor:
        """The sum, mean, amax or amin of those of `src` that `scatter_add` would add at a place; ties share the gradient.

        include_self  what stands there in input takes part, too
        """
        need_tensor("scatter_reduce", input)
        if reduce not in ("sum", "mean", "amax", "amin"):
            raise NotImplementedError(
                f"scatter_reduce(): reduce={reduce!r} is left out; sum, mean, amax and amin are here"
            )
        src = src[tuple(slice(0, n) for n in index.shape)]
        one, nothing = src.new_ones(input.shape), src.new_zeros(input.shape)
        came = nothing.scatter_add(dim, index, src.new_ones(src.shape))
        kept = one if include_self else (came == 0).to(src.dtype)
        if reduce in ("sum", "mean"):
            total = (input * kept).scatter_add(dim, index, src)
            return total if reduce == "sum" else total / (came + kept)
        extreme, worst = (np.maximum, -math.inf) if reduce == "amax" else (np.minimum, math.inf)
        best = np.where(kept.array == 1, input.array, worst)
        extreme.at(best, places(index.array, wrap_dim("scatter_reduce", dim, input.ndim)), src.array)
        most = src._of(best.astype(src.dtype))
        own, won = (input == most) & (kept == 1), src == most.gather(dim, index)
        total = where(own, input, 0.0).scatter_add(dim, index, where(won, src, 0.0))
        return total / own.to(src.dtype).scatter_add(dim, index, won.to(src.dtype))

    scatter_reduce_: Final = in_place(scatter_reduce)

    def take(input: Tensor, index: Tensor) -> Tensor:
        """The elements of the flat tensor at `index`."""
        need_tensor("take", input)
        need_tensor("take", index, "index")
        if index.dtype != np.int64:
            raise RuntimeError(f"take(): expected dtype int64 for index, got {index.dtype}")
        return input.reshape(-1)[index]


def _check_gather(name, input, dim, index, source=None):
    need_tensor(name, input)
    need_tensor(name, index, "index")
    dim = wrap_dim(name, dim, input.array.ndim)
    if index.array.size == 0:
        return dim  # as in PyTorch, whatever its type and shape
    if index.dtype.kind not in "iu" or index.dtype == np.uint8:
        raise RuntimeError(f"{name}(): expected dtype int64 for index, got {index.dtype}")
    if max(index.array.ndim, 1) != max(input.array.ndim, 1):
        raise RuntimeError(f"{name}(): index must have as many dimensions as the input: {list(index.shape)} for an "
                           f"input of shape {list(input.shape)}")  # fmt: skip
    for d, n in enumerate(index.array.shape):
        if d != dim and input.array.ndim and n > input.array.shape[d]:
            raise RuntimeError(f"{name}(): size {n} of index at dimension {d} exceeds the input's {input.array.shape[d]} "
                               f"(index {list(index.shape)}, input {list(input.shape)})")  # fmt: skip
        if source is not None and source.array.ndim and n > source.array.shape[d]:
            raise RuntimeError(f"{name}(): index of shape {list(index.shape)} is larger than src {list(source.shape)} "
                               f"at dimension {d}")  # fmt: skip
    size = input.array.shape[dim] if input.array.ndim else 1
    if not 0 <= index.array.min() <= index.array.max() < size:
        bad = index.array.min() if index.array.min() < 0 else index.array.max()
        raise RuntimeError(f"{name}(): index {bad} is out of bounds for dimension {dim} with size {size}")
    return dim


def _check_index(name, input, dim, index):
    """`dim` counted from 0; raises unless `index` is a vector or a single index."""
    need_tensor(name, input)
    need_tensor(name, index, "index")
    if index.array.ndim > 1:
        raise IndexError(f"{name}(): index must be a vector, got shape {list(index.shape)}")
    return wrap_dim(name, dim, input.array.ndim)


def _on_vectors(function, input, index, src):
    """A 0-d tensor counts as a vector of one element."""
    src = src.reshape(-1) if is_tensor(src) else src
    return function(input.reshape(-1), 0, index.reshape(-1), src).reshape(input.array.shape)
