"""Other shapes and other orders of axes for the same numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..graph import memory_of
from ..recording import record_op, record_view
from .basic import Expand, Reshape
from .checks import broadcast_shapes, is_tensor, named_dims, need_tensor, sizes_of, wrap_dim
from .function import Array, Function, Recorded, Value, call
from .inplace import check_writable
from .words import worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class Clone(Function):
    """y = a copy of x          dL/dx = dL/dy

    `order` is NumPy's: "C" for reading order in memory, "K" for that of x.
    """

    def forward(ctx, x: Array, order: Any = "K") -> Array:
        return x.copy(order)

    def backward(ctx, g: Value) -> Value:
        return g


class Transpose(Function):
    """y = x with its axes in the order `dims`          dL/dx = dL/dy with the axes put back"""

    view = True

    def forward(ctx, x: Array, dims: Any) -> Array:
        ctx.dims = dims
        return x.transpose(dims)

    def backward(ctx, g: Value) -> Value:
        back = [0] * len(ctx.dims)
        for to, source in enumerate(ctx.dims):
            back[source] = to
        return call(Transpose, g, dims=tuple(back))


class Shaping(Recorded):
    """Tensor's shapes."""

    __slots__ = ()

    def reshape(input: Tensor, *shape: Any, **named: Any) -> Tensor:
        """The same numbers in another shape; one size may be -1. A view where memory allows."""
        return _reshape("reshape", input, sizes_of("reshape", shape, named, "shape"))

    def view(input: Tensor, *size: Any, **named: Any) -> Tensor:
        """As `reshape`, but an error where the numbers would have to be copied. `view(dtype)` is not supported."""
        if len(size) == 1 and isinstance(size[0], np.dtype):
            raise TypeError("view(dtype) is not supported; use .to(dtype) to convert the numbers")
        wanted = _full_shape("view", input, sizes_of("view", size, named, "size"))
        if not input.is_contiguous() and not _can_view(input.array, wanted):
            raise RuntimeError(
                f"view(): the numbers of a tensor of shape {list(input.shape)} do not lie in memory in the order "
                f"that shape {list(wanted)} needs; use .reshape(...) or .contiguous().view(...)"
            )
        return record_view(Reshape, input, wanted)

    def view_as(input: Tensor, other: Any) -> Tensor:
        """`input` in the shape of `other`."""
        need_tensor("view_as", input)
        return input.view(tuple(other.shape))

    def reshape_as(input: Tensor, other: Any) -> Tensor:
        """`input` in the shape of `other`, copied if need be."""
        need_tensor("reshape_as", input)
        return input.reshape(tuple(other.shape))

    def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Join the axes from start_dim to end_dim into one."""
        need_tensor("flatten", input)
        shape = input.array.shape
        start, end = wrap_dim("flatten", start_dim, len(shape)), wrap_dim("flatten", end_dim, len(shape))
        if not shape:
            return input.reshape(1)
        if start > end:
            raise RuntimeError(f"flatten(): start_dim {start_dim} comes after end_dim {end_dim}")
        return input.reshape((*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))

    @worded
    def unflatten(input: Tensor, dim: Any, sizes: Any) -> Tensor:
        """Cut axis `dim` into axes of the given sizes."""
        need_tensor("unflatten", input)
        shape = input.array.shape
        dim = wrap_dim("unflatten", dim, len(shape))
        sizes = tuple(sizes)
        if not shape or not sizes:
            raise RuntimeError(
                f"unflatten(): expected at least one axis and one size, got shape {list(shape)} and sizes {list(sizes)}"
            )
        known = math.prod(n for n in sizes if n != -1)
        if -1 in sizes and known:
            sizes = tuple(shape[dim] // known if n == -1 else n for n in sizes)
        if math.prod(sizes) != shape[dim]:
            raise RuntimeError(
                f"unflatten(): sizes {list(sizes)} do not multiply to the size {shape[dim]} of dim {dim}"
            )
        return input.reshape((*shape[:dim], *sizes, *shape[dim + 1 :]))

    def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
        """Exchange two axes."""
        need_tensor("transpose", input)
        n = input.array.ndim
        dims = list(range(n))
        a, b = wrap_dim("transpose", dim0, n), wrap_dim("transpose", dim1, n)
        if n:
            dims[a], dims[b] = dims[b], dims[a]
        return record_view(Transpose, input, tuple(dims))

    swapaxes: Final = transpose
    swapdims: Final = transpose

    def t(input: Tensor) -> Tensor:
        """The transpose of a matrix; tensors of fewer dimensions come back as they are."""
        need_tensor("t", input)
        if input.array.ndim > 2:
            raise RuntimeError(
                f"t() expects a tensor with at most 2 dimensions, got {input.array.ndim}; use .mT or permute"
            )
        return record_view(Transpose, input, tuple(reversed(range(input.array.ndim))))

    @property
    def T(input: Tensor) -> Tensor:
        """The axes in reverse order: `x.T`."""
        return record_view(Transpose, input, tuple(reversed(range(input.array.ndim))))

    @property
    def mT(input: Tensor) -> Tensor:
        """The last two axes exchanged: `x.mT`."""
        if input.array.ndim < 2:
            raise RuntimeError(f"mT needs at least 2 dimensions, got shape {list(input.shape)}")
        return input.transpose(-2, -1)

    def permute(input: Tensor, *dims: Any, **named: Any) -> Tensor:
        """The axes in the order `dims`."""
        need_tensor("permute", input)
        given = sizes_of("permute", dims, named, "dims")
        n = input.array.ndim
        if len(given) != n:
            raise RuntimeError(f"permute(): {len(given)} axes {list(given)} given for a tensor of {n} dimensions")
        return record_view(Transpose, input, named_dims("permute", given, n))

    def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
        """Move axes to other places, the rest keeping their order."""
        need_tensor("movedim", input)
        n = input.array.ndim
        source, destination = named_dims("movedim", source, n), named_dims("movedim", destination, n)
        if len(source) != len(destination):
            raise RuntimeError(f"movedim(): {len(source)} source axes but {len(destination)} destinations")
        order = [d for d in range(n) if d not in source]
        for to, origin in sorted(zip(destination, source, strict=True)):
            order.insert(to, origin)
        return record_view(Transpose, input, tuple(order))

    moveaxis: Final = movedim

    @worded
    def squeeze(input: Tensor, dim: Any = None) -> Tensor:
        """Drop axes of size 1: all, or those named."""
        need_tensor("squeeze", input)
        shape = input.array.shape
        drop = named_dims("squeeze", dim, len(shape)) if dim is not None else range(len(shape))
        kept = tuple(n for d, n in enumerate(shape) if d not in drop or n != 1)
        return record_view(Reshape, input, kept)

    @worded
    def unsqueeze(input: Tensor, dim: Any) -> Tensor:
        """Insert an axis of size 1 at `dim`."""
        need_tensor("unsqueeze", input)
        shape = input.array.shape
        dim = wrap_dim("unsqueeze", dim, len(shape) + 1)
        return record_view(Reshape, input, (*shape[:dim], 1, *shape[dim:]))

    def expand(input: Tensor, *size: Any, **named: Any) -> Tensor:
        """Stretch axes of size 1 without copying; -1 keeps a size, new axes come in front."""
        need_tensor("expand", input)
        wanted, shape = sizes_of("expand", size, named, "size"), input.array.shape
        extra = len(wanted) - len(shape)
        full = tuple(shape[i - extra] if n == -1 and i >= extra else n for i, n in enumerate(wanted))
        fits = extra >= 0 and all(have in (1, want) for have, want in zip(shape, full[extra:], strict=True))
        if not fits or min(full, default=0) < 0:
            raise RuntimeError(f"expand(): a tensor of shape {list(shape)} cannot be expanded to {list(wanted)}")
        return record_op(Expand, input, shape=full)

    def expand_as(input: Tensor, other: Any) -> Tensor:
        """Stretch to the shape of `other`."""
        need_tensor("expand_as", input)
        return input.expand(tuple(other.shape))

    def broadcast_to(input: Tensor, size: Any) -> Tensor:
        """Stretch to `size`, as `expand`."""
        need_tensor("broadcast_to", input)
        return input.expand(tuple(size))

    def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
        """A copy that the gradient passes through, ordered in memory as the input is."""
        return record_op(Clone, input)

    def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:
        """The tensor itself if its numbers lie in order in memory, else a copy that does."""
        need_tensor("contiguous", input)
        return input if input.is_contiguous() else record_op(Clone, input, order="C")

    def unsqueeze_(input: Tensor, dim: Any) -> Tensor:
        """Insert an axis of size 1, changing this tensor's shape."""
        return _become(input, input.unsqueeze(dim))

    def squeeze_(input: Tensor, dim: Any = None) -> Tensor:
        """Drop axes of size 1, changing this tensor's shape."""
        return _become(input, input.squeeze(dim))

    def transpose_(input: Tensor, dim0: int, dim1: int) -> Tensor:
        """Exchange two axes of this tensor itself."""
        return _become(input, input.transpose(dim0, dim1))

    def t_(input: Tensor) -> Tensor:
        """Transpose this matrix itself."""
        return _become(input, input.t())


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """All tensors stretched to their common shape."""
    if len(tensors) == 1 and not is_tensor(tensors[0]):
        tensors = tuple(tensors[0])
    shape = broadcast_shapes("broadcast_tensors", *[x.array.shape for x in tensors])
    return tuple(x.expand(shape) for x in tensors)


def _can_view(x, shape):
    """Does NumPy find strides for that shape, so that it need not copy?"""
    return memory_of(x.reshape(shape)) is memory_of(x) or not x.size


def _reshape(name, input, shape):
    result = record_view(Reshape, input, _full_shape(name, input, shape))
    if not input.array.flags.c_contiguous and memory_of(result.array) is not memory_of(input.array):
        result._view = None  # NumPy had to copy
    return result


def _full_shape(name, input, shape):
    """`shape` with -1 worked out, checked against the number of elements."""
    try:
        size = input.array.size
    except AttributeError:
        need_tensor(name, input)
        raise
    if -1 in shape:
        known = math.prod(n for n in shape if n != -1)
        if shape.count(-1) == 1 and known and size % known == 0:
            return tuple(size // known if n == -1 else n for n in shape)
    elif math.prod(shape) == size and min(shape, default=0) >= 0:
        return shape
    why = f"is invalid for input of size {size} (shape {list(input.shape)})"
    if shape.count(-1) > 1:
        why = f"has {shape.count(-1)} unknown sizes: only one may be -1 (input of shape {list(input.shape)})"
    raise RuntimeError(f"{name}(): shape {list(shape)} {why}")


def _become(x, other):
    """Give x the shape and order of `other`, a view of it."""
    check_writable(x)
    x.array, x._edge = other.array, other._edge if other._edge is not None else x._edge
    return x
