"""Sums, means and norms: a gradient goes back to every element that took part."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..recording import record_op
from .basic import Expand, Reshape, exact_sum, in_order, kept_shape
from .checks import need_float, need_tensor, wrap_dims
from .choosing import where
from .function import Array, Function, Recorded, Saves, Value, call
from .widening import widening
from .words import again, worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class Sum(Function):
    """y = Σ x over `dims`          dL/dx = dL/dy for each x that took part"""

    widens = "always"
    from_shape: tuple[int, ...]
    dims: Any

    def forward(ctx, x: Array, dims: Any, keepdim: Any) -> Array:
        ctx.from_shape, ctx.dims = x.shape, dims
        return in_order(exact_sum(x, dims, keepdim))

    def backward(ctx, g: Value) -> Value:
        if len(ctx.dims) < len(ctx.from_shape):
            g = call(Reshape, g, shape=kept_shape(ctx.from_shape, ctx.dims))
        return call(Expand, g, shape=ctx.from_shape)


class Mean(Sum):
    """y = Σ x / n over `dims`          dL/dx = dL/dy / n"""

    n: int

    def forward(ctx, x: Array, dims: Any, keepdim: Any) -> Array:
        total = super().forward(x, dims, keepdim)
        ctx.n = int(np.prod([x.shape[d] for d in dims]))
        return np.true_divide(total, ctx.n, dtype=x.dtype)  # the mean of nothing is NaN, as in PyTorch

    def backward(ctx, g: Value) -> Value:
        return super().backward(g / ctx.n if ctx.n else g)


class Variance(Function):
    """y = Σ (x - mean)² / n over `dims`          dL/dx = dL/dy · 2 (x - mean) / n

    n is the caller's: the count less a correction. Mean and squares are taken in float64, for a mean rounded to
    float32 is off by more than the spread of numbers that lie close together far from 0.
    """

    widens = "always"
    saves: Saves = ("x",)
    dims: Any
    n: Any

    def forward(ctx, x: Array, dims: Any, keepdim: Any, n: Any) -> Array:
        ctx.dims, ctx.n = dims, n
        centred = x - np.true_divide(x.sum(dims, np.float64, keepdims=True), math.prod(x.shape[d] for d in dims))
        centred *= centred
        return in_order(np.true_divide(centred.sum(dims, keepdims=keepdim), n).astype(x.dtype))

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        centred = x - call(Mean, x, dims=ctx.dims, keepdim=True)
        share = 2.0 / ctx.n if ctx.n else math.inf
        return call(Reshape, g, shape=kept_shape(x.shape, ctx.dims)) * (centred * share)


class Reducing(Recorded):
    """Tensor's sums, means and norms."""

    __slots__ = ()

    def sum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, **other: Any) -> Tensor:
        """The sum over `dim` (all axes when None). Integers and bools add up as int64."""
        if other:
            return again(Reducing.sum, other, input, dim=dim, keepdim=keepdim, dtype=dtype)  # type: ignore
        input = addable("sum", input, dtype)
        dims = wrap_dims("sum", dim, input.array.ndim)
        return record_op(Sum, input, dims=dims, keepdim=keepdim)

    def mean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, **other: Any) -> Tensor:
        """The mean over `dim` (all axes when None)."""
        if other:
            return again(Reducing.mean, other, input, dim=dim, keepdim=keepdim, dtype=dtype)  # type: ignore
        if dtype is not None:
            input = input.to(dtype)
        need_float("mean", input, error=RuntimeError)
        dims = wrap_dims("mean", dim, input.array.ndim)
        return record_op(Mean, input, dims=dims, keepdim=keepdim)

    @worded
    def var(
        input: Tensor,
        dim: Any = None,
        unbiased: bool | None = None,
        keepdim: bool = False,
        *,
        correction: int | None = None,
    ) -> Tensor:
        """The variance over `dim`: Σ (x - mean)² / (n - correction), correction 1 unless `unbiased=False`."""
        if isinstance(dim, bool):  # var(unbiased) as the second positional argument
            dim, unbiased = None, dim
        need_float("var", input, error=RuntimeError)
        if unbiased is not None and correction is not None:
            raise TypeError("var(): give `unbiased` or `correction`, not both")
        if correction is None:
            correction = 0 if unbiased is False else 1
        dims = wrap_dims("var", dim, input.array.ndim)
        n = math.prod(input.array.shape[d] for d in dims)
        n = max(n - correction, 0)
        return record_op(Variance, input, dims=dims, keepdim=keepdim, n=n)

    @worded
    @widening
    def std(
        input: Tensor,
        dim: Any = None,
        unbiased: bool | None = None,
        keepdim: bool = False,
        *,
        correction: int | None = None,
    ) -> Tensor:
        """The standard deviation over `dim`: the root of `var`, with derivative 0 where it is 0."""
        need_tensor("std", input)
        variance = input.var(dim, unbiased, keepdim, correction=correction)
        return _root(variance)

    @worded
    def norm(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
        """The p-norm (Σ |x|^p)^(1/p) over `dim`; p may also be inf, -inf or 0 (count of nonzero entries)."""
        return vector_norm(input, 2 if p in ("fro", None) else p, dim, keepdim, dtype=dtype)


def vector_norm(x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The norm of the elements along `dim`, as `norm`; the derivative at 0 is 0."""
    if dtype is not None:
        x = x.to(dtype)
    need_float("norm", x)
    if isinstance(ord, str):
        raise RuntimeError(f"norm(): order {ord!r} is not supported; give a number, inf or -inf")
    return _norm_of(x, ord, wrap_dims("norm", dim, x.array.ndim), keepdim)


@worded
def var_mean(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: int | None = None
) -> tuple[Tensor, Tensor]:
    """(variance, mean) over `dim`."""
    need_tensor("var_mean", input)
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    return input.var(dim, unbiased, keepdim, correction=correction), input.mean(dim, keepdim)


def addable(name: Any, input: Any, dtype: Any) -> Tensor:
    """`input` as `dtype`, or integers and bools as int64, so that sums do not overflow."""
    need_tensor(name, input)
    if dtype is not None:
        return input.to(dtype)
    return input if input.dtype.kind == "f" else input.to(dtypes.int64)


def _root(squares):
    """√squares, with derivative 0 (not infinite) where it is 0."""
    zero = squares.array == 0
    if not zero.any():
        return squares.sqrt()
    mask = squares._of(np.asarray(zero))
    return where(mask, squares * 0.0, where(mask, squares * 0.0 + 1.0, squares).sqrt())


@widening
def _norm_of(x, ord, dims, keepdim):
    if ord == 2:
        return _root((x * x).sum(dims, keepdim))
    if ord == 1:
        return x.abs().sum(dims, keepdim)
    if ord in (math.inf, -math.inf):
        if not math.prod(x.array.shape[d] for d in dims):
            raise RuntimeError(f"norm(): order {ord} needs at least one element, got shape {list(x.shape)}")
        return x.abs().amax(dims, keepdim) if ord > 0 else x.abs().amin(dims, keepdim)
    if ord == 0:
        return x.sign().abs().sum(dims, keepdim)
    total = (x.abs() ** ord).sum(dims, keepdim)
    zero = total._of(np.asarray(total.array == 0))
    return where(zero, total * 0.0, where(zero, total * 0.0 + 1.0, total) ** (1.0 / ord))
