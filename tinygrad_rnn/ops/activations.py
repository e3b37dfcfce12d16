"""The nonlinearities that have a rule of their own; the others are compositions (nn/functional/activation.py)."""

from __future__ import annotations

import math

import numpy as np

from .._mode import thread
from .choosing import plain, select, tied
from .elementwise import Erf, Exp
from .function import Function, call
from .shape import sum_along

# arrays, which NumPy takes faster than Python numbers
_HALF = {kind: np.array(0.5, kind) for kind in "fd"}
_ONE = {kind: np.array(1, kind) for kind in "fd"}
_LARGE = {kind: np.array(limit, kind) for kind, limit in (("f", 88), ("d", 709))}  # e^limit is finite


class Tanh(Function):
    """y = tanh x          dL/dx = dL/dy · (1 - y²)"""

    widens = True
    promotes = "float"
    saves = ("out",)

    forward = np.tanh

    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g - g * y * y


class Sigmoid(Function):
    """y = 1 / (1 + e⁻ˣ)          dL/dx = dL/dy · y (1 - y)"""

    widens = True
    promotes = "float"
    saves = ("out",)

    def forward(ctx, x):
        y = np.exp(np.minimum(x, _LARGE[x.dtype.char]))  # eˣ / (1 + eˣ): accurate for very negative x too
        y /= y + _ONE[x.dtype.char]
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
        return tied(select(plain(y) <= 0, 0.0, g), y)


def moderate(x: np.ndarray) -> bool:
    """Do all numbers lie within ±40, as scores mostly do? To see this takes a tenth of the time of finding and
    subtracting the maximum of each row."""
    return bool(x.max(initial=0) < 40 and x.min(initial=0) > -40)  # no if there is a NaN


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

    widens = True
    saves = ("out",)

    def forward(ctx, x, dim):
        ctx.dim = dim
        y, _ = powers(x, dim)
        y /= sum_along(y, dim)
        return y

    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return call(SoftmaxGradient, g, y, dim=ctx.dim)


class SoftmaxGradient(Function):
    """z = y (g - Σ_j g_j y_j) along `dim`, what softmax y sends back for g

    With s(a) = Σ_j a_j y_j:     dL/dg = y (h - s(h)),   dL/dy = h (g - s(g)) - g s(h),   where h = dL/dz
    """

    widens = True
    saves = ("g", "y")

    def forward(ctx, g, y, dim):
        ctx.dim = dim
        z = g * y
        np.subtract(g, sum_along(z, dim), out=z)
        z *= y
        return z

    def backward(ctx, h):
        g, y = ctx.saved_tensors
        dim = ctx.dim
        along_h = (h * y).sum(dim, keepdims=True)
        return y * (h - along_h), h * (g - (g * y).sum(dim, keepdims=True)) - g * along_h


class LogSoftmax(Function):
    """y_k = x_k - ln Σ_j e^(x_j) along `dim`          dL/dx = dL/dy - e^y Σ_j dL/dy_j"""

    widens = True
    saves = ("out",)

    def forward(ctx, x, dim):
        ctx.dim = dim
        shifted = np.subtract(x, x.max(dim, keepdims=True), order="C")
        shifted -= np.log(sum_along(np.exp(shifted), dim))
        return shifted

    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g - call(Exp, y) * g.sum(ctx.dim, keepdims=True)


def _slopes(x, below):
    """1 where x > 0, else `below`: factors, since NumPy multiplies faster than it chooses."""
    y = (x > 0).astype(x.dtype)
    y *= 1 - below
    y += below
    return y


class LeakyReLU(Function):
    """y = x where x > 0, else slope · x          dL/dx = dL/dy, times slope where x ≤ 0"""

    widens = True
    saves = ("x",)

    def forward(ctx, x, slope):
        ctx.slope = slope
        return x * _slopes(x, slope)

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return tied(g * _slopes(plain(x), ctx.slope), x)


class ELU(Function):
    """y = x where x > 0, else α (eˣ - 1)          dL/dx = dL/dy, times α eˣ where x ≤ 0"""

    widens = True
    saves = ("x",)

    def forward(ctx, x, alpha):
        ctx.alpha = alpha
        below = np.minimum(x, 0)
        y = np.tanh(below * _HALF[x.dtype.char])  # e^x - 1 = tanh(x/2) (e^x + 1), exact near 0 and faster than expm1
        y *= np.exp(below) + 1
        y *= alpha
        y += np.maximum(x, 0)
        return y

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        # recorded, the slope at 0 has no slope
        below = np.minimum(x, 0) if thread.mode.lift is None else select(plain(x) < 0, x, 0.0)
        return g * call(Exp, below) * _slopes(plain(x), ctx.alpha)


class SiLU(Function):
    """y = x σ(x)          dL/dx = dL/dy · s (1 + x (1 - s)),   s = σ(x)"""

    widens = True
    saves = ("x",)

    def forward(ctx, x):
        y = Sigmoid().forward(x)
        y *= x
        return y

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = call(Sigmoid, x)
        return g * (s * (1 + x * (1 - s)))


class GELU(Function):
    """y = x Φ(x), Φ the normal distribution function          dL/dx = dL/dy (Φ(x) + x e^(-x²/2) / √(2π))"""

    widens = True
    saves = ("x",)

    def forward(ctx, x):
        ctx.cdf = _normal_cdf(x)
        return x * ctx.cdf

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        cdf = ctx.cdf if thread.mode.lift is None else _normal_cdf(x)
        density = call(Exp, x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
        return g * (cdf + x * density)


def _normal_cdf(x):
    return (call(Erf, x * math.sqrt(0.5)) + 1) * 0.5


class TanhGELU(Function):
    """y = x/2 (1 + t),   t = tanh(√(2/π) (x + 0.044715 x³)): GELU without erf (Hendrycks & Gimpel 2016)

    dL/dx = dL/dy · ½ (1 + t + x (1 - t²) √(2/π) (1 + 3 · 0.044715 x²))
    """

    widens = True
    saves = ("x",)

    def forward(ctx, x):
        y = _gelu_tanh(x)
        y += 1
        y *= x
        y *= _HALF[x.dtype.char]
        return y

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        t = _gelu_tanh(x)
        slope = (x * x * (3 * 0.044715) + 1) * math.sqrt(2 / math.pi)
        return g * ((1 + t + x * (1 - t * t) * slope) * 0.5)


def _gelu_tanh(x):
    return call(Tanh, (x * x * 0.044715 + 1) * x * math.sqrt(2 / math.pi))


class Softplus(Function):
    """y = ln(1 + e^(βx)) / β, and x where βx > threshold          dL/dx = dL/dy · σ(βx), or dL/dy there"""

    widens = True
    saves = ("x",)

    def forward(ctx, x, beta, threshold):
        ctx.beta, ctx.threshold = beta, threshold
        scaled = x * beta
        e = np.exp(-np.abs(scaled))
        rounded = 1 + e  # ln(1 + e), with what rounding 1 + e lost put back: faster than log1p
        y = np.asarray(np.log(rounded) + (e - (rounded - 1)) / rounded)  # of 0-d arrays NumPy makes plain numbers
        y += np.maximum(scaled, 0)
        y /= beta
        np.copyto(y, x, where=scaled > threshold)
        return y

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        scaled = x * ctx.beta
        sent, above = g * call(Sigmoid, scaled), plain(scaled) > ctx.threshold
        return select(above, g, sent) if above.any() else sent


class Hardtanh(Function):
    """y = x held between `low` and `high`          dL/dx = 0 where x ≤ low or x ≥ high, else dL/dy"""

    saves = ("x",)

    def forward(ctx, x, low, high):
        ctx.low, ctx.high = low, high
        return np.clip(x, low, high)

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return tied(select((plain(x) <= ctx.low) | (plain(x) >= ctx.high), 0.0, g), x)
