"""The nonlinearities that have a rule of their own; the others are compositions (functions/activations.py)."""

from __future__ import annotations

import numpy as np

from .choosing import plain, select
from .elementwise import Exp
from .function import Function, call


# arrays, which NumPy takes faster than Python numbers
_HALF = {kind: np.array(0.5, kind) for kind in "efd"}


class Tanh(Function):
    """y = tanh x          dL/dx = dL/dy · (1 - y²)"""

    promotes = "float"
    saves = ("out",)

    def forward(ctx, x):
        return np.tanh(x)

    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g - g * y * y


class Sigmoid(Function):
    """y = 1 / (1 + e⁻ˣ)          dL/dx = dL/dy · y (1 - y)"""

    promotes = "float"
    saves = ("out",)

    def forward(ctx, x):
        half = _HALF[x.dtype.char]
        y = np.tanh(x * half)  # through tanh: e⁻ˣ would overflow for large negative x
        y *= half
        y += half
        return y

    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * (y - y * y)


class ReLU(Function):
    """y = max(x, 0)          dL/dx = dL/dy where y > 0, else 0   (0 at 0)"""

    saves = ("out",)

    def forward(ctx, x):
        return np.maximum(x, 0)

    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return select(plain(y) <= 0, 0.0, g)


class Softmax(Function):
    """y_k = e^(x_k) / Σ_j e^(x_j) along `dim`          dL/dx = y (dL/dy - Σ_j dL/dy_j · y_j)"""

    saves = ("out",)

    def forward(ctx, x, dim):
        ctx.dim = dim
        e = np.exp(x - x.max(dim, keepdims=True))  # the largest exponent is 0: no overflow
        e /= e.sum(dim, keepdims=True)
        return e

    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        weighted = g * y
        return weighted - y * weighted.sum(ctx.dim, keepdims=True)


class LogSoftmax(Function):
    """y_k = x_k - ln Σ_j e^(x_j) along `dim`          dL/dx = dL/dy - e^y Σ_j dL/dy_j"""

    saves = ("out",)

    def forward(ctx, x, dim):
        ctx.dim = dim
        shifted = x - x.max(dim, keepdims=True)
        shifted -= np.log(np.exp(shifted).sum(dim, keepdims=True))
        return shifted

    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g - call(Exp, y) * g.sum(ctx.dim, keepdims=True)
