"""x[index]: every form that NumPy and PyTorch take, read and written; masks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..arrays import came, fitting, is_number, plain
from ..recording import record_op, record_view
from .basic import Index, SetItem, is_basic
from .checks import broadcast_shapes, is_tensor, need_tensor
from .function import Array, Recorded
from .inplace import check_writable, copy_what_maker_saved, in_place, log_write, rebase
from .words import worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class BasicIndex(Index):
    """y = x[index] for ints and slices, a view of x          dL/dx = zeros, with dL/dy added at the index"""

    view = True
    from_shape: tuple[int, ...]
    index: Any

    def forward(ctx, x: Array, index: Any) -> Array:
        ctx.index, ctx.from_shape = index, x.shape
        y = x[index]
        if y.__class__ is np.ndarray:
            return y
        return x[(*index, ...) if isinstance(index, tuple) else (index, ...)]  # NumPy copies a single number


class Indexing(Recorded):
    """Tensor's `x[index]` and masks."""

    __slots__ = ()

    def __getitem__(input: Tensor, index: Any) -> Tensor:
        """input[index], in all forms of PyTorch."""
        if index.__class__ is int:  # the usual case, in a loop over time: no need to look at its parts
            shape = input.array.shape
            if shape and -shape[0] <= index < shape[0]:
                return record_view(BasicIndex, input, index)
        plain = plain_index(input, index)
        if is_basic(plain):
            return record_op(BasicIndex, input, index=plain)
        steps = in_two_steps(plain)
        if steps is None:
            return record_op(Index, input, index=plain)
        return record_op(Index, record_op(BasicIndex, input, index=steps[0]), index=steps[1])

    @worded
    def masked_select(input: Tensor, mask: Tensor) -> Tensor:
        """The elements where the mask is true, as a 1-d tensor."""
        need_tensor("masked_select", input)
        need_tensor("masked_select", mask, "mask")
        shape = broadcast_shapes("masked_select", input.array.shape, mask.array.shape)
        return input.expand(shape)[mask.expand(shape)]

    def masked_scatter(input: Tensor, mask: Tensor, source: Any) -> Tensor:
        """input with the elements of `source`, in order, where the mask is true."""
        need_tensor("masked_scatter", input)
        if mask.dtype != bool:
            raise RuntimeError(f"masked_scatter(): the mask must be a bool tensor, got {mask.dtype}")
        same_dtype("masked_scatter", input, source)
        shape = broadcast_shapes("masked_scatter", input.array.shape, mask.array.shape)
        input, wide = input.expand(shape), np.broadcast_to(mask.array, shape)
        count = int(wide.sum())
        if source.array.size < count:
            raise RuntimeError(
                f"masked_scatter(): the mask has {count} true entries, source only {source.array.size} elements"
            )
        return record_op(SetItem, input.contiguous(), source.reshape(-1)[:count], index=wide)

    masked_scatter_: Final = in_place(masked_scatter)

    def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
        """The indices of nonzero elements: (n, ndim) int64, or a tuple with one tensor per axis."""
        need_tensor("nonzero", input)
        found = np.array(np.nonzero(input.array if input.array.ndim else input.array.reshape(1)))  # a row for each axis
        if as_tuple:
            return tuple(input._of(row) for row in found)
        return input._of(found[: input.array.ndim].T)

    def argwhere(input: Tensor) -> Tensor:
        """The indices of nonzero elements, (n, ndim)."""
        need_tensor("argwhere", input)
        return input.nonzero()

    def __setitem__(input: Tensor, index: Any, value: Any) -> None:
        """input[index] = value: the gradient reaches `value`, and stops for the elements replaced."""
        plain = plain_index(input, index)
        steps = None if is_basic(plain) else in_two_steps(plain)
        if steps is not None:
            input[steps[0]][steps[1]] = value
            return
        check_writable(input)
        if not is_tensor(value):
            if not is_number(value):
                raise TypeError(
                    f"can't assign a {type(value).__name__} into a tensor; make a tensor of it first: tensor(value)"
                )
            value = np.asarray(fitting("setitem", value, input.dtype), input.dtype)
        numbers = value.array if is_tensor(value) else value
        target = input.array[plain]
        if target.shape != numbers.shape:
            if is_tensor(value):
                while value.array.ndim > target.ndim and value.array.shape[0] == 1:
                    value = value.reshape(value.array.shape[1:])
                numbers = value.array
            try:
                np.broadcast_to(numbers, target.shape)
            except ValueError:
                raise RuntimeError(
                    f"shape mismatch: a value of shape {list(numbers.shape)} cannot be assigned to an indexed place of "
                    f"shape {list(target.shape)}"
                ) from None
        if not input.array.flags.writeable:
            raise RuntimeError("cannot assign into an expanded tensor, whose elements share memory; clone() it first")
        if is_tensor(value) and value._edge is not None and np.may_share_memory(numbers, input.array):
            value = value.clone()
        if target.size == input.array.size and is_basic(plain):
            copy_what_maker_saved(input)
        result = record_op(SetItem, input, value, index=plain, inplace=True)
        log_write(input.array)
        rebase(input, result._edge)

    def __len__(self: Tensor) -> int:
        if not self.array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self.array.shape[0]

    def __iter__(self: Tensor) -> Iterator[Tensor]:
        if not self.array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))


def plain_index(input: Any, index: Any) -> Any:
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
            f"not by {came(part)}"
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


def in_two_steps(plain: Any) -> Any:
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


def same_dtype(name: str, input: Tensor, src: Any) -> None:
    if is_tensor(src) and src.dtype != input.dtype:
        raise RuntimeError(f"{name}(): expected src of the input's dtype {input.dtype}, got {src.dtype}")
