"""Other shapes and orders of the same numbers."""

from __future__ import annotations

import math

import numpy as np

from ..graph import memory_of
from ..ops import shape as ops
from ..recording import record, record_view
from .arguments import broadcast_shapes, flat_ints, is_tensor, named_dims, sizes_of, wrap_dim


def reshape(input, *shape, **named):
    """The same numbers in another shape; one size may be -1. A view where memory allows."""
    return _reshape("reshape", input, sizes_of("reshape", shape, named, "shape"))


def view(input, *size, **named):
    """As `reshape`, but an error where the numbers would have to be copied. `view(dtype)` is not supported."""
    if len(size) == 1 and isinstance(size[0], np.dtype):
        raise TypeError("view(dtype) is not supported; use .to(dtype) to convert the numbers")
    wanted = _full_shape("view", input, sizes_of("view", size, named, "size"))
    if not input.is_contiguous() and not _can_view(input.array, wanted):
        raise RuntimeError(
            f"view(): the numbers of a tensor of shape {list(input.shape)} do not lie in memory in the order "
            f"that shape {list(wanted)} needs; use .reshape(...) or .contiguous().view(...)"
        )
    return record_view(ops.Reshape, input, wanted)


def _can_view(x, shape):
    """Does NumPy find strides for that shape, so that it need not copy?"""
    return memory_of(x.reshape(shape)) is memory_of(x) or not x.size


def _reshape(name, input, shape):
    result = record_view(ops.Reshape, input, _full_shape(name, input, shape))
    if not input.array.flags.c_contiguous and memory_of(result.array) is not memory_of(input.array):
        result._view = None  # NumPy had to copy
    return result


def _full_shape(name, input, shape):
    """`shape` with -1 worked out, checked against the number of elements."""
    size = input.array.size
    if -1 in shape:
        known = math.prod(n for n in shape if n != -1)
        if shape.count(-1) == 1 and known and size % known == 0:
            return tuple(size // known if n == -1 else n for n in shape)
    elif math.prod(shape) == size and min(shape, default=0) >= 0:
        return shape
    raise RuntimeError(f"{name}(): shape {list(shape)} is invalid for input of size {size} (shape {list(input.shape)})")


def view_as(input, other):
    """`input` in the shape of `other`."""
    return view(input, tuple(other.shape))


def reshape_as(input, other):
    """`input` in the shape of `other`, copied if need be."""
    return reshape(input, tuple(other.shape))


def flatten(input, start_dim=0, end_dim=-1):
    """Join the axes from start_dim to end_dim into one."""
    shape = input.array.shape
    start, end = wrap_dim("flatten", start_dim, len(shape)), wrap_dim("flatten", end_dim, len(shape))
    if not shape:
        return reshape(input, 1)
    if start > end:
        raise RuntimeError(f"flatten(): start_dim {start_dim} comes after end_dim {end_dim}")
    return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


def unflatten(input, dim, sizes):
    """Cut axis `dim` into axes of the given sizes."""
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
        raise RuntimeError(f"unflatten(): sizes {list(sizes)} do not multiply to the size {shape[dim]} of dim {dim}")
    return reshape(input, (*shape[:dim], *sizes, *shape[dim + 1 :]))


def transpose(input, dim0, dim1):
    """Exchange two axes."""
    n = input.array.ndim
    dims = list(range(n))
    a, b = wrap_dim("transpose", dim0, n), wrap_dim("transpose", dim1, n)
    if n:
        dims[a], dims[b] = dims[b], dims[a]
    return record_view(ops.Transpose, input, tuple(dims))


swapaxes = swapdims = transpose


def t(input):
    """The transpose of a matrix; tensors of fewer dimensions come back as they are."""
    if input.array.ndim > 2:
        raise RuntimeError(
            f"t() expects a tensor with at most 2 dimensions, got {input.array.ndim}; use .mT or permute"
        )
    return record_view(ops.Transpose, input, tuple(reversed(range(input.array.ndim))))


def reverse_axes(input):
    """The axes in reverse order: `x.T`."""
    return record_view(ops.Transpose, input, tuple(reversed(range(input.array.ndim))))


def transpose_matrix(input):
    """The last two axes exchanged: `x.mT`."""
    if input.array.ndim < 2:
        raise RuntimeError(f"mT needs at least 2 dimensions, got shape {list(input.shape)}")
    return transpose(input, -2, -1)


def permute(input, *dims, **named):
    """The axes in the order `dims`."""
    given = sizes_of("permute", dims, named, "dims")
    n = input.array.ndim
    if len(given) != n:
        raise RuntimeError(f"permute(): {len(given)} axes {list(given)} given for a tensor of {n} dimensions")
    return record_view(ops.Transpose, input, named_dims("permute", given, n))


def movedim(input, source, destination):
    """Move axes to other places, the rest keeping their order."""
    n = input.array.ndim
    source, destination = named_dims("movedim", source, n), named_dims("movedim", destination, n)
    if len(source) != len(destination):
        raise RuntimeError(f"movedim(): {len(source)} source axes but {len(destination)} destinations")
    order = [d for d in range(n) if d not in source]
    for to, origin in sorted(zip(destination, source, strict=True)):
        order.insert(to, origin)
    return record_view(ops.Transpose, input, tuple(order))


moveaxis = movedim


def squeeze(input, dim=None):
    """Drop axes of size 1: all, or those named."""
    shape = input.array.shape
    drop = named_dims("squeeze", dim, len(shape)) if dim is not None else range(len(shape))
    kept = tuple(n for d, n in enumerate(shape) if d not in drop or n != 1)
    return record_view(ops.Reshape, input, kept)


def unsqueeze(input, dim):
    """Insert an axis of size 1 at `dim`."""
    shape = input.array.shape
    dim = wrap_dim("unsqueeze", dim, len(shape) + 1)
    return record_view(ops.Reshape, input, (*shape[:dim], 1, *shape[dim:]))


def expand(input, *size, **named):
    """Stretch axes of size 1 without copying; -1 keeps a size, new axes come in front."""
    wanted, shape = sizes_of("expand", size, named, "size"), input.array.shape
    extra = len(wanted) - len(shape)
    full = tuple(shape[i - extra] if n == -1 and i >= extra else n for i, n in enumerate(wanted))
    fits = extra >= 0 and all(have in (1, want) for have, want in zip(shape, full[extra:], strict=True))
    if not fits or min(full, default=0) < 0:
        raise RuntimeError(f"expand(): a tensor of shape {list(shape)} cannot be expanded to {list(wanted)}")
    return record(ops.Expand, input, shape=full)


def expand_as(input, other):
    """Stretch to the shape of `other`."""
    return expand(input, tuple(other.shape))


def broadcast_to(input, size):
    """Stretch to `size`, as `expand`."""
    return expand(input, tuple(size))


def broadcast_tensors(*tensors):
    """All tensors stretched to their common shape."""
    if len(tensors) == 1 and not is_tensor(tensors[0]):
        tensors = tuple(tensors[0])
    shape = broadcast_shapes("broadcast_tensors", *[x.array.shape for x in tensors])
    return tuple(expand(x, shape) for x in tensors)


def flip(input, *dims, **named):
    """Read backwards along `dims`."""
    return record(ops.Flip, input, dims=named_dims("flip", sizes_of("flip", dims, named, "dims"), input.array.ndim))


def roll(input, shifts, dims=None):
    """Move along `dims`; what falls off one end comes back at the other. Without dims, over the flat tensor."""
    shifts, dims = flat_ints("roll", (shifts,)), () if dims is None else flat_ints("roll", (dims,))
    if not shifts or len(shifts) != (len(dims) or 1):
        raise RuntimeError(f"roll(): needs a shift for each of the dims, or one and no dims; got {shifts} and {dims}")
    if not dims:
        return record(ops.Roll, input.reshape(-1), shifts=shifts, dims=(0,)).reshape(input.array.shape)
    if not input.array.ndim:
        raise IndexError(f"roll(): a 0-d tensor has no dimensions, dims are {dims}")
    return record(ops.Roll, input, shifts=shifts, dims=tuple(wrap_dim("roll", d, input.array.ndim) for d in dims))


def tril(input, diagonal=0):
    """The lower triangle of the last two axes, zero above the diagonal."""
    return _triangle("tril", input, diagonal, True)


def triu(input, diagonal=0):
    """The upper triangle of the last two axes, zero below the diagonal."""
    return _triangle("triu", input, diagonal, False)


def _triangle(name, input, diagonal, lower):
    if input.array.ndim < 2:
        raise RuntimeError(f"{name}(): expected at least 2 dimensions, got shape {list(input.shape)}")
    return record(ops.Triangle, input, k=diagonal, lower=lower)


def diagonal(input, offset=0, dim1=0, dim2=1):
    """The diagonal of two axes, as a new last axis."""
    n = input.array.ndim
    dim1, dim2 = wrap_dim("diagonal", dim1, n), wrap_dim("diagonal", dim2, n)
    if dim1 == dim2:
        raise RuntimeError(f"diagonal(): dim1 and dim2 must differ, both are {dim1}")
    return record(ops.Diagonal, movedim(input, (dim1, dim2), (n - 2, n - 1)), offset=offset)


_diagonal = diagonal  # `diag` has an argument of that name


def diag(input, diagonal=0):
    """A vector as the diagonal of a matrix, or the diagonal of a matrix as a vector."""
    n = input.array.ndim
    if n == 2:
        return clone(_diagonal(input, diagonal))
    if n != 1:
        raise RuntimeError(f"diag(): expects a 1-d or 2-d tensor, got {n} dimensions")
    size = input.array.shape[0] + abs(diagonal)
    return record(ops.OnDiagonal, input, offset=diagonal, shape=(size, size))


def clone(input, *, memory_format=None):
    """A copy that the gradient passes through, ordered in memory as the input is."""
    return record(ops.Clone, input)


def contiguous(input, memory_format=None):
    """The tensor itself if its numbers lie in order in memory, else a copy that does."""
    return input if input.is_contiguous() else record(ops.Clone, input, order="C")
