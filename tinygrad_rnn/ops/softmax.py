"""Softmax and its logarithm."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels.choice import full, passes
from ..recording import record_op
from .basic import sum_along
from .checks import need_float, need_tensor, wrap_dim
from .function import Array, Function, Recorded, Saves, Value, call
from .powers import Exp
from .words import worded

if TYPE_CHECKING:
    from .._tensor import Tensor


def moderate(x: np.ndarray) -> bool:
    """Do all numbers lie within ±40, as scores mostly do? To see this takes a tenth of the time of finding and
    subtracting the maximum of each row."""
    return bool(x.max(initial=0) < 40 and x.min(initial=0) > -40)  # no if there is a NaN


def rows(x: np.ndarray) -> np.ndarray:
    """x (…, n) as a matrix."""
    return x.reshape(-1, x.shape[-1])


def powers(x: np.ndarray, dim: int) -> tuple[np.ndarray, np.ndarray | None]:
    """e^(x - top), and top: the largest number along `dim`, so that the powers neither overflow nor all vanish.

    Where the numbers are moderate that cannot happen to e^x either, and top is None. The powers are a new array in
    reading order, whatever that of x.
    """
    if moderate(x):
        return np.exp(x, order="C"), None
    top = x.max(dim, keepdims=True)
    y = np.subtract(x, top, order="C")
    return np.exp(y, out=y), top


class Softmax(Function):
    """y_k = e^(x_k) / Σ_j e^(x_j) along `dim`          dL/dx = y (dL/dy - Σ_j dL/dy_j · y_j)"""

    widens = "always"
    saves: Saves = ("out",)

    def forward(ctx, x: Array, dim: Any) -> Array:
        ctx.dim = dim
        twin = passes("softmax", x) if dim == x.ndim - 1 else None
        if twin:
            twin.softmax(rows(x), rows(y := np.empty_like(x)), False)
            return y
        y, _ = powers(x, dim)
        y /= sum_along(y, dim)
        return y

    def backward(ctx, g: Value) -> Value:
        (y,) = ctx.saved_tensors
        return call(SoftmaxGradient, g, y, dim=ctx.dim)


class SoftmaxGradient(Function):
    """z = y (g - Σ_j g_j y_j) along `dim`, what softmax y sends back for g

    With s(a) = Σ_j a_j y_j:     dL/dg = y (h - s(h)),   dL/dy = h (g - s(g)) - g s(h),   where h = dL/dz
    """

    widens = "always"
    saves: Saves = ("g", "y")

    def forward(ctx, g: Array, y: Array, dim: Any) -> Array:
        ctx.dim = dim
        twin = passes("softmax", y, g) if dim in (-1, y.ndim - 1) and g.shape == y.shape else None
        if twin:
            twin.softmax_back(rows(full(g)), rows(y), rows(z := np.empty_like(y)))
            return z
        z = g * y
        np.subtract(g, sum_along(z, dim), out=z)
        z *= y
        return z

    def backward(ctx, h: Value) -> Value:
        g, y = ctx.saved_tensors
        dim = ctx.dim
        along_h = (h * y).sum(dim, keepdims=True)
        return y * (h - along_h), h * (g - (g * y).sum(dim, keepdims=True)) - g * along_h


class LogSoftmax(Function):
    """y_k = x_k - ln Σ_j e^(x_j) along `dim`          dL/dx = dL/dy - e^y Σ_j dL/dy_j"""

    widens = "always"
    saves: Saves = ("out",)

    def forward(ctx, x: Array, dim: Any) -> Array:
        ctx.dim = dim
        shifted = np.subtract(x, x.max(dim, keepdims=True), order="C")
        shifted -= np.log(sum_along(np.exp(shifted), dim))
        return shifted

    def backward(ctx, g: Value) -> Value:
        (y,) = ctx.saved_tensors
        return g - call(Exp, y) * g.sum(ctx.dim, keepdims=True)


class Softmaxes(Recorded):
    """Tensor's softmax and its logarithm."""

    __slots__ = ()

    @worded
    def softmax(input: Tensor, dim: Any = None, dtype: Any = None) -> Tensor:
        """e^input / Σ e^input along `dim`: positive, adding up to 1.

        Without `dim`, a warning and PyTorch's old choice: 0 for 0-, 1- and 3-d inputs, else 1.
        """
        return _along("softmax", Softmax, input, dim, dtype)

    @worded
    def log_softmax(input: Tensor, dim: Any = None, dtype: Any = None) -> Tensor:
        """ln softmax(input) along `dim`, exact where softmax would round to 0 or 1. Without `dim`, see `softmax`."""
        return _along("log_softmax", LogSoftmax, input, dim, dtype)


def _along(name, op, input, dim, dtype):
    need_tensor(name, input)
    if dtype is not None:
        input = input.to(dtype)
    need_float(name, input)
    ndim = input.array.ndim
    if dim is None:
        dim = 0 if ndim in (0, 1, 3) else 1
        warnings.warn(f"{name}(): no dim given for an input of {ndim} dimensions, taking dim={dim}", stacklevel=3)
    dim = wrap_dim(name, dim, ndim)
    if input.array.size == 0:
        return input.clone()
    if ndim == 0:
        return record_op(op, input.reshape(1), dim=0).reshape(())
    return record_op(op, input, dim=dim)
