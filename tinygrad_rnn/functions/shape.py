"""Other shapes and orders of the same numbers, and joining or cutting tensors."""

from __future__ import annotations

import math

import numpy as np

from ..ops import shape as ops
from ..ops.function import record
from ..ops.indexing import AddAt
from .arguments import array, flat_ints, is_tensor, wrap_dim, wrap_dims


def reshape(input, *shape):
    """The same numbers in another shape; one size may be -1. A view where memory allows."""
    return _reshape("reshape", input, flat_ints("reshape", shape))


def view(input, *shape):
    """As `reshape`, but an error where the numbers would have to be copied. `view(dtype)` is not supported."""
    if len(shape) == 1 and isinstance(shape[0], np.dtype):
        raise TypeError("view(dtype) is not supported; use .to(dtype) to convert the numbers")
    wanted = _full_shape("view", input, flat_ints("view", shape))
    if not input.is_contiguous() and not _can_view(input.array, wanted):
        raise RuntimeError(
            f"view(): the numbers of a tensor of shape {list(input.shape)} do not lie in memory in the order "
            f"that shape {list(wanted)} needs; use .reshape(...) or .contiguous().view(...)"
        )
    return record(ops.Reshape, input, shape=wanted)


def _can_view(x, shape):
    try:
        return np.shares_memory(x.reshape(shape), x) if x.size else True
    except ValueError:
        return False


def _reshape(name, input, shape):
    return record(ops.Reshape, input, shape=_full_shape(name, input, shape))


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
    if not shape:
        return reshape(input, 1)
    start, end = wrap_dim("flatten", start_dim, len(shape)), wrap_dim("flatten", end_dim, len(shape))
    if start > end:
        raise RuntimeError(f"flatten(): start_dim {start_dim} comes after end_dim {end_dim}")
    return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


def unflatten(input, dim, sizes):
    """Cut axis `dim` into axes of the given sizes."""
    shape = input.array.shape
    dim = wrap_dim("unflatten", dim, len(shape))
    sizes = tuple(sizes)
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
    return record(ops.Transpose, input, dims=tuple(dims))


swapaxes = transpose


def t(input):
    """The transpose of a matrix; tensors of fewer dimensions come back as they are."""
    if input.array.ndim > 2:
        raise RuntimeError(
            f"t() expects a tensor with at most 2 dimensions, got {input.array.ndim}; use .mT or permute"
        )
    return record(ops.Transpose, input, dims=tuple(reversed(range(input.array.ndim))))


def reverse_axes(input):
    """The axes in reverse order: `x.T`."""
    return record(ops.Transpose, input, dims=tuple(reversed(range(input.array.ndim))))


def transpose_matrix(input):
    """The last two axes exchanged: `x.mT`."""
    if input.array.ndim < 2:
        raise RuntimeError(f"mT needs at least 2 dimensions, got shape {list(input.shape)}")
    return transpose(input, -2, -1)


def permute(input, *dims):
    """The axes in the order `dims`."""
    given = flat_ints("permute", dims)
    n = input.array.ndim
    if len(given) != n:
        raise RuntimeError(f"permute(): {len(given)} axes {list(given)} given for a tensor of {n} dimensions")
    return record(ops.Transpose, input, dims=wrap_dims("permute", given, n))


def movedim(input, source, destination):
    """Move axes to other places, the rest keeping their order."""
    n = input.array.ndim
    source, destination = wrap_dims("movedim", source, n), wrap_dims("movedim", destination, n)
    if len(source) != len(destination):
        raise RuntimeError(f"movedim(): {len(source)} source axes but {len(destination)} destinations")
    order = [d for d in range(n) if d not in source]
    for to, origin in sorted(zip(destination, source, strict=True)):
        order.insert(to, origin)
    return record(ops.Transpose, input, dims=tuple(order))


def squeeze(input, dim=None):
    """Drop axes of size 1: all, or those named."""
    shape = input.array.shape
    drop = wrap_dims("squeeze", dim, len(shape)) if dim is not None else range(len(shape))
    kept = tuple(n for d, n in enumerate(shape) if d not in drop or n != 1)
    return record(ops.Reshape, input, shape=kept)


def unsqueeze(input, dim):
    """Insert an axis of size 1 at `dim`."""
    shape = input.array.shape
    dim = wrap_dim("unsqueeze", dim, len(shape) + 1)
    return record(ops.Reshape, input, shape=(*shape[:dim], 1, *shape[dim:]))


def expand(input, *sizes):
    """Stretch axes of size 1 without copying; -1 keeps a size, new axes come in front."""
    wanted, shape = flat_ints("expand", sizes), input.array.shape
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


def broadcast_shapes(name, *shapes):
    """The common shape; a RuntimeError that shows the shapes if there is none."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = ", ".join(str(list(s)) for s in shapes)
        raise RuntimeError(f"{name}(): shapes {listed} do not broadcast together") from None


def broadcast_tensors(*tensors):
    """All tensors stretched to their common shape."""
    if len(tensors) == 1 and not is_tensor(tensors[0]):
        tensors = tuple(tensors[0])
    shape = broadcast_shapes("broadcast_tensors", *[x.array.shape for x in tensors])
    return tuple(expand(x, shape) for x in tensors)


def _several(name, tensors):
    if is_tensor(tensors) or not all(is_tensor(x) for x in tensors):
        found = type(tensors).__name__ if is_tensor(tensors) else [type(x).__name__ for x in tensors]
        raise TypeError(f"{name}(): expected a list or tuple of Tensors, got {found}")
    if not tensors:
        raise RuntimeError(f"{name}(): expected a non-empty list of Tensors")


def cat(tensors, dim=0, *, axis=None):
    """Join tensors along an existing axis. Empty 1-d tensors are left out, as in PyTorch."""
    tensors = tuple(tensors) if not is_tensor(tensors) else tensors
    _several("cat", tensors)
    kept = [x for x in tensors if x.array.shape != (0,)] or list(tensors[:1])
    shapes = [x.array.shape for x in kept]
    if not shapes[0]:
        raise RuntimeError("cat(): zero-dimensional tensors cannot be concatenated; use stack")
    dim = wrap_dim("cat", dim if axis is None else axis, len(shapes[0]))
    for shape in shapes:
        if len(shape) != len(shapes[0]) or any(
            a != b for d, (a, b) in enumerate(zip(shape, shapes[0], strict=False)) if d != dim
        ):
            listed = ", ".join(str(list(s)) for s in shapes)
            raise RuntimeError(f"cat(): sizes must match except in dimension {dim}; got shapes {listed}")
    return record(ops.Cat, *kept, dim=dim)


concat = concatenate = cat


def stack(tensors, dim=0):
    """Join tensors of one shape along a new axis."""
    tensors = tuple(tensors) if not is_tensor(tensors) else tensors
    _several("stack", tensors)
    shapes = {x.array.shape for x in tensors}
    if len(shapes) > 1:
        listed = ", ".join(str(list(x.shape)) for x in tensors)
        raise RuntimeError(f"stack(): expects tensors of equal size, got shapes {listed}")
    return record(ops.Stack, *tensors, dim=wrap_dim("stack", dim, tensors[0].array.ndim + 1))


def hstack(tensors):
    """Join along the second axis, or the first for 1-d tensors."""
    tensors = [x.reshape(1) if x.ndim == 0 else x for x in tensors]
    return cat(tensors, dim=0 if tensors[0].ndim == 1 else 1)


def vstack(tensors):
    """Join along the first axis; 1-d tensors count as rows."""
    return cat([x.reshape(1, -1) if x.ndim < 2 else x for x in tensors], dim=0)


def split(input, split_size_or_sections, dim=0, *, split_size=None):
    """Cut along `dim` into pieces of one size (the last may be smaller) or of the listed sizes."""
    sizes = split_size if split_size is not None else split_size_or_sections
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
    return record(ops.Split, input, lengths=lengths, dim=dim)


def chunk(input, chunks, dim=0):
    """Cut along `dim` into at most `chunks` pieces of equal size (the last may be smaller)."""
    if chunks <= 0:
        raise RuntimeError(f"chunk(): expects chunks to be greater than 0, got {chunks}")
    dim = wrap_dim("chunk", dim, input.array.ndim)
    if not input.array.ndim:
        raise RuntimeError("chunk(): expects at least a 1-dimensional tensor")
    length = input.array.shape[dim]
    if length == 0:
        return record(ops.Split, input, lengths=[0] * chunks, dim=dim)
    return split(input, -(-length // chunks), dim)


def unbind(input, dim=0):
    """The slices along `dim`, as a tuple."""
    if not input.array.ndim:
        raise RuntimeError("unbind(): a 0-d tensor has no axis to take apart")
    return record(ops.Unbind, input, dim=wrap_dim("unbind", dim, input.array.ndim))


def flip(input, *dims):
    """Read backwards along `dims`."""
    return record(ops.Flip, input, dims=wrap_dims("flip", flat_ints("flip", dims), input.array.ndim))


def roll(input, shifts, dims=None):
    """Move along `dims`; what falls off one end comes back at the other. Without dims, over the flat tensor."""
    if dims is None:
        return record(ops.Roll, input.reshape(-1), shifts=shifts, dims=0).reshape(input.array.shape)
    if not isinstance(shifts, int) and len(shifts) != (1 if isinstance(dims, int) else len(dims)):
        raise RuntimeError(f"roll(): shifts {shifts} and dims {dims} must have the same length")
    axes = tuple(wrap_dim("roll", d, input.array.ndim) for d in ((dims,) if isinstance(dims, int) else dims))
    shifts = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    return record(ops.Roll, input, shifts=shifts, dims=axes)


def repeat(input, *sizes):
    """Copies of the tensor side by side: `sizes` along each axis, new axes in front."""
    counts, shape = flat_ints("repeat", sizes), input.array.shape
    if len(counts) < len(shape):
        raise RuntimeError(f"repeat(): {len(counts)} counts given for a tensor of {len(shape)} dimensions")
    shape = (1,) * (len(counts) - len(shape)) + shape
    apart = [n for size in shape for n in (1, size)]
    stretched = [n for count, size in zip(counts, shape, strict=True) for n in (count, size)]
    full = tuple(count * size for count, size in zip(counts, shape, strict=True))
    return reshape(expand(reshape(input, apart), stretched), full)


def tile(input, *dims):
    """As `repeat`, but missing counts are 1."""
    counts = flat_ints("tile", dims)
    return repeat(input, (1,) * (input.array.ndim - len(counts)) + counts)


def repeat_interleave(input, repeats, dim=None, *, output_size=None):
    """Each element (or slice along `dim`) several times in a row; `repeats` a number or one per slice."""
    if dim is None:
        input, dim = input.reshape(-1), 0
    dim = wrap_dim("repeat_interleave", dim, input.array.ndim)
    counts = np.broadcast_to(array(repeats), (input.array.shape[dim],))
    if counts.size and counts.min() < 0:
        raise RuntimeError(f"repeat_interleave(): repeats must not be negative, got {counts.min()}")
    positions = np.repeat(np.arange(input.array.shape[dim]), counts)
    if output_size is not None and output_size != len(positions):
        raise RuntimeError(f"repeat_interleave(): output_size {output_size} but the repeats add up to {len(positions)}")
    return input.index_select(dim, input._of(positions))


def narrow(input, dim, start, length):
    """The slice of `length` entries from `start` along `dim`."""
    dim = wrap_dim("narrow", dim, input.array.ndim)
    start, length = int(start), int(length)
    size = input.array.shape[dim]
    start = start + size if start < 0 else start
    if length < 0 or not 0 <= start <= size - length:
        raise RuntimeError(f"narrow(): start ({start}) + length ({length}) exceeds the size {size} of dimension {dim}")
    return input[(*[slice(None)] * dim, slice(start, start + length))]


def select(input, dim, index):
    """The slice at `index` along `dim`, without that axis."""
    dim = wrap_dim("select", dim, input.array.ndim)
    size = input.array.shape[dim] if input.array.ndim else 0
    if not -size <= index < size:
        raise IndexError(f"select(): index {index} is out of range for dimension {dim} with size {size}")
    return input[(*[slice(None)] * dim, int(index))]


def tril(input, diagonal=0):
    """The lower triangle of the last two axes, zero above the diagonal."""
    return record(ops.Triangle, input, k=diagonal, lower=True)


def triu(input, diagonal=0):
    """The upper triangle of the last two axes, zero below the diagonal."""
    return record(ops.Triangle, input, k=diagonal, lower=False)


def diagonal(input, offset=0, dim1=0, dim2=1):
    """The diagonal of two axes, as a new last axis."""
    n = input.array.ndim
    dim1, dim2 = wrap_dim("diagonal", dim1, n), wrap_dim("diagonal", dim2, n)
    if dim1 == dim2:
        raise RuntimeError(f"diagonal(): dim1 and dim2 must differ, both are {dim1}")
    moved = movedim(input, (dim1, dim2), (n - 2, n - 1))
    rows, columns = moved.array.shape[-2:]
    length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    steps = np.arange(length)
    return moved[(..., input._of(steps - min(offset, 0)), input._of(steps + max(offset, 0)))]


_diagonal = diagonal  # `diag` has an argument of that name


def diag(input, diagonal=0):
    """A vector as the diagonal of a matrix, or the diagonal of a matrix as a vector."""
    n = input.array.ndim
    if n == 2:
        return _diagonal(input, diagonal)
    if n != 1:
        raise RuntimeError(f"diag(): expects a 1-d or 2-d tensor, got {n} dimensions")
    size = input.array.shape[0] + abs(diagonal)
    steps = np.arange(input.array.shape[0])
    index = (steps - min(diagonal, 0), steps + max(diagonal, 0))
    return record(AddAt, input, index=index, shape=(size, size))


def clone(input, *, memory_format=None):
    """A copy that the gradient passes through."""
    return record(ops.Clone, input)


def contiguous(input, memory_format=None):
    """The tensor itself if its numbers lie in order in memory, else a copy that does."""
    return input if input.is_contiguous() else record(ops.Clone, input)


def meshgrid(*tensors, indexing="ij"):
    """Coordinate grids from 1-d tensors; `indexing` "ij" (rows first) or "xy"."""
    if len(tensors) == 1 and not is_tensor(tensors[0]):
        tensors = tuple(tensors[0])
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f"meshgrid(): indexing must be 'ij' or 'xy', got {indexing!r}")
    sizes = tuple(x.array.size for x in tensors)
    grids = []
    for d, x in enumerate(tensors):
        shape = [1] * len(tensors)
        shape[d] = sizes[d]
        grid = expand(reshape(x, shape), sizes)
        grids.append(transpose(grid, 0, 1) if indexing == "xy" and len(tensors) > 1 else grid)
    return tuple(grids)
