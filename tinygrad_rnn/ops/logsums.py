"""Sums of numbers that are given by their logarithms, without overflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import result_type
from ..recording import record_op
from .activations import Sigmoid
from .basic import in_order
from .checks import need_float, need_tensor, wrap_dim, wrap_dims
from .choosing import select
from .cumulative import running
from .function import Array, Function, Recorded, Saves, Value, call
from .joining import Cat
from .powers import Exp
from .widening import widening
from .words import worded

if TYPE_CHECKING:
    from .._tensor import Tensor


class LogAddExp(Function):
    """z = ln(eˣ + eʸ)          dL/dx = dL/dz · σ(x - y),   dL/dy = dL/dz · σ(y - x)"""

    widens = "always"
    promotes = "common"
    saves: Saves = ("x", "y")

    forward: Any = np.logaddexp

    def backward(ctx, g: Value) -> Value:
        x, y = ctx.saved_tensors
        return g * call(Sigmoid, x - y), g * call(Sigmoid, y - x)


class LogCumsumExp(Function):
    """y_k = ln Σ_{j≤k} e^(x_j) along `dim`          dL/dx_j = Σ_{k≥j} dL/dy_k e^(x_j - y_k)"""

    widens = "always"
    saves: Saves = ("x", "out")

    def forward(ctx, x: Array, dim: Any) -> Array:
        ctx.dim = dim
        return in_order(running(np.logaddexp, x, dim))

    def backward(ctx, g: Value) -> Value:
        x, y = ctx.saved_tensors
        n = x.shape[ctx.dim]
        if n == 0:
            return g
        at = np.arange(n).reshape([n if d == ctx.dim else 1 for d in range(x.ndim)])
        pieces = []
        for j in range(n):
            here = (*[slice(None)] * ctx.dim, slice(j, j + 1))
            reached = select(at >= j, x[here] - y, -np.inf)  # e^-inf = 0: later steps only
            pieces.append((g * call(Exp, reached)).sum(ctx.dim, keepdims=True))
        return call(Cat, *pieces, dim=ctx.dim)


class LogSums(Recorded):
    """Tensor's sums in logarithms."""

    __slots__ = ()

    def logaddexp(input: Tensor, other: Any) -> Tensor:
        """ln(e^input + e^other) without overflow."""
        need_tensor("logaddexp", input)
        need_tensor("logaddexp", other, "other")
        common = result_type(input.array, other.array)
        if common.kind != "f":
            raise NotImplementedError(f"logaddexp(): not implemented for {common}; convert with .float()")
        return record_op(LogAddExp, input, other)

    @worded
    @widening
    def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
        """ln Σ e^input over `dim`, without overflow."""
        need_tensor("logsumexp", input)
        dims = wrap_dims("logsumexp", dim, input.array.ndim)
        if input.dtype.kind != "f":
            input = input.float()
        top = input.array.max(dims, keepdims=True) if input.array.size else np.zeros((), input.dtype)
        top = input._of(np.where(np.isfinite(top), top, 0).astype(input.dtype))
        total = (input - top).exp().sum(dims, True).log() + top
        return total if keepdim else total.squeeze(dims)

    @worded
    def logcumsumexp(input: Tensor, dim: Any) -> Tensor:
        """ln of the running sum of e^input along `dim`, without overflow."""
        need_float("logcumsumexp", input)
        dim = wrap_dim("logcumsumexp", dim, input.array.ndim)
        return record_op(LogCumsumExp, input, dim=dim) if input.array.ndim else input.clone()
