"""Nonlinearities as modules: each keeps its options and calls the function of `nn.functional`."""

from __future__ import annotations

from .._tensor import Tensor
from . import functional as F
from .module import Module


class _InPlace(Module):
    """A nonlinearity that may overwrite its input."""

    _shown_if_set = ("inplace",)

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace: bool = inplace


class Sigmoid(Module):
    """1 / (1 + e⁻ˣ)."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.sigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.tanh(input)


class ReLU(_InPlace):
    """max(x, 0)."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.relu(input, self.inplace)


class LeakyReLU(_InPlace):
    """x where x > 0, else negative_slope · x."""

    _shown = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False):
        super().__init__(inplace)
        self.negative_slope: float = negative_slope

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)


class ELU(_InPlace):
    """x where x > 0, else alpha (eˣ - 1)."""

    _shown = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False):
        super().__init__(inplace)
        self.alpha: float = alpha

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.elu(input, self.alpha, self.inplace)


class GELU(Module):
    """x Φ(x), Φ the normal distribution function; approximate="tanh" leaves erf out."""

    _shown = ("approximate",)

    def __init__(self, approximate: str = "none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.gelu(input, self.approximate)


class SiLU(_InPlace):
    """x σ(x)."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.silu(input, self.inplace)


class Softplus(Module):
    """ln(1 + e^(beta x)) / beta, and x where beta x > threshold."""

    _shown = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0):
        super().__init__()
        self.beta: float = beta
        self.threshold: float = threshold

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.softplus(input, self.beta, self.threshold)


class Hardtanh(_InPlace):
    """x held between min_val and max_val."""

    _shown = ("min_val", "max_val")

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False):
        super().__init__(inplace)
        if min_val >= max_val:
            raise AssertionError(f"Hardtanh: max_val {max_val} must be larger than min_val {min_val}")
        self.min_val: float = min_val
        self.max_val: float = max_val

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)


class ReLU6(_InPlace):
    """x held between 0 and 6."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.relu6(input, self.inplace)


class LogSigmoid(Module):
    """ln σ(x)."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.logsigmoid(input)


class GLU(Module):
    """a σ(b), where a and b are the halves of the input along `dim`."""

    _shown = ("dim",)

    def __init__(self, dim: int = -1):
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """(…, 2 n, …) -> (…, n, …)."""
        return F.glu(input, self.dim)


class Softmax(Module):
    """e^x / Σ e^x along `dim`."""

    _shown = ("dim",)

    def __init__(self, dim: int | None = None):
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.softmax(input, self.dim)


class LogSoftmax(Module):
    """ln softmax(x) along `dim`."""

    _shown = ("dim",)

    def __init__(self, dim: int | None = None):
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.log_softmax(input, self.dim)
