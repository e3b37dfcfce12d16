"""More nonlinearities as modules: each keeps its options and calls the function of `nn.functional`."""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..create import full
from . import functional as F
from .activation import _InPlace
from .module import Module
from .parameter import Parameter


class SELU(_InPlace):
    """scale · elu(x, alpha), with constants that keep mean 0 and variance 1."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.selu(input, self.inplace)


class Mish(_InPlace):
    """x tanh(softplus(x))."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.mish(input, self.inplace)


class Hardswish(_InPlace):
    """x · hardsigmoid(x)."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.hardswish(input, self.inplace)


class Hardsigmoid(_InPlace):
    """(x + 3) / 6 held between 0 and 1."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.hardsigmoid(input, self.inplace)


class CELU(Module):
    """x where x > 0, else alpha (e^(x/alpha) - 1)."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False):
        super().__init__()
        self.alpha: float = alpha
        self.inplace: bool = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class Hardshrink(Module):
    """x, and 0 where |x| ≤ lambd."""

    def __init__(self, lambd: float = 0.5):
        super().__init__()
        self.lambd: float = lambd

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Hardshrink):
    """x moved towards 0 by lambd, and 0 where |x| ≤ lambd."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.softshrink(input, self.lambd)


class Tanhshrink(Module):
    """x - tanh(x)."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.tanhshrink(input)


class Softsign(Module):
    """x / (1 + |x|)."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.softsign(input)


class Softmin(Module):
    """softmax(-x) along `dim`."""

    def __init__(self, dim: int | None = None):
        super().__init__()
        self.dim: int | None = dim

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.softmin(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax2d(Module):
    """The softmax over the channels of images (B, C, H, W) or (C, H, W)."""

    def forward(self, input: Tensor) -> Tensor:
        """The same shape."""
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected 3D or 4D input, got {input.ndim}D (shape {list(input.shape)})")
        return F.softmax(input, -3)


class Threshold(Module):
    """x where x > threshold, else value."""

    def __init__(self, threshold: float, value: float, inplace: bool = False):
        super().__init__()
        self.threshold: float = threshold
        self.value: float = value
        self.inplace: bool = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}" + (", inplace=True" if self.inplace else "")


class RReLU(Module):
    """x where x > 0, else a · x, with a drawn from lower..upper while training."""

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False):
        super().__init__()
        self.lower: float = lower
        self.upper: float = upper
        self.inplace: bool = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}" + (", inplace=True" if self.inplace else "")


class PReLU(Module):
    """x where x > 0, else weight · x, with learned weights: one, or one for each channel, which start at `init`."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None):
        super().__init__()
        self.num_parameters: int = num_parameters
        self.init: float = init
        self.weight: Parameter = Parameter(full((num_parameters,), float(init), dtype=dtype, device=device))

    def reset_parameters(self) -> None:
        """All weights `init` again."""
        self.weight.data.fill_(self.init)

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, …) -> the same shape."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"
