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
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ):
        super().__init__()
        self.kernel_size: Any = kernel_size
        self.stride: Any = kernel_size if stride is None else stride
        self.padding: Any = padding
        self.dilation: Any = dilation
        self.return_indices: bool = return_indices
        self.ceil_mode: bool = ceil_mode

    def forward(self, input: Tensor) -> Any:
        """(B, C, L) or (C, L) -> (B, C, T) or (C, T)."""
        return F.max_pool1d(input, *self._options())

    def _options(self) -> tuple[Any, ...]:
        return self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices


class MaxPool2d(MaxPool1d):
    """The largest number of each window of an image; options may be pairs."""

    def forward(self, input: Tensor) -> Any:
        """(B, C, H, W) or (C, H, W) -> the same with fewer rows and columns."""
        return F.max_pool2d(input, *self._options())


class AvgPool1d(Module):
    """The mean of each window of a sequence; see `F.avg_pool1d`."""

    _shown = ("kernel_size", "stride", "padding")

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ):  # fmt: skip
        super().__init__()
        self.kernel_size: Any = kernel_size
        self.stride: Any = kernel_size if stride is None else stride
        self.padding: Any = padding
        self.ceil_mode: bool = ceil_mode
        self.count_include_pad: bool = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, L) or (C, L) -> (B, C, T) or (C, T)."""
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class AvgPool2d(AvgPool1d):
    """The mean of each window of an image; see `F.avg_pool2d`."""

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ):
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)
        self.divisor_override: int | None = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, H, W) or (C, H, W) -> the same with fewer rows and columns."""
        options = (self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)
        return F.avg_pool2d(input, *options, self.divisor_override)


class _Adaptive(Module):
    def __init__(self, output_size: Any):
        super().__init__()
        self.output_size: Any = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_Adaptive):
    """`output_size` means over nearly equal parts of a sequence."""

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, L) or (C, L) -> (B, C, output_size) or (C, output_size)."""
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_Adaptive):
    """Means over nearly equal parts of an image; output_size a number or (height, width), None as the input's."""

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, H, W) or (C, H, W) -> the same with output_size."""
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveMaxPool1d(_Adaptive):
    """The largest number of each of `output_size` nearly equal parts of a sequence."""

    def __init__(self, output_size: Any, return_indices: bool = False):
        super().__init__(output_size)
        self.return_indices: bool = return_indices

    def forward(self, input: Tensor) -> Any:
        """(B, C, L) or (C, L) -> (B, C, output_size) or (C, output_size)."""
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(AdaptiveMaxPool1d):
    """The same over images."""

    def forward(self, input: Tensor) -> Any:
        """(B, C, H, W) or (C, H, W) -> the same with output_size."""
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)
