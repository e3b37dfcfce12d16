"""Where in the sequence: attention does not see order, so positions are added to its input."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._tensor import Tensor
from ..create import empty
from ..nn import init
from ..nn.module import Module
from ..nn.parameter import Parameter
from ..nn.recurrent.cells import check_sizes
from ..ops.checks import need_tensor


class SinusoidalEncoding(Module):
    """x_p + PE(p), waves of falling frequency (Vaswani et al. 2017, section 3.5):

        PE(p)[2i] = sin(p / base^(2i/E))        PE(p)[2i+1] = cos(p / base^(2i/E))

    Moving by k steps rotates each pair (sin, cos) by a fixed angle, whatever p: distances are easy to see. There is
    nothing to learn and no longest sequence.
    """

    def __init__(self, features: int, base: float = 10000.0):
        super().__init__()
        check_sizes("SinusoidalEncoding", features=features)
        if not base > 1:
            raise ValueError(f"SinusoidalEncoding: base must be greater than 1, got {base}")
        self.features: int = features
        self.base: float = base

    def at(self, positions: np.ndarray, dtype: Any) -> Tensor:
        """PE at each position: (T,) -> (T, E)."""
        pair = np.arange(self.features) // 2
        angle = positions[:, None] * np.exp(-math.log(self.base) * 2 * pair / self.features)
        return Tensor._of(np.where(np.arange(self.features) % 2, np.cos(angle), np.sin(angle)).astype(dtype))

    def forward(self, input: Tensor, start: int = 0) -> Tensor:
        """input (…, T, E), whose first step is at position `start` -> the same shape."""
        check_position_input(self, input)
        return input + self.at(np.arange(start, start + input.array.shape[-2]), input.dtype)

    def extra_repr(self) -> str:
        return f"{self.features}, base={self.base}"


class LearnedEncoding(Module):
    """x_p + W[p]: one learned vector for each of `max_length` positions (Gehring et al. 2017).

    Parameter: weight (max_length, E), normal with standard deviation 0.02.
    """

    def __init__(self, max_length: int, features: int, device: Any = None, dtype: Any = None):
        super().__init__()
        check_sizes("LearnedEncoding", max_length=max_length, features=features)
        self.max_length: int = max_length
        self.features: int = features
        self.weight: Parameter = Parameter(empty(max_length, features, dtype=dtype, device=device))
        init.normal_(self.weight, 0.0, 0.02)

    def forward(self, input: Tensor, start: int = 0) -> Tensor:
        """input (…, T, E), whose first step is at position `start` -> the same shape."""
        check_position_input(self, input)
        end = start + input.array.shape[-2]
        if not 0 <= start <= end <= self.max_length:
            raise ValueError(
                f"LearnedEncoding: positions {start}..{end - 1} are not all in 0..{self.max_length - 1}; construct it with a "
                f"larger max_length, or use SinusoidalEncoding"
            )
        return input + self.weight[start:end]

    def extra_repr(self) -> str:
        return f"{self.max_length}, {self.features}"


def check_position_input(module: Any, input: Any) -> None:
    """Raise unless input is (…, T, E) with the features of the encoding."""
    name = type(module).__name__
    need_tensor(name, input)
    if input.ndim < 2 or input.array.shape[-1] != module.features:
        raise ValueError(f"{name}: expected input (…, T, {module.features}), got shape {list(input.shape)}")
