"""Picking and placing elements: `x[...]`, gather and scatter, sorting."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..arrays import fitting, plain
from ..ops import indexing as ops
from ..recording import record, record_view
from .arguments import broadcast_shapes, is_tensor, need_numbers, need_tensor, wrap_dim
from .convert import filled
from .reduce import MaxMin
from .shape import clone, contiguous
from .widening import widening


def plain_index(input, index: Any) -> Any:
    """A PyTorch index as NumPy takes it: tensors as arrays, uint8 as masks, ranges as lists; bounds checked."""
    parts = index if isinstance(index, tuple) else (index,)
    made = tuple([part if part.__class__ in (int, slice) else _plain_part(part) for part in parts])
    _check_bounds(input, made)
    return made if len(made) != 1 else made[0]


def _plain_part(part):
    if isinstance(part, slice):
        return part
    if part is None or part is Ellipsis or isinstance(part, bool):
        return part
    if is_tensor(part):
        part = part.array
        if part.ndim == 0 and part.dtype.kind in "iu":
            return int(part)
    elif isinstance(part, (int, np.integer)):
        return int(part)
    elif isinstance(part, (list, tuple, range)):
        values = [_plain_part(p) for p in part]
        part = np.asarray(values) if values else np.zeros(0, np.int64)
    if not isinstance(part, np.ndarray):
        raise (TypeError if isinstance(part, str) else IndexError)(
            f"tensors can be indexed by ints, slices, None, ..., bools, lists and integer or bool tensors, "
            f"not by {type(part).__name__}"
        )
    if part.dtype.kind not in "iub":
        raise IndexError(f"tensors used as indices must be integers or bools, got {part.dtype}")
    part = plain("x[index]", part)
    if part.dtype == np.uint8:
        return part.astype(bool)
    return part


def _check_bounds(input, parts):
    """Raise IndexErrors that name the dimension; NumPy's own are less clear, and slices need a positive step."""
    shape = input.array.shape
    taken = sum(p.ndim if isinstance(p, np.ndarray) and p.dtype == bool else 1
                for p in parts if p is not None and p is not Ellipsis and not isinstance(p, bool))  # fmt: skip
    if taken > len(shape):
        raise IndexError(f"too many indices for a tensor of dimension {len(shape)} (got {taken}, shape {list(shape)})")
    dim = 0
    for part in parts:
        if part is None or isinstance(part, bool):
            continue
        if part is Ellipsis:
            dim += len(shape) - taken
            continue
        if isinstance(part, slice):
            if isinstance(part.step, int) and part.step <= 0:
                raise ValueError(f"slice step must be positive, got {part.step}; use flip() to read backwards")
            dim += 1
        elif isinstance(part, np.ndarray) and part.dtype == bool:
            _check_mask(part, shape, dim)
            dim += part.ndim
        else:
            _check_range(part, shape[dim], dim)
            dim += 1


def _check_mask(mask, shape, dim):
    if mask.shape != shape[dim : dim + mask.ndim]:
        raise IndexError(f"the shape of the mask {list(mask.shape)} at index {dim} does not match the shape of the "
                         f"indexed tensor {list(shape)}")  # fmt: skip


def _check_range(part, size, dim):
    low, high = (part, part) if isinstance(part, int) else (part.min(initial=0), part.max(initial=-size))
    for value in (low, high):
        if not -size <= value < size and not (isinstance(part, np.ndarray) and part.size == 0):
            raise IndexError(f"index {value} is out of bounds for dimension {dim} with size {size}")


def getitem(input, index):
    """input[index], in all forms of PyTorch."""
    if index.__class__ is int:  # the usual case, in a loop over time: no need to look at its parts
        shape = input.array.shape
        if shape and -shape[0] <= index < shape[0]:
            return record_view(ops.BasicIndex, input, index)
    plain = plain_index(input, index)
    if ops.is_basic(plain):
        return record(ops.BasicIndex, input, index=plain)
    steps = in_two_steps(plain)
    if steps is None:
        return record(ops.Index, input, index=plain)
    return record(ops.Index, record(ops.BasicIndex, input, index=steps[0]), index=steps[1])


def in_two_steps(plain):
    """Where ints and arrays are mixed with slices: the ints first, then the arrays; else None.

    PyTorch reads x[0, :, [1, 0]] as x[0][:, [1, 0]]. NumPy takes the int for an array too, and puts the
    axis of the arrays in front.
    """
    if not isinstance(plain, tuple):
        return None
    kinds = {int if part.__class__ is int else part.__class__ is np.ndarray for part in plain}
    if kinds != {int, True, False}:
        return None
    ints, arrays = [], []
    for part in plain:
        if isinstance(part, np.ndarray):
            ints += [slice(None)] * (part.ndim if part.dtype == bool else 1)
            arrays.append(part)
        elif part.__class__ is int:
            ints.append(part)
        else:
            if not isinstance(part, bool):
                ints.append(part)
            arrays.append(part if part is Ellipsis or isinstance(part, bool) else slice(None))
    return tuple(ints), tuple(arrays)


def gather(input, dim, index):
    """result[i, j] = input[index[i, j], j] for dim 0; input[i, index[i, j]] for dim 1; and so on."""
    dim = _check_gather("gather", input, dim, index)
    if input.array.ndim and index.array.size and index.array.ndim:
        return record(ops.Gather, input, index=index.array, dim=dim)
    flat = index.array.reshape(-1).astype(np.int64)  # 0-d counts as 1-d; and of nothing in any shape there is nothing
    return record(ops.Index, input.reshape(-1), index=flat).reshape(index.array.shape)


def _check_gather(name, input, dim, index, source=None):
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


def take_along_dim(input, indices, dim=None):
    """As `gather`, with broadcasting, and -1 is the last; over the flat tensor when dim is None."""
    if dim is None:
        return gather(input.reshape(-1), 0, indices.reshape(-1))
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
    return gather(input.expand(wide), dim, indices.expand(narrow))


def index_select(input, dim, index):
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
        return clone(input)
    return getitem(input, (*[slice(None)] * dim, index.reshape(-1)))


@widening
def index_add(input, dim, index, source, *, alpha=1):
    """input with alpha · source added to the slices along `dim` at `index`; repeats add up."""
    dim = _check_index("index_add", input, dim, index)
    need_tensor("index_add", source, "source")
    _same_dtype("index_add", input, source)
    shape = input.array.shape or (1,)  # a 0-d tensor has one slice, itself
    selected = [*shape[:dim], index.array.size, *shape[dim + 1 :]]
    wanted = tuple(selected) if input.array.ndim else ()
    if source.array.shape != wanted or source.array.size != math.prod(selected):
        raise RuntimeError(f"index_add(): source must have shape {list(wanted)}, got {list(source.shape)}")
    place = plain_index(input.reshape(shape), (*[slice(None)] * dim, index.reshape(-1)))
    source = source.reshape(selected)
    added = record(ops.AddAt, source * alpha if alpha != 1 else source, index=place, shape=shape)
    return input + added.reshape(input.array.shape)


def index_fill(input, dim, index, value):
    """input with the slices along `dim` at `index` set to a number."""
    dim = _check_index("index_fill", input, dim, index)
    if is_tensor(value) and value.array.ndim:
        raise RuntimeError(f"index_fill(): value must be a number or a 0-d tensor, got shape {list(value.shape)}")
    if not is_tensor(value):
        value = fitting("index_fill", value, input.dtype)
    once = index._of(np.unique(index.array))  # an index given twice gets one value, and its gradient once
    flat = input if input.array.ndim else input.reshape(1)  # a 0-d tensor has one slice, itself
    filled = record(ops.SetItem, flat, value, index=plain_index(flat, (*[slice(None)] * dim, once)))
    return filled if flat is input else filled.reshape(())


def _check_index(name, input, dim, index):
    """`dim` counted from 0; raises unless `index` is a vector or a single index."""
    need_tensor(name, input)
    need_tensor(name, index, "index")
    if index.array.ndim > 1:
        raise IndexError(f"{name}(): index must be a vector, got shape {list(index.shape)}")
    return wrap_dim(name, dim, input.array.ndim)


def scatter(input, dim, index, src=None, *, value=None, reduce=None):
    """input with result[index[i, j], j] = src[i, j] for dim 0, and so on; `src` may be a number."""
    if reduce == "add":
        return scatter_add(input, dim, index, src if src is not None else value)
    if reduce is not None:
        raise RuntimeError(f"scatter(): reduce must be None or 'add', got {reduce!r}")
    src = value if src is None else src
    dim = _check_gather("scatter", input, dim, index, src if is_tensor(src) else None)
    if not index.array.size:
        return clone(input)
    if not input.array.ndim or not index.array.ndim:
        return _on_vectors(scatter, input, index, src)
    _same_dtype("scatter", input, src)
    if is_tensor(src):
        src = getitem(src, tuple(slice(0, n) for n in index.array.shape))
    else:
        src = fitting("scatter", src, input.dtype)
    return record(ops.SetItem, contiguous(input), src, index=ops.places(index.array, dim))


def _same_dtype(name, input, src):
    if is_tensor(src) and src.dtype != input.dtype:
        raise RuntimeError(f"{name}(): expected src of the input's dtype {input.dtype}, got {src.dtype}")


def _on_vectors(function, input, index, src):
    """A 0-d tensor counts as a vector of one element."""
    src = src.reshape(-1) if is_tensor(src) else src
    return function(input.reshape(-1), 0, index.reshape(-1), src).reshape(input.array.shape)


@widening
def scatter_add(input, dim, index, src):
    """input with src[i, j] added to result[index[i, j], j] for dim 0, and so on; repeats add up."""
    dim = _check_gather("scatter_add", input, dim, index, src if is_tensor(src) else None)
    if not index.array.size:
        return clone(input)
    if not input.array.ndim or not index.array.ndim:
        return _on_vectors(scatter_add, input, index, src)
    _same_dtype("scatter_add", input, src)
    if not is_tensor(src):
        src = input._of(filled("scatter_add", index.array.shape, src, input.dtype))
    src = getitem(src, tuple(slice(0, n) for n in index.array.shape))
    added = record(ops.AddAt, src, index=ops.places(index.array, dim), shape=input.array.shape)
    return input + added


def masked_select(input, mask):
    """The elements where the mask is true, as a 1-d tensor."""
    need_tensor("masked_select", mask, "mask")
    shape = broadcast_shapes("masked_select", input.array.shape, mask.array.shape)
    return getitem(input.expand(shape), mask.expand(shape))


def masked_scatter(input, mask, source):
    """input with the elements of `source`, in order, where the mask is true."""
    if mask.dtype != bool:
        raise RuntimeError(f"masked_scatter(): the mask must be a bool tensor, got {mask.dtype}")
    _same_dtype("masked_scatter", input, source)
    shape = broadcast_shapes("masked_scatter", input.array.shape, mask.array.shape)
    input, wide = input.expand(shape), np.broadcast_to(mask.array, shape)
    count = int(wide.sum())
    if source.array.size < count:
        raise RuntimeError(
            f"masked_scatter(): the mask has {count} true entries, source only {source.array.size} elements"
        )
    return record(ops.SetItem, contiguous(input), source.reshape(-1)[:count], index=wide)


def nonzero(input, *, as_tuple=False):
    """The indices of nonzero elements: (n, ndim) int64, or a tuple with one tensor per axis."""
    found = np.array(np.nonzero(input.array if input.array.ndim else input.array.reshape(1)))  # a row for each axis
    if as_tuple:
        return tuple(input._of(row) for row in found)
    return input._of(found[: input.array.ndim].T)


def argwhere(input):
    """The indices of nonzero elements, (n, ndim)."""
    return nonzero(input)


def argsort(input, dim=-1, descending=False, stable=False):
    """The indices that sort along `dim`; equal elements keep their order."""
    dim = wrap_dim("argsort", dim, input.array.ndim)
    if not input.array.ndim:
        return input._of(np.zeros((), np.int64))
    x = input.array
    if not descending:
        return input._of(np.argsort(x, axis=dim, kind="stable"))
    backwards = np.argsort(np.flip(x, dim), axis=dim, kind="stable")  # ties: the first stays first
    return input._of(np.flip(x.shape[dim] - 1 - backwards, dim).copy())


def sort(input, dim=-1, descending=False, stable=False):
    """(values, indices) sorted along `dim`; equal elements keep their order."""
    indices = argsort(input, dim, descending)
    return MaxMin(gather(input, dim, indices), indices)


def topk(input, k, dim=-1, largest=True, sorted=True):
    """(values, indices) of the k largest (or smallest) elements along `dim`, in order."""
    need_numbers("topk", input)
    dim = wrap_dim("topk", dim, input.array.ndim)
    size = input.array.shape[dim] if input.array.ndim else 1
    if not 0 <= k <= size:
        raise RuntimeError(f"topk(): k is {k} but dimension {dim} has {size} elements")
    indices = argsort(input, dim, descending=largest)
    if input.array.ndim:
        indices = contiguous(indices[(*[slice(None)] * dim, slice(0, int(k)))])
    return MaxMin(gather(input, dim, indices), indices)


def take(input, index):
    """The elements of the flat tensor at `index`."""
    need_tensor("take", index, "index")
    if index.dtype != np.int64:
        raise RuntimeError(f"take(): expected dtype int64 for index, got {index.dtype}")
    return getitem(input.reshape(-1), index)
