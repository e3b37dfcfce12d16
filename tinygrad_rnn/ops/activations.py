"""The nonlinearities."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .._mode import thread
from ..kernels.choice import full, passes
from ..recording import record_one, record_op
from .checks import is_tensor, need_float, need_numbers, need_tensor
from .choosing import plain, select, tied
from .erf import SINGLE
from .function import Array, Function, Recorded, Saves, Value, call
from .inplace import in_place, write
from .powers import Exp
from .special import Erf
from .words import again

if TYPE_CHECKING:
    from .._tensor import Tensor

_HALF, _ONE = ({kind: np.array(number, kind) for kind in "fd"} for number in (0.5, 1))
_ERF = np.array(SINGLE, np.float32)
_LARGE = {kind: np.array(limit, kind) for kind, limit in (("f", 88), ("d", 709))}  # e^limit is finite


class Tanh(Function):
    """y = tanh x          dL/dx = dL/dy · (1 - y²)"""

    widens = "always"
    promotes = "float"
    saves: Saves = ("out",)

    forward: Any = np.tanh

    def backward(ctx, g: Value) -> Value:
        (y,) = ctx.saved_tensors
        return call(TanhGradient, g, y)


class TanhGradient(Function):
    """z = g (1 - y²), what tanh sends back          dL/dg = dL/dz (1 - y²),   dL/dy = -2 dL/dz · g y"""

    saves: Saves = ("g", "y")

    def forward(ctx, g: Array, y: Array) -> Array:
        return g - g * y * y

    def backward(ctx, h: Value) -> Value:
        g, y = ctx.saved_tensors
        return call(TanhGradient, h, y), h * g * y * -2


class Sigmoid(Function):
    """y = 1 / (1 + e⁻ˣ)          dL/dx = dL/dy · y (1 - y)"""

    widens = "always"
    promotes = "float"
    saves: Saves = ("out",)

    def forward(ctx, x: Array) -> Array:
        y = np.exp(np.minimum(x, _LARGE[x.dtype.char]))  # eˣ / (1 + eˣ): accurate for very negative x too
        y /= y + _ONE[x.dtype.char]
        return y

    def backward(ctx, g: Value) -> Value:
        (y,) = ctx.saved_tensors
        return call(SigmoidGradient, g, y)


class SigmoidGradient(Function):
    """z = g y (1 - y), what σ sends back          dL/dg = dL/dz · y (1 - y),   dL/dy = dL/dz · g (1 - 2y)"""

    saves: Saves = ("g", "y")

    def forward(ctx, g: Array, y: Array) -> Array:
        return g * (y - y * y)

    def backward(ctx, h: Value) -> Value:
        g, y = ctx.saved_tensors
        return call(SigmoidGradient, h, y), h * (g - g * y * 2)


class ReLU(Function):
    """y = max(x, 0)          dL/dx = dL/dy where y > 0, else 0   (0 at 0)"""

    saves: Saves = ("out",)

    def forward(ctx, x: Array) -> Array:
        return np.maximum(x, 0)

    def backward(ctx, g: Value) -> Value:
        (y,) = ctx.saved_tensors
        return tied(select(plain(y) <= 0, 0.0, g), y)


def _slopes(x, below):
    """1 where x > 0, else `below`: factors, since NumPy multiplies faster than it chooses."""
    y = (x > 0).astype(x.dtype)
    y *= 1 - below
    y += below
    return y


class LeakyReLU(Function):
    """y = x where x > 0, else slope · x          dL/dx = dL/dy, times slope where x ≤ 0"""

    widens = "always"
    saves: Saves = ("x",)

    def forward(ctx, x: Array, slope: Any) -> Array:
        ctx.slope = slope
        return x * _slopes(x, slope)

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        return tied(g * _slopes(plain(x), ctx.slope), x)


class ELU(Function):
    """y = x where x > 0, else α (eˣ - 1)          dL/dx = dL/dy, times α eˣ where x ≤ 0"""

    widens = "always"
    saves: Saves = ("x",)

    def forward(ctx, x: Array, alpha: Any) -> Array:
        ctx.alpha = alpha
        below = np.minimum(x, 0)
        y = np.tanh(below * _HALF[x.dtype.char])  # e^x - 1 = tanh(x/2) (e^x + 1), exact near 0 and faster than expm1
        y *= np.exp(below) + 1
        y *= alpha
        y += np.maximum(x, 0)
        return y

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        below = np.minimum(x, 0) if thread.mode.lift is None else select(plain(x) < 0, x, 0.0)  # recorded: 0 at 0
        return g * call(Exp, below) * _slopes(plain(x), ctx.alpha)


class SiLU(Function):
    """y = x σ(x)          dL/dx = dL/dy · s (1 + x (1 - s)),   s = σ(x)"""

    widens = "always"
    saves: Saves = ("x",)

    def forward(ctx, x: Array) -> Array:
        y = Sigmoid().forward(x)
        y *= x
        return y

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        s = call(Sigmoid, x)
        return g * (s * (1 + x * (1 - s)))


class GELU(Function):
    """y = x Φ(x), Φ the normal distribution function          dL/dx = dL/dy (Φ(x) + x e^(-x²/2) / √(2π))"""

    widens = "always"
    saves: Saves = ("x",)
    cdf: Any

    def forward(ctx, x: Array) -> Array:
        if twin := passes("gelu", x):
            ctx.cdf, y = np.empty_like(x), np.empty_like(x)
            twin.gelu(x.reshape(-1), _ERF, ctx.cdf.reshape(-1), y.reshape(-1))
            return y
        ctx.cdf = _normal_cdf(x)
        return x * ctx.cdf

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        if thread.mode.lift is None and g.shape == x.shape and (twin := passes("gelu", x, g)):
            twin.gelu_back(full(g).reshape(-1), x.reshape(-1), ctx.cdf.reshape(-1), (d := np.empty_like(x)).reshape(-1))
            return d
        cdf = ctx.cdf if thread.mode.lift is None else _normal_cdf(x)
        return g * (cdf + x * call(Exp, x * x * -0.5) * (1 / math.sqrt(2 * math.pi)))


def _normal_cdf(x):
    return (call(Erf, x * math.sqrt(0.5)) + 1) * 0.5


class TanhGELU(Function):
    """y = x/2 (1 + t),   t = tanh(√(2/π) (x + 0.044715 x³)): GELU without erf (Hendrycks & Gimpel 2016)

    dL/dx = dL/dy · ½ (1 + t + x (1 - t²) √(2/π) (1 + 3 · 0.044715 x²))
    """

    widens = "always"
    saves: Saves = ("x",)

    def forward(ctx, x: Array) -> Array:
        if twin := passes("tanh_gelu", x):
            twin.tanh_gelu(x.reshape(-1), (y := np.empty_like(x)).reshape(-1))
            return y
        y = _gelu_tanh(x)
        y += 1
        y *= x
        y *= _HALF[x.dtype.char]
        return y

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        if thread.mode.lift is None and g.shape == x.shape and (twin := passes("tanh_gelu", x, g)):
            twin.tanh_gelu_back(full(g).reshape(-1), x.reshape(-1), (d := np.empty_like(x)).reshape(-1))
            return d
        t = _gelu_tanh(x)
        slope = (x * x * (3 * 0.044715) + 1) * math.sqrt(2 / math.pi)
        return g * ((1 + t + x * (1 - t * t) * slope) * 0.5)


def _gelu_tanh(x):
    return call(Tanh, (x * x * 0.044715 + 1) * x * math.sqrt(2 / math.pi))


class Softplus(Function):
    """y = ln(1 + e^(βx)) / β, and x where βx > threshold          dL/dx = dL/dy · σ(βx), or dL/dy there"""

    widens = "always"
    saves: Saves = ("x",)
    beta: Any
    threshold: Any

    def forward(ctx, x: Array, beta: Any, threshold: Any) -> Array:
        ctx.beta, ctx.threshold = beta, threshold
        scaled = x * beta
        e = np.exp(-np.abs(scaled))
        rounded = 1 + e  # ln(1 + e), with what rounding 1 + e lost put back: faster than log1p
        y = np.asarray(np.log(rounded) + (e - (rounded - 1)) / rounded)  # of 0-d arrays NumPy makes plain numbers
        y += np.maximum(scaled, 0)
        y /= beta
        np.copyto(y, x, where=scaled > threshold)
        return y

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        scaled = x * ctx.beta
        sent, above = g * call(Sigmoid, scaled), plain(scaled) > ctx.threshold
        return select(above, g, sent) if above.any() else sent


class Hardtanh(Function):
    """y = x held between `low` and `high`          dL/dx = 0 where x ≤ low or x ≥ high, else dL/dy"""

    saves: Saves = ("x",)
    low: Any
    high: Any

    def forward(ctx, x: Array, low: Any, high: Any) -> Array:
        ctx.low, ctx.high = low, high
        return np.clip(x, low, high)

    def backward(ctx, g: Value) -> Value:
        (x,) = ctx.saved_tensors
        return tied(select((plain(x) <= ctx.low) | (plain(x) >= ctx.high), 0.0, g), x)


class Activations(Recorded):
    """Tensor's nonlinearities."""

    __slots__ = ()

    def sigmoid(input: Tensor, **other: Any) -> Tensor:
        """1 / (1 + e^-input)."""
        if other:
            return again(Activations.sigmoid, other, input)  # type: ignore
        return record_one(Sigmoid, input)

    sigmoid_: Final = in_place(sigmoid)

    def tanh(input: Tensor, **other: Any) -> Tensor:
        """The hyperbolic tangent."""
        if other:
            return again(Activations.tanh, other, input)  # type: ignore
        return record_one(Tanh, input)

    tanh_: Final = in_place(tanh)

    def relu(input: Tensor) -> Tensor:
        """max(input, 0); the derivative at 0 is 0."""
        if is_tensor(input) and input.array.dtype.kind == "b":
            raise RuntimeError("relu(): bool inputs are not supported; convert with .int()")
        return record_one(ReLU, input)

    relu_: Final = in_place(relu)


def _elementwise(name: str, op: type[Function], input: Tensor, **options: float) -> Tensor:
    need_float(name, input)
    return record_op(op, input, **options)


def _into(input: Tensor, result: Tensor, inplace: bool) -> Tensor:
    return write(input, result) if inplace else result


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0)."""
    need_tensor("relu", input)
    return input.relu_() if inplace else input.relu()


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where x > 0, else negative_slope · x."""
    return _into(input, _elementwise("leaky_relu", LeakyReLU, input, slope=negative_slope), inplace)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else alpha (eˣ - 1) (Clevert et al. 2016)."""
    return _into(input, _elementwise("elu", ELU, input, alpha=alpha), inplace)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x Φ(x), Φ the distribution function of the normal distribution; approximate "tanh" leaves erf out."""
    if op := {"none": GELU, "tanh": TanhGELU}.get(approximate):
        return _elementwise("gelu", op, input)
    raise RuntimeError(f"gelu(): approximate must be 'none' or 'tanh', got {approximate!r}")


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x σ(x), also called swish."""
    return _into(input, _elementwise("silu", SiLU, input), inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """ln(1 + e^(beta x)) / beta, a smooth relu; x itself where beta x > threshold."""
    return _elementwise("softplus", Softplus, input, beta=beta, threshold=threshold)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x held between min_val and max_val; no gradient at the bounds."""
    if min_val > max_val:
        raise ValueError(f"hardtanh(): min_val {min_val} is greater than max_val {max_val}")
    need_numbers("hardtanh", input)
    if input.array.dtype.kind != "f":
        min_val, max_val = int(min_val), int(max_val)  # integers stay integers
        if min_val < 0 and input.dtype == np.uint8:
            raise RuntimeError(f"hardtanh(): the bound {min_val} is negative and the input unsigned ({input.dtype})")
    return _into(input, record_op(Hardtanh, input, low=min_val, high=max_val), inplace)


elu_: Final = in_place(elu)
leaky_relu_: Final = in_place(leaky_relu)
hardtanh_: Final = in_place(hardtanh)
