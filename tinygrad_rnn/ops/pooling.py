"""Pooling: windows of a sequence, each reduced to one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..dtypes import int64
from .checks import need_float, need_numbers, need_tensor
from .convolution import conv1d, one_int
from .padding import pad
from .widening import widening

if TYPE_CHECKING:
    from .._tensor import Tensor


def max_pool1d(
    input: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0, dilation: int = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest number of each window; (B, C, L) or (C, L) -> (B, C, T) or (C, T).

    stride          kernel_size if left out
    padding         entries of -inf at both ends, at most half the kernel
    ceil_mode       also a last window that the end cuts short
    return_indices  also where in L each largest number stands
    """
    (need_numbers if return_indices else need_float)("max_pool1d", input)
    kernel, stride, padding = _window("max_pool1d", input, kernel_size, stride, padding)
    dilation = one_int("max_pool1d", "dilation", dilation, 1)
    span = (kernel - 1) * dilation + 1
    length = input.array.shape[-1]
    steps = _steps("max_pool1d", length, span, stride, padding, ceil_mode)
    after = max((steps - 1) * stride + span - length - padding, 0)
    lowest = -np.inf if input.dtype.kind == "f" else np.iinfo(input.dtype).min
    widths = [(0, 0)] * (input.ndim - 1) + [(padding, after)]
    padded = np.pad(input.array, widths, constant_values=lowest)
    windows = sliding_window_view(padded, span, axis=-1)[..., ::stride, ::dilation][..., :steps, :]
    first = np.arange(steps) * stride - padding
    indices = input._of((windows.argmax(-1) * dilation + first).astype(np.int64))
    values = input.gather(-1, indices)
    return (values, indices) if return_indices else values


@widening
def avg_pool1d(
    input: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """The mean of each window; (B, C, L) or (C, L) -> (B, C, T) or (C, T). count_include_pad: padding counts as zeros."""
    kernel, stride, padding = _window("avg_pool1d", input, kernel_size, stride, padding)
    if input.dtype.kind != "f" and input.dtype != int64:
        raise NotImplementedError(f"avg_pool1d(): the input must be floating point or int64, got {input.dtype}")
    length = input.array.shape[-1]
    steps = _steps("avg_pool1d", length, kernel, stride, padding, ceil_mode)
    after = max((steps - 1) * stride + kernel - length - padding, 0)
    rows = input.reshape(input.array.size // length, 1, length)
    ones = input._of(np.ones((1, 1, kernel), input.dtype))
    sums = conv1d(pad(rows, (padding, after)), ones, stride=stride)
    sums = sums[..., :steps].reshape(*input.array.shape[:-1], steps)
    start = np.arange(steps) * stride - padding
    end = np.minimum(start + kernel, length + padding)
    counted = end - start if count_include_pad else np.minimum(end, length) - np.maximum(start, 0)
    if input.dtype == int64:
        return sums.div(input._of(counted.astype(np.int64)), rounding_mode="trunc")
    return sums * input._of((1 / counted).astype(input.dtype))


@widening
def adaptive_avg_pool1d(input: Tensor, output_size: int) -> Tensor:
    """`output_size` means over nearly equal parts of a sequence: a product with a matrix of averages."""
    need_float("adaptive_avg_pool1d", input)
    _need_channels("adaptive_avg_pool1d", input, 1)  # there may be no channels, but not no steps
    size = one_int("adaptive_avg_pool1d", "output_size", output_size, 0)
    length = input.array.shape[-1]
    t = np.arange(size)
    start, end = t * length // size, -(-(t + 1) * length // size)
    place = np.arange(length)[:, None]
    averages = ((place >= start) & (place < end)) / (end - start)
    return input @ input._of(averages.astype(input.dtype))


def _need_channels(name: str, input: Any, axes: int) -> None:
    need_tensor(name, input)
    if input.ndim not in (2, 3) or 0 in input.array.shape[-axes:]:
        raise RuntimeError(f"{name}(): expected input (B, C, L) or (C, L), got shape {list(input.shape)}")


def _window(name: str, input: Tensor, kernel_size: Any, stride: Any, padding: Any) -> tuple[int, int, int]:
    _need_channels(name, input, 2)
    kernel = one_int(name, "kernel_size", kernel_size, 1)
    stride = kernel if stride is None or stride == () else one_int(name, "stride", stride, 1)
    padding = one_int(name, "padding", padding, 0)
    if padding > kernel // 2:
        raise RuntimeError(f"{name}(): padding should be at most half of the kernel size, got {padding} for {kernel}")
    return kernel, stride, padding


def _steps(name: str, length: int, span: int, stride: int, padding: int, ceil_mode: bool) -> int:
    """How many windows there are."""
    room = length + 2 * padding - span
    steps = (-(-room // stride) if ceil_mode else room // stride) + 1
    if ceil_mode and (steps - 1) * stride >= length + padding:
        steps -= 1  # a window must start inside the input or its left padding
    if steps < 1:
        raise RuntimeError(
            f"{name}(): an input of length {length} is too short for windows of {span} (padding {padding})"
        )
    return steps
