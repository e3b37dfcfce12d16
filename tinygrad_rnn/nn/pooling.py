"""Pooling as modules."""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from . import functional as F
from .module import Module


class MaxPool1d(Module):
    """The largest number of each window of a sequence; see `F.max_pool1d`."""

    _shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def __init__(
        self, kernel_size: int, stride: int | None = None, padding: int = 0, dilation: int = 1,
        return_indices: bool = False, ceil_mode: bool = False,
    ):  # fmt: skip
        super().__init__()
        self.kernel_size: int = kernel_size
        self.stride: Any = kernel_size if stride is None else stride
        self.padding, self.dilation, self.return_indices = padding, dilation, return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        """(B, C, L) or (C, L) -> (B, C, T) or (C, T)."""
        return F.max_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class AvgPool1d(Module):
    """The mean of each window of a sequence; see `F.avg_pool1d`."""

    _shown = ("kernel_size", "stride", "padding")

    def __init__(
        self, kernel_size: int, stride: int | None = None, padding: int = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ):  # fmt: skip
        super().__init__()
        self.kernel_size: int = kernel_size
        self.stride: Any = kernel_size if stride is None else stride
        self.padding, self.ceil_mode, self.count_include_pad = padding, ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, L) or (C, L) -> (B, C, T) or (C, T)."""
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class AdaptiveAvgPool1d(Module):
    """`output_size` means over nearly equal parts of a sequence."""

    _shown = ("output_size",)

    def __init__(self, output_size: int):
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, L) or (C, L) -> (B, C, output_size) or (C, output_size)."""
        return F.adaptive_avg_pool1d(input, self.output_size)
