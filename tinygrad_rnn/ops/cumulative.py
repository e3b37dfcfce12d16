"""Products, and running sums and products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..recording import record_op
from .basic import Reshape, in_order
from .checks import need_numbers, wrap_dim
from .choosing import select
from .function import Array, Function, Recorded, Saves, Value, call
from .inplace import in_place
from .joining import Cat
from .reducing import addable, kept_shape
from .widening import widening
from .words import worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class Prod(Function):
    """y = Π x over one axis          dL/dx_k = dL/dy · Π_{j≠k} x_j

    The product of the others is the product of those before and of those after, so zeros are no problem.
    """

    widens = "always"
    saves: Saves = ("x",)
    keepdim: bool
    dim: Any

    def forward(ctx, x: Array, dim: Any, keepdim: Any) -> Array:
        ctx.dim, ctx.keepdim = dim, keepdim
        return in_order(x.prod(dim, x.dtype, keepdims=keepdim))

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        if not ctx.keepdim:
            g = call(Reshape, g, shape=kept_shape(x.shape, (ctx.dim,)))
        return g * (call(ProductBefore, x, dim=ctx.dim, after=False) * call(ProductBefore, x, dim=ctx.dim, after=True))


class ProductBefore(Function):
    """y_k = the product of all x before (or after) k along `dim`, 1 at the end

    dL/dx_j = Σ_{k>j} dL/dy_k · Π_{i<k, i≠j} x_i, by one pass per j: this rule serves second derivatives only.
    """

    widens = "always"
    saves: Saves = ("x",)
    dim: Any
    after: Any

    def forward(ctx, x: Array, dim: Any, after: Any) -> Array:
        ctx.dim, ctx.after = dim, after
        y = np.ones(x.shape, x.dtype)
        moved, into = np.moveaxis(x, dim, -1), np.moveaxis(y, dim, -1)
        if after:
            moved, into = moved[..., ::-1], into[..., ::-1]
        into[..., 1:] = running(np.multiply, moved[..., :-1], -1)
        return y

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        dim, n = ctx.dim, x.shape[ctx.dim]
        if n == 0:
            return g
        pieces = []
        at = np.arange(n).reshape([n if d == dim % x.ndim else 1 for d in range(x.ndim)])
        for j in range(n):
            others = select(at == j, 1.0, x)  # x with its j-th entry left out of the products
            later = at < j if ctx.after else at > j
            reached = call(ProductBefore, others, dim=dim, after=ctx.after)
            pieces.append((g * reached * later).sum(dim, keepdims=True))
        return call(Cat, *pieces, dim=dim % x.ndim)


def running(combine: np.ufunc, x: np.ndarray, dim: int) -> np.ndarray:
    """`combine` of all numbers up to each place along `dim`. NumPy goes through them one by one, and after a million
    float32 steps the digits would be gone: they run in float64."""
    wide = np.float64 if x.dtype == np.float32 else x.dtype
    return combine.accumulate(x, axis=dim, dtype=wide).astype(x.dtype, copy=False)


class Cumsum(Function):
    """y_k = Σ_{j≤k} x_j along `dim`          dL/dx_j = Σ_{k≥j} dL/dy_k"""

    widens = "always"
    dim: Any
    backwards: Any

    def forward(ctx, x: Array, dim: Any, backwards: Any = False) -> Array:
        ctx.dim, ctx.backwards = dim, backwards
        if not backwards:
            return in_order(running(np.add, x, dim))
        return np.flip(running(np.add, np.flip(x, dim), dim), dim)

    def backward(ctx, g: Value) -> Value:
        return call(Cumsum, g, dim=ctx.dim, backwards=not ctx.backwards)


class Running(Recorded):
    """Tensor's products and running sums."""

    __slots__ = ()

    @worded
    def prod(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
        """The product over one axis, or of all elements."""
        input = addable("prod", input, dtype)
        if dim is None or input.array.ndim == 0:
            return record_op(Prod, input.reshape(-1), dim=0, keepdim=False)
        return record_op(Prod, input, dim=wrap_dim("prod", dim, input.array.ndim), keepdim=keepdim)

    @worded
    def cumsum(input: Tensor, dim: Any, *, dtype: Any = None) -> Tensor:
        """The running sum along `dim`."""
        input = addable("cumsum", input, dtype)
        need_numbers("cumsum", input)
        dim = wrap_dim("cumsum", dim, input.array.ndim)
        return record_op(Cumsum, input, dim=dim) if input.array.ndim else input.clone()

    cumsum_: Final = in_place(cumsum)

    @worded
    def cumprod(input: Tensor, dim: Any, *, dtype: Any = None) -> Tensor:
        """The running product along `dim`."""
        input = addable("cumprod", input, dtype)
        need_numbers("cumprod", input)
        dim = wrap_dim("cumprod", dim, input.array.ndim)
        if input.array.ndim == 0:
            return input.clone()
        return _running_product(input, dim)


@widening
def _running_product(input, dim):
    return record_op(ProductBefore, input, dim=dim, after=False) * input
