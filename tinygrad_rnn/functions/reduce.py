"""Sums, means, extremes and norms, over all elements or along axes."""

from __future__ import annotations

import builtins
import math
from typing import Any, NamedTuple

import numpy as np

from .. import dtypes
from ..ops import reduce as ops
from ..recording import record
from .arguments import is_tensor, need_float, need_numbers, need_tensor, one_keepdim, wrap_dim, wrap_dims
from .choosing import maximum, minimum, where
from .elementwise import log, sqrt
from .widening import widening


class MaxMin(NamedTuple):
    """What `max`, `min`, `sort` and `topk` along a dim return."""

    values: Any
    indices: Any

    def __repr__(self) -> str:
        return f"MaxMin(\nvalues={self.values!r},\nindices={self.indices!r})"


def sum(input, dim=None, keepdim=False, *, dtype=None, keepdims=None):
    """The sum over `dim` (all axes when None). Integers and bools add up as int64."""
    input = _addable("sum", input, dtype)
    dims = wrap_dims("sum", dim, input.array.ndim)
    return record(ops.Sum, input, dims=dims, keepdim=one_keepdim(keepdim, keepdims))


def _addable(name, input, dtype):
    """`input` as `dtype`, or integers and bools as int64, so that sums do not overflow."""
    need_tensor(name, input)
    if dtype is not None:
        return input.to(dtype)
    return input if input.dtype.kind == "f" else input.to(dtypes.int64)


def mean(input, dim=None, keepdim=False, *, dtype=None, keepdims=None):
    """The mean over `dim` (all axes when None)."""
    if dtype is not None:
        input = input.to(dtype)
    need_float("mean", input, error=RuntimeError)
    dims = wrap_dims("mean", dim, input.array.ndim)
    return record(ops.Mean, input, dims=dims, keepdim=one_keepdim(keepdim, keepdims))


def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None, keepdims=None):
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
    n = builtins.max(n - correction, 0)
    return record(ops.Variance, input, dims=dims, keepdim=one_keepdim(keepdim, keepdims), n=n)


@widening
def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None, keepdims=None):
    """The standard deviation over `dim`: the root of `var`, with derivative 0 where it is 0."""
    variance = var(input, dim, unbiased, keepdim, correction=correction, keepdims=keepdims)
    return _root(variance)


def _root(squares):
    """√squares, with derivative 0 (not infinite) where it is 0."""
    zero = squares.array == 0
    if not zero.any():
        return sqrt(squares)
    mask = squares._of(np.asarray(zero))
    return where(mask, squares * 0.0, sqrt(where(mask, squares * 0.0 + 1.0, squares)))


def var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """(variance, mean) over `dim`."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    return var(input, dim, unbiased, keepdim, correction=correction), mean(input, dim, keepdim)


def _nonempty(name, input, dim):
    """Raise if there is nothing to choose from along `dim`; PyTorch's type depends on whether `dim` was given."""
    dims = wrap_dims(name, dim, input.array.ndim)
    if input.array.size == 0 and (not dims or not math.prod(input.array.shape[d] for d in dims)):
        kind = RuntimeError if dim is None or dim == () else IndexError
        raise kind(f"{name}(): cannot take the {name} of no elements (shape {tuple(input.shape)})")
    return dims


def amax(input, dim=(), keepdim=False, *, keepdims=None):
    """The largest element over `dim`; ties share the gradient evenly."""
    dims = _nonempty("amax", input, dim)
    return record(ops.Extreme, input, dims=dims, keepdim=one_keepdim(keepdim, keepdims), largest=True)


def amin(input, dim=(), keepdim=False, *, keepdims=None):
    """The smallest element over `dim`; ties share the gradient evenly."""
    dims = _nonempty("amin", input, dim)
    return record(ops.Extreme, input, dims=dims, keepdim=one_keepdim(keepdim, keepdims), largest=False)


def max(input, dim=None, keepdim=False, *, other=None, keepdims=None):
    """The largest element; along `dim` (values, indices); or element by element with another tensor."""
    return _extreme("max", maximum, amax, np.argmax, input, dim if other is None else other, keepdim, keepdims)


def min(input, dim=None, keepdim=False, *, other=None, keepdims=None):
    """The smallest element; along `dim` (values, indices); or element by element with another tensor."""
    return _extreme("min", minimum, amin, np.argmin, input, dim if other is None else other, keepdim, keepdims)


def _extreme(name, binary, whole, arg, input, dim, keepdim, keepdims):
    need_tensor(name, input)
    if is_tensor(dim):
        return binary(input, dim)
    if dim is None:
        return whole(input)
    dim = wrap_dim(name, dim, input.array.ndim)
    if input.array.ndim == 0:
        return MaxMin(input.clone(), input._of(np.zeros((), np.int64)))
    _nonempty(name, input, dim)
    indices = input._of(np.expand_dims(arg(input.array, axis=dim), dim).astype(np.int64))
    values = input.gather(dim, indices)
    if not one_keepdim(keepdim, keepdims):
        values, indices = values.squeeze(dim), indices.squeeze(dim)
    return MaxMin(values, indices)


def _arg(name, function, input, dim, keepdim):
    need_numbers(name, input)
    if dim is None:
        if input.array.size == 0:
            raise IndexError(f"{name}(): cannot take the {name} of no elements (shape {tuple(input.shape)})")
        found = np.asarray(function(input.array), dtype=np.int64)
        return input._of(found.reshape((1,) * input.array.ndim) if keepdim else found)
    dim = wrap_dim(name, dim, input.array.ndim)
    if input.array.ndim == 0:
        return input._of(np.zeros((), np.int64))
    _nonempty(name, input, dim)
    return input._of(np.asarray(function(input.array, axis=dim, keepdims=keepdim), dtype=np.int64))


def argmax(input, dim=None, keepdim=False, *, keepdims=None):
    """The index of the largest element (the first of several), of the flattened tensor when dim is None."""
    return _arg("argmax", np.argmax, input, dim, one_keepdim(keepdim, keepdims))


def argmin(input, dim=None, keepdim=False, *, keepdims=None):
    """The index of the smallest element (the first of several), of the flattened tensor when dim is None."""
    return _arg("argmin", np.argmin, input, dim, one_keepdim(keepdim, keepdims))


def prod(input, dim=None, keepdim=False, *, dtype=None):
    """The product over one axis, or of all elements."""
    input = _addable("prod", input, dtype)
    if dim is None or input.array.ndim == 0:
        return record(ops.Prod, input.reshape(-1), dim=0, keepdim=False)
    return record(ops.Prod, input, dim=wrap_dim("prod", dim, input.array.ndim), keepdim=keepdim)


@widening
def logsumexp(input, dim, keepdim=False):
    """ln Σ e^input over `dim`, without overflow."""
    dims = wrap_dims("logsumexp", dim, input.array.ndim)
    if input.dtype.kind != "f":
        input = input.float()
    top = input.array.max(dims, keepdims=True) if input.array.size else np.zeros((), input.dtype)
    top = input._of(np.where(np.isfinite(top), top, 0).astype(input.dtype))
    total = log((input - top).exp().sum(dims, True)) + top
    return total if keepdim else total.squeeze(dims)


def norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """The p-norm (Σ |x|^p)^(1/p) over `dim`; p may also be inf, -inf or 0 (count of nonzero entries)."""
    return vector_norm(input, 2 if p in ("fro", None) else p, dim, keepdim, dtype=dtype)


def vector_norm(x, ord: Any = 2, dim=None, keepdim=False, *, dtype=None):
    """The norm of the elements along `dim`, as `norm`; the derivative at 0 is 0."""
    if dtype is not None:
        x = x.to(dtype)
    need_float("norm", x)
    if isinstance(ord, str):
        raise RuntimeError(f"norm(): order {ord!r} is not supported; give a number, inf or -inf")
    return _norm_of(x, ord, wrap_dims("norm", dim, x.array.ndim), keepdim)


@widening
def _norm_of(x, ord, dims, keepdim):
    if ord == 2:
        return _root((x * x).sum(dims, keepdim))
    if ord == 1:
        return x.abs().sum(dims, keepdim)
    if ord in (math.inf, -math.inf):
        if not math.prod(x.array.shape[d] for d in dims):
            raise RuntimeError(f"norm(): order {ord} needs at least one element, got shape {list(x.shape)}")
        return (amax if ord > 0 else amin)(x.abs(), dims, keepdim)
    if ord == 0:
        return x.sign().abs().sum(dims, keepdim)
    total = (x.abs() ** ord).sum(dims, keepdim)
    zero = total._of(np.asarray(total.array == 0))
    return where(zero, total * 0.0, where(zero, total * 0.0 + 1.0, total) ** (1.0 / ord))


def cumsum(input, dim, *, dtype=None):
    """The running sum along `dim`."""
    input = _addable("cumsum", input, dtype)
    need_numbers("cumsum", input)
    dim = wrap_dim("cumsum", dim, input.array.ndim)
    return record(ops.Cumsum, input, dim=dim) if input.array.ndim else input.clone()


def cumprod(input, dim, *, dtype=None):
    """The running product along `dim`."""
    input = _addable("cumprod", input, dtype)
    need_numbers("cumprod", input)
    dim = wrap_dim("cumprod", dim, input.array.ndim)
    if input.array.ndim == 0:
        return input.clone()
    return _running_product(input, dim)


@widening
def _running_product(input, dim):
    return record(ops.ProductBefore, input, dim=dim, after=False) * input


def logcumsumexp(input, dim):
    """ln of the running sum of e^input along `dim`, without overflow."""
    need_float("logcumsumexp", input)
    dim = wrap_dim("logcumsumexp", dim, input.array.ndim)
    return record(ops.LogCumsumExp, input, dim=dim) if input.array.ndim else input.clone()
