"""Dropout as modules: active while training, passing everything through after `eval()`."""

from __future__ import annotations

from .._tensor import Tensor
from ..ops.dropout import check_probability
from . import functional as F
from .module import Module


class Dropout(Module):
    """Each number is 0 with probability p and divided by 1 - p otherwise, while training."""

    _shown = ("p", "inplace")

    _drop = staticmethod(F.dropout)

    def __init__(self, p: float = 0.5, inplace: bool = False):
        super().__init__()
        check_probability(type(self).__name__, p)
        self.p: float = p
        self.inplace: bool = inplace

    def forward(self, input: Tensor) -> Tensor:
        """An input of any shape (Dropout1d, Dropout2d: with a channel axis) -> the same shape."""
        return self._drop(input, self.p, self.training, self.inplace)


class AlphaDropout(Dropout):
    """Dropout that keeps mean 0 and variance 1, behind SELU (Klambauer et al. 2017)."""

    _drop = staticmethod(F.alpha_dropout)


class Dropout1d(Dropout):
    """Whole channels of (B, C, L) or (C, L) are 0 with probability p."""

    _drop = staticmethod(F.dropout1d)


class Dropout2d(Dropout):
    """Whole channels of (B, C, H, W) are 0 with probability p."""

    _drop = staticmethod(F.dropout2d)
