"""Moving numbers around: the derivative moves them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..recording import record_op
from .basic import in_order
from .checks import flat_ints, named_dims, need_tensor, sizes_of, wrap_dim
from .function import Array, Function, Recorded, Value, call
from .inplace import in_place
from .words import worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class Flip(Function):
    """y = x read backwards along `dims`          dL/dx = dL/dy read backwards"""

    def forward(ctx, x: Array, dims: Any) -> Array:
        ctx.dims = dims
        return np.flip(x, dims).copy("K")

    def backward(ctx, g: Value) -> Value:
        return call(Flip, g, dims=ctx.dims)


class Roll(Function):
    """y = x moved by `shifts` along `dims`, what falls off coming back at the start          dL/dx = dL/dy moved back"""

    shifts: Any
    dims: Any

    def forward(ctx, x: Array, shifts: Any, dims: Any) -> Array:
        ctx.shifts, ctx.dims = shifts, dims
        return in_order(np.roll(x, shifts, dims))

    def backward(ctx, g: Value) -> Value:
        return call(Roll, g, shifts=tuple(-s for s in ctx.shifts), dims=ctx.dims)


class Triangle(Function):
    """y = x, zero above (lower=True) or below the diagonal `k`          dL/dx = dL/dy, zero there too"""

    k: int
    lower: bool

    def forward(ctx, x: Array, k: Array, lower: Any) -> Array:
        ctx.k, ctx.lower = k, lower
        return in_order(np.tril(x, k) if lower else np.triu(x, k))

    def backward(ctx, g: Value) -> Value:
        return call(Triangle, g, k=ctx.k, lower=ctx.lower)


class Diagonal(Function):
    """y = the diagonal `offset` of the last two axes, as one axis          dL/dx = zeros, with dL/dy on the diagonal"""

    view = True
    from_shape: tuple[int, ...]
    offset: Any

    def forward(ctx, x: Array, offset: Any) -> Array:
        ctx.offset, ctx.from_shape = offset, x.shape
        return diagonal_of(x, offset)

    def backward(ctx, g: Value) -> Value:
        return call(OnDiagonal, g, offset=ctx.offset, shape=ctx.from_shape)


class OnDiagonal(Function):
    """y = zeros of `shape`, with x on the diagonal `offset` of the last two axes          dL/dx = that diagonal of dL/dy"""

    def forward(ctx, x: Array, offset: Any, shape: Any) -> Array:
        ctx.offset = offset
        y = np.zeros(shape, x.dtype)
        diagonal_of(y, offset)[...] = x
        return y

    def backward(ctx, g: Value) -> Value:
        return call(Diagonal, g, offset=ctx.offset)


def diagonal_of(x: np.ndarray, offset: int) -> np.ndarray:
    """A diagonal of the last two axes, looking into the memory of x (np.diagonal's result cannot be written to)."""
    below, right = max(-offset, 0), max(offset, 0)
    n = max(0, min(x.shape[-2] - below, x.shape[-1] - right))
    return np.einsum("...ii->...i", x[..., below : below + n, right : right + n])


class Moving(Recorded):
    """Tensor's flips, rolls, triangles and diagonals."""

    __slots__ = ()

    def flip(input: Tensor, *dims: Any, **named: Any) -> Tensor:
        """Read backwards along `dims`."""
        need_tensor("flip", input)
        return record_op(Flip, input, dims=named_dims("flip", sizes_of("flip", dims, named, "dims"), input.array.ndim))

    def fliplr(input: Tensor) -> Tensor:
        """Each row read backwards."""
        need_tensor("fliplr", input)
        return input.flip(1)

    def flipud(input: Tensor) -> Tensor:
        """The rows read backwards."""
        need_tensor("flipud", input)
        return input.flip(0)

    def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
        """Move along `dims`; what falls off one end comes back at the other. Without dims, over the flat tensor."""
        need_tensor("roll", input)
        shifts, dims = flat_ints("roll", (shifts,)), () if dims is None else flat_ints("roll", (dims,))
        if not shifts or len(shifts) != (len(dims) or 1):
            raise RuntimeError(
                f"roll(): needs a shift for each of the dims, or one and no dims; got {shifts} and {dims}"
            )
        if not dims:
            return record_op(Roll, input.reshape(-1), shifts=shifts, dims=(0,)).reshape(input.array.shape)
        if not input.array.ndim:
            raise IndexError(f"roll(): a 0-d tensor has no dimensions, dims are {dims}")
        return record_op(Roll, input, shifts=shifts, dims=tuple(wrap_dim("roll", d, input.array.ndim) for d in dims))

    @worded
    def tril(input: Tensor, diagonal: int = 0) -> Tensor:
        """The lower triangle of the last two axes, zero above the diagonal."""
        return _triangle("tril", input, diagonal, True)

    tril_: Final = in_place(tril)

    @worded
    def triu(input: Tensor, diagonal: int = 0) -> Tensor:
        """The upper triangle of the last two axes, zero below the diagonal."""
        return _triangle("triu", input, diagonal, False)

    triu_: Final = in_place(triu)

    def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
        """The diagonal of two axes, as a new last axis."""
        need_tensor("diagonal", input)
        n = input.array.ndim
        dim1, dim2 = wrap_dim("diagonal", dim1, n), wrap_dim("diagonal", dim2, n)
        if dim1 == dim2:
            raise RuntimeError(f"diagonal(): dim1 and dim2 must differ, both are {dim1}")
        return record_op(Diagonal, input.movedim((dim1, dim2), (n - 2, n - 1)), offset=offset)

    def diag(input: Tensor, diagonal: int = 0) -> Tensor:
        """A vector as the diagonal of a matrix, or the diagonal of a matrix as a vector."""
        need_tensor("diag", input)
        n = input.array.ndim
        if n == 2:
            return input.diagonal(diagonal).clone()
        if n != 1:
            raise RuntimeError(f"diag(): expects a 1-d or 2-d tensor, got {n} dimensions")
        size = input.array.shape[0] + abs(diagonal)
        return record_op(OnDiagonal, input, offset=diagonal, shape=(size, size))


def _triangle(name, input, diagonal, lower):
    need_tensor(name, input)
    if input.array.ndim < 2:
        raise RuntimeError(f"{name}(): expected at least 2 dimensions, got shape {list(input.shape)}")
    return record_op(Triangle, input, k=diagonal, lower=lower)
