"""The largest and the smallest element, and where it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..recording import record_op, without_gradient
from .basic import Reshape, in_order, kept_shape
from .checks import is_tensor, need_numbers, need_tensor, wrap_dim, wrap_dims
from .choosing import plain, select
from .function import Array, Function, Recorded, Saves, Value, call
from .words import worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class Extreme(Function):
    """y = the largest (or smallest) x over `dims`          dL/dx = dL/dy, shared evenly among ties"""

    saves: Saves = ("x", "out")

    def forward(ctx, x: Array, dims: Any, keepdim: Any, largest: Any) -> Array:
        ctx.dims = dims
        return in_order((np.max if largest else np.min)(x, axis=dims, keepdims=keepdim))

    def backward(ctx, g: Value) -> Value:
        x, y = (plain(value) for value in ctx.saved_tensors)
        shape = kept_shape(x.shape, ctx.dims)
        chosen = x == y.reshape(shape)
        if np.isnan(y).any():
            chosen |= np.isnan(x)
        ties = chosen.sum(ctx.dims, keepdims=True)
        return select(chosen, call(Reshape, g, shape=shape) / ties, 0.0)


class ValuesIndices(NamedTuple):
    """What `max`, `min`, `sort` and their like along a dim return, each by its own name: see `RESULTS`."""

    values: Any
    indices: Any

    def __repr__(self) -> str:
        parts = ",\n".join(f"{name}={part!r}" for name, part in zip(self._fields, self, strict=True))
        return f"return_types.{type(self).__name__}(\n{parts})"


class MinMax(NamedTuple):
    """What `aminmax` returns."""

    min: Any
    max: Any

    __repr__ = ValuesIndices.__repr__


class Histogram(NamedTuple):
    """What `histogram` returns."""

    hist: Any
    bin_edges: Any

    __repr__ = ValuesIndices.__repr__


RESULTS: dict[str, Any] = {
    name: type(name, (fields,), {"__slots__": ()})
    for fields, names in (
        (ValuesIndices, "max min sort topk median kthvalue cummax cummin"),
        (MinMax, "aminmax"),
        (Histogram, "histogram"),
    )
    for name in names.split()
}


class Extremes(Recorded):
    """Tensor's extremes."""

    __slots__ = ()

    @worded
    def max(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
        """The largest element; along `dim` (values, indices); or element by element with another tensor."""
        return _extreme("max", np.argmax, input, dim if other is None else other, keepdim)

    @worded
    def min(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
        """The smallest element; along `dim` (values, indices); or element by element with another tensor."""
        return _extreme("min", np.argmin, input, dim if other is None else other, keepdim)

    @worded
    def amax(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
        """The largest element over `dim`; ties share the gradient evenly."""
        dims = nonempty("amax", input, dim)
        return record_op(Extreme, input, dims=dims, keepdim=keepdim, largest=True)

    @worded
    def amin(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
        """The smallest element over `dim`; ties share the gradient evenly."""
        dims = nonempty("amin", input, dim)
        return record_op(Extreme, input, dims=dims, keepdim=keepdim, largest=False)

    @worded
    def argmax(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
        """The index of the largest element (the first of several), of the flattened tensor when dim is None."""
        return _arg("argmax", np.argmax, input, dim, keepdim)

    @worded
    def argmin(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
        """The index of the smallest element (the first of several), of the flattened tensor when dim is None."""
        return _arg("argmin", np.argmin, input, dim, keepdim)


def nonempty(name: str, input: Tensor, dim: Any) -> tuple[int, ...]:
    """Raise if there is nothing to choose from along `dim`; PyTorch's type depends on whether `dim` was given."""
    need_tensor(name, input)
    dims = wrap_dims(name, dim, input.array.ndim)
    if input.array.size == 0 and (not dims or not math.prod(input.array.shape[d] for d in dims)):
        kind = RuntimeError if dim is None or dim == () else IndexError
        raise kind(f"{name}(): cannot take the {name} of no elements (shape {tuple(input.shape)})")
    return dims


def _extreme(name, arg, input, dim, keepdim):
    need_tensor(name, input)
    if is_tensor(dim):
        return input.maximum(dim) if name == "max" else input.minimum(dim)
    if dim is None:
        return input.amax() if name == "max" else input.amin()
    dim = wrap_dim(name, dim, input.array.ndim)
    if input.array.ndim == 0:
        return RESULTS[name](input.clone(), input._of(np.zeros((), np.int64)))
    nonempty(name, input, dim)
    indices = without_gradient(np.expand_dims(arg(input.array, axis=dim), dim).astype(np.int64), input.array)
    values = input.gather(dim, indices)
    if not keepdim:
        values, indices = values.squeeze(dim), indices.squeeze(dim)
    return RESULTS[name](values, indices)


def _arg(name, function, input, dim, keepdim):
    need_numbers(name, input)
    if dim is None:
        if input.array.size == 0:
            raise IndexError(f"{name}(): cannot take the {name} of no elements (shape {tuple(input.shape)})")
        found = np.asarray(function(input.array), dtype=np.int64)
        return without_gradient(found.reshape((1,) * input.array.ndim) if keepdim else found, input.array)
    dim = wrap_dim(name, dim, input.array.ndim)
    if input.array.ndim == 0:
        return input._of(np.zeros((), np.int64))
    nonempty(name, input, dim)
    found = np.asarray(function(input.array, axis=dim, keepdims=keepdim), dtype=np.int64)
    return without_gradient(found, input.array)
