"""Joining tensors, cutting them into pieces, and repeating them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .._mode import thread
from ..arrays import kind_of
from ..recording import record_op, record_view
from .basic import in_order
from .checks import array, is_tensor, need_tensor, sizes_of, wrap_dim
from .function import Array, Function, Recorded, Value, call
from .shaping import Clone
from .words import again, worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class Cat(Function):
    """y = the inputs one after the other along `dim`          dL/dx_k = the k-th piece of dL/dy"""

    promotes = "common"
    lengths: Any

    def forward(ctx, *xs: Array, dim: Any) -> Array:
        ctx.dim = dim
        ctx.lengths = [x.shape[dim] for x in xs]
        return in_order(np.concatenate(xs, axis=dim))

    def backward(ctx, g: Value) -> Value:
        start, pieces = 0, []
        before = (slice(None),) * ctx.dim
        for length in ctx.lengths:
            pieces.append(g[(*before, slice(start, start + length))])
            start += length
        return tuple(pieces)


class Stack(Function):
    """y = the inputs along a new axis `dim`          dL/dx_k = dL/dy at index k of that axis"""

    promotes = "common"

    def forward(ctx, *xs: Array, dim: Any) -> Array:
        ctx.dim = dim
        if dim == 0 and xs[0].ndim:  # one after the other in memory: np.stack takes three times as long
            return in_order(np.concatenate(xs)).reshape(len(xs), *xs[0].shape)
        return in_order(np.stack(xs, axis=dim))

    def backward(ctx, g: Value) -> Value:
        before = (slice(None),) * ctx.dim
        return tuple([g[(*before, k)] for k in range(len(ctx.edges))])


class Split(Function):
    """y_k = the k-th piece of x along `dim`, of the given lengths          dL/dx = the dL/dy_k side by side"""

    view = True

    def forward(ctx, x: Array, lengths: Any, dim: Any) -> Array:
        ctx.dim = dim
        before = (slice(None),) * dim
        start, pieces = 0, []
        for length in lengths:
            stop = start + length
            pieces.append(x[(*before, slice(start, stop))])
            start = stop
        return tuple(pieces)

    def backward(ctx, *gs: Value) -> Value:
        gs = ctx.with_zeros(gs)
        return np.concatenate(gs, ctx.dim) if thread.mode.lift is None else call(Cat, *gs, dim=ctx.dim)


class Unbind(Function):
    """y_k = x at index k of axis `dim`          dL/dx = the dL/dy_k stacked"""

    view = True

    def forward(ctx, x: Array, dim: Any) -> Array:
        ctx.dim = dim
        before = (slice(None),) * dim
        return tuple([x[(*before, k, ...)] for k in range(x.shape[dim])])  # with ... even a single number is a view

    def backward(ctx, *gs: Value) -> Value:
        return call(Stack, *ctx.with_zeros(gs), dim=ctx.dim)


class Joining(Recorded):
    """Tensor's pieces and repetitions."""

    __slots__ = ()

    def split(
        input: Tensor, split_size_or_sections: Any = None, dim: Any = 0, *, split_size: Any = None, **other: Any
    ) -> tuple[Tensor, ...]:
        """Cut along `dim` into pieces of one size (the last may be smaller) or of the listed sizes."""
        if other:
            return again(Joining.split, other, input, split_size_or_sections, dim=dim, split_size=split_size)  # type: ignore
        need_tensor("split", input)
        sizes = split_size if split_size is not None else split_size_or_sections
        if sizes is None:
            raise TypeError("split(): give the size of the pieces, or a list of sizes")
        dim = wrap_dim("split", dim, input.array.ndim)
        if not input.array.ndim:
            raise RuntimeError("split(): expects at least a 1-dimensional tensor")
        length = input.array.shape[dim]
        if isinstance(sizes, (int, np.integer)) or is_tensor(sizes):
            size = int(sizes)
            if size <= 0 and not (size == 0 == length):
                raise RuntimeError(f"split(): split_size must be positive, got {size}")
            lengths = [min(size, length - start) for start in range(0, length, size)] if length else [0]
        else:
            lengths = [int(n) for n in sizes]
            if sum(lengths) != length or min(lengths, default=0) < 0:
                raise RuntimeError(f"split(): sizes {lengths} must add up to the size {length} of dimension {dim}")
        return record_view(Split, input, lengths, dim)

    split_with_sizes: Final = split

    def chunk(input: Tensor, chunks: int, dim: Any = 0, **other: Any) -> tuple[Tensor, ...]:
        """Cut along `dim` into at most `chunks` pieces of equal size (the last may be smaller)."""
        if other:
            return again(Joining.chunk, other, input, chunks, dim=dim)  # type: ignore
        need_tensor("chunk", input)
        if chunks <= 0:
            raise RuntimeError(f"chunk(): expects chunks to be greater than 0, got {chunks}")
        dim = wrap_dim("chunk", dim, input.array.ndim)
        if not input.array.ndim:
            raise RuntimeError("chunk(): expects at least a 1-dimensional tensor")
        length = input.array.shape[dim]
        if length % chunks == 0:  # equal pieces, as for the gates of a cell
            return record_view(Split, input, [length // chunks] * chunks, dim)
        return input.split(-(-length // chunks), dim)

    @worded
    def unbind(input: Tensor, dim: Any = 0) -> tuple[Tensor, ...]:
        """The slices along `dim`, as a tuple."""
        need_tensor("unbind", input)
        if not input.array.ndim:
            raise IndexError("unbind(): a 0-d tensor has no axis to take apart")
        return record_view(Unbind, input, wrap_dim("unbind", dim, input.array.ndim))

    @worded
    def narrow(input: Tensor, dim: Any, start: Any, length: int) -> Tensor:
        """The slice of `length` entries from `start` along `dim`."""
        need_tensor("narrow", input)
        dim = wrap_dim("narrow", dim, input.array.ndim)
        if not input.array.ndim:
            raise RuntimeError("narrow(): a 0-d tensor has no axis to take a slice of")
        if is_tensor(start) and (start.ndim or start.dtype.kind not in "iu"):
            raise RuntimeError(
                f"narrow(): start must be an int or a 0-d integer tensor, got {start.dtype} of shape {list(start.shape)}"
            )
        start, length = int(start), int(length)
        size = input.array.shape[dim]
        if not -size <= start <= size:
            raise IndexError(f"narrow(): start {start} is out of range for dimension {dim} of size {size}")
        start = start + size if start < 0 else start
        if not 0 <= length <= size - start:
            raise RuntimeError(
                f"narrow(): start ({start}) + length ({length}) exceeds the size {size} of dimension {dim}"
            )
        return input[(*[slice(None)] * dim, slice(start, start + length))]

    @worded
    def select(input: Tensor, dim: Any, index: Tensor) -> Tensor:
        """The slice at `index` along `dim`, without that axis."""
        need_tensor("select", input)
        dim = wrap_dim("select", dim, input.array.ndim)
        size = input.array.shape[dim] if input.array.ndim else 0
        if not -size <= index < size:
            raise IndexError(f"select(): index {index} is out of range for dimension {dim} with size {size}")
        return input[(*[slice(None)] * dim, int(index))]

    def repeat(input: Tensor, *repeats: Any, **named: Any) -> Tensor:
        """Copies of the tensor side by side: `repeats` along each axis, new axes in front."""
        need_tensor("repeat", input)
        counts, shape = sizes_of("repeat", repeats, named, "repeats"), input.array.shape
        if len(counts) < len(shape):
            raise RuntimeError(f"repeat(): {len(counts)} counts given for a tensor of {len(shape)} dimensions")
        shape = (1,) * (len(counts) - len(shape)) + shape
        apart = [n for size in shape for n in (1, size)]
        stretched = [n for count, size in zip(counts, shape, strict=True) for n in (count, size)]
        full = tuple(count * size for count, size in zip(counts, shape, strict=True))
        repeated = input.reshape(apart).expand(stretched).reshape(full)
        return repeated if repeated._view is None else record_op(Clone, repeated, order="C")  # memory of its own

    def tile(input: Tensor, *dims: Any, **named: Any) -> Tensor:
        """As `repeat`, but missing counts are 1."""
        need_tensor("tile", input)
        counts = sizes_of("tile", dims, named, "dims")
        return input.repeat((1,) * (input.array.ndim - len(counts)) + counts)

    @worded
    def repeat_interleave(input: Tensor, repeats: Any = None, dim: Any = None, *, output_size: Any = None) -> Tensor:
        """Each element (or slice along `dim`) several times in a row; `repeats` a number or one per slice.

        With one argument that is the list of repeats: the positions 0, 1, … each as often as it says.
        """
        need_tensor("repeat_interleave", input)
        if repeats is None:
            return input._of(np.arange(input.array.size)).repeat_interleave(input, 0, output_size=output_size)
        if dim is None:
            input, dim = input.reshape(-1), 0
        dim = wrap_dim("repeat_interleave", dim, input.array.ndim)
        length, counts = input.array.shape[dim], np.asarray(array(repeats))
        if counts.size not in (1, length) or counts.ndim > 1:
            raise RuntimeError(
                f"repeat_interleave(): {counts.size} repeats for the {length} entries of dimension {dim}"
            )
        counts = np.broadcast_to(counts, (length,))
        if counts.size and counts.min() < 0:
            raise RuntimeError(f"repeat_interleave(): repeats must not be negative, got {counts.min()}")
        positions = np.repeat(np.arange(input.array.shape[dim]), counts)
        if output_size is not None and output_size != len(positions):
            raise RuntimeError(
                f"repeat_interleave(): output_size {output_size} but the repeats add up to {len(positions)}"
            )
        return input.index_select(dim, input._of(positions))


def cat(tensors: Any, dim: Any = 0, **other: Any) -> Tensor:
    """Join tensors along an existing axis. Empty 1-d tensors fit anything, as in PyTorch."""
    if other:
        return again(cat, other, tensors, dim=dim)
    tensors = tuple(tensors) if not is_tensor(tensors) else tensors
    _several("cat", tensors)
    shapes = [x.array.shape for x in tensors]
    if () in shapes:
        raise RuntimeError("cat(): 0-d tensors (zero-dimensional) cannot be concatenated; use stack")
    like = next((shape for shape in shapes if shape != (0,)), None)
    dim = 0 if like is None else wrap_dim("cat", dim, len(like))
    before, after = () if like is None else like[:dim], () if like is None else like[dim + 1 :]
    if len(before) + len(after) > 0 and (0,) in shapes:
        tensors = [x.reshape((*before, 0, *after)) if x.array.shape == (0,) else x for x in tensors]
        shapes = [x.array.shape for x in tensors]
    for shape in shapes:
        if shape[:dim] != before or shape[dim + 1 :] != after:
            listed = ", ".join(str(list(s)) for s in shapes)
            raise RuntimeError(f"cat(): sizes must match except in dimension {dim}; got shapes {listed}")
    return record_op(Cat, *tensors, dim=dim)


def stack(tensors: Any, dim: Any = 0, **other: Any) -> Tensor:
    """Join tensors of one shape along a new axis."""
    if other:
        return again(stack, other, tensors, dim=dim)
    tensors = tuple(tensors) if not is_tensor(tensors) else tensors
    _several("stack", tensors)
    shapes = {x.array.shape for x in tensors}
    if len(shapes) > 1:
        listed = ", ".join(str(list(x.shape)) for x in tensors)
        raise RuntimeError(f"stack(): expects tensors of equal size, got shapes {listed}")
    return record_op(Stack, *tensors, dim=wrap_dim("stack", dim, tensors[0].array.ndim + 1))


def hstack(tensors: Any) -> Tensor:
    """Join along the second axis, or the first for 1-d tensors."""
    tensors = tuple(tensors) if not is_tensor(tensors) else tensors
    _several("hstack", tensors)
    tensors = [x.reshape(1) if x.ndim == 0 else x for x in tensors]
    return cat(tensors, dim=0 if tensors[0].ndim == 1 else 1)


def vstack(tensors: Any) -> Tensor:
    """Join along the first axis; 1-d tensors count as rows."""
    tensors = tuple(tensors) if not is_tensor(tensors) else tensors
    _several("vstack", tensors)
    return cat([x.reshape(1, -1) if x.ndim < 2 else x for x in tensors], dim=0)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Coordinate grids from 1-d tensors; `indexing` "ij" (rows first) or "xy"."""
    if len(tensors) == 1 and not is_tensor(tensors[0]):
        tensors = tuple(tensors[0])
    _several("meshgrid", tensors)
    for x in tensors:
        if x.array.ndim > 1:
            raise RuntimeError(f"meshgrid(): expected 0-d or 1-d tensors, got shape {list(x.shape)}")
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f"meshgrid(): indexing must be 'ij' or 'xy', got {indexing!r}")
    sizes = tuple(x.array.size for x in tensors)
    grids = []
    for d, x in enumerate(tensors):
        shape = [1] * len(tensors)
        shape[d] = sizes[d]
        grid = x.reshape(shape).expand(sizes)
        grids.append(grid.transpose(0, 1) if indexing == "xy" and len(tensors) > 1 else grid)
    return tuple(grids)


def _several(name, tensors):
    if is_tensor(tensors) or not all(map(is_tensor, tensors)):
        found = type(tensors).__name__ if is_tensor(tensors) else [kind_of(x) for x in tensors]
        raise TypeError(f"{name}(): expected a list or tuple of Tensors, got {found}")
    if not tensors:
        # PyTorch's stack raises a RuntimeError here, its cat a ValueError
        raise (ValueError if name == "cat" else RuntimeError)(f"{name}(): expected a non-empty list of Tensors")


concat: Final = cat
concatenate: Final = cat
