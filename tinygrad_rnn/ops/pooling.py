"""Pooling: windows over one axis or several, each reduced to one number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..dtypes import int64
from ..recording import record_op
from .checks import need_float, need_numbers, need_tensor
from .convolution import AXES, Convolution, Ints, Layout, ints
from .padding import pad
from .widening import widening

if TYPE_CHECKING:
    from .._tensor import Tensor


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest number of each window; (B, C, L) or (C, L) -> (B, C, T) or (C, T).

    stride          kernel_size if left out
    padding         entries of -inf at both ends, at most half the kernel
    ceil_mode       also a last window that the end cuts short
    return_indices  also where in L each largest number stands
    """
    (need_numbers if return_indices else need_float)("max_pool1d", input)
    return _largest("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """`max_pool1d` over images (B, C, H, W) or (C, H, W); options may be pairs, indices count through rows of W."""
    need_numbers("max_pool2d", input)
    return _largest("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _largest(name, n, input, kernel, stride, padding, dilation, ceil_mode, return_indices):
    kernel, stride, padding = _window(name, n, input, kernel, stride, padding)
    layout = Layout(stride, ints(name, "dilation", dilation, 1, n))
    length, span = input.array.shape[-n:], layout.span(kernel)
    steps = _steps(name, length, span, stride, padding, ceil_mode)
    lowest = -np.inf if input.dtype.kind == "f" else np.iinfo(input.dtype).min
    widths = [(0, 0)] * (input.ndim - n) + _ends(length, span, stride, padding, steps)
    windows = sliding_window_view(np.pad(input.array, widths, constant_values=lowest), span, tuple(range(-n, 0)))
    windows = windows[(..., *[slice(0, (t - 1) * s + 1, s) for t, s in zip(steps, stride, strict=True)],
                       *[slice(None, None, d) for d in layout.dilation])]  # fmt: skip
    chosen = np.unravel_index(windows.reshape(*windows.shape[:-n], math.prod(kernel)).argmax(-1), kernel)
    indices: Any = 0
    for d, (k, size) in enumerate(zip(chosen, length, strict=True)):  # where in the input each largest number stands
        first = (np.arange(steps[d]) * stride[d] - padding[d]).reshape(-1, *[1] * (n - 1 - d))
        indices = indices * size + first + k * layout.dilation[d]
    return _taken(n, input, indices, return_indices)


def _taken(n: int, input: Tensor, places: np.ndarray, return_indices: bool) -> Any:
    """The numbers at `places` in the flattened last n axes."""
    indices = input._of(places.astype(np.int64))
    if n == 1:
        values = input.gather(-1, indices)
    else:
        values = input.flatten(-n).gather(-1, indices.flatten(-n)).reshape(places.shape)
    return (values, indices) if return_indices else values


@widening
def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """The mean of each window; (B, C, L) or (C, L) -> (B, C, T) or (C, T). count_include_pad: padding counts as zeros."""
    return _means("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


@widening
def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """`avg_pool1d` over images (B, C, H, W) or (C, H, W); divisor_override: what the sums are divided by instead."""
    return _means("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _means(name, n, input, kernel, stride, padding, ceil_mode, count_include_pad, divisor=None):
    kernel, stride, padding = _window(name, n, input, kernel, stride, padding)
    if input.dtype.kind != "f" and input.dtype != int64:
        raise NotImplementedError(f"{name}(): the input must be floating point or int64, got {input.dtype}")
    if divisor == 0:
        raise RuntimeError(f"{name}(): divisor_override must not be zero")
    length, outer = input.array.shape[-n:], input.array.shape[:-n]
    steps = _steps(name, length, kernel, stride, padding, ceil_mode)
    rows = input.reshape(math.prod(outer), 1, *length)
    widths = [width for ends in _ends(length, kernel, stride, padding, steps)[::-1] for width in ends]
    ones = input._of(np.ones((1, 1, *kernel), input.dtype))
    sums = record_op(Convolution, pad(rows, widths), ones, layout=Layout(stride, (1,) * n))
    sums = sums[(..., *[slice(0, t) for t in steps])].reshape(*outer, *steps)
    counted: Any = np.ones((), np.int64)
    for size, t, k, s, p in zip(length, steps, kernel, stride, padding, strict=True):
        start = np.arange(t) * s - p
        end = np.minimum(start + k, size + p)
        inside = end - start if count_include_pad else np.minimum(end, size) - np.maximum(start, 0)
        counted = counted[..., None] * inside
    counted = counted if divisor is None else np.full_like(counted, divisor)
    if input.dtype == int64:
        return sums.div(input._of(counted.astype(np.int64)), rounding_mode="trunc")
    return sums * input._of((1 / counted).astype(input.dtype))


@widening
def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """`output_size` means over nearly equal parts of a sequence: a product with a matrix of averages."""
    return _adaptive_means("adaptive_avg_pool1d", 1, input, output_size)


@widening
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The same along both axes of images (B, C, H, W) or (C, H, W); None in output_size leaves an axis as it is."""
    return _adaptive_means("adaptive_avg_pool2d", 2, input, output_size)


def _adaptive_means(name, n, input, output_size):
    need_float(name, input)
    _need_channels(name, n, input, n)  # there may be no channels, but not no steps
    for d, size in enumerate(_sizes(name, n, input, output_size)):
        length = input.array.shape[d - n]
        start, end = _parts(length, size)
        place = np.arange(length)[:, None]
        averages = input._of((((place >= start) & (place < end)) / (end - start)).astype(input.dtype))
        input = input @ averages if d == n - 1 else (input.swapaxes(d - n, -1) @ averages).swapaxes(d - n, -1)
    return input


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest number of each of `output_size` nearly equal parts of a sequence, and where it stands."""
    return _adaptive_largest("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The same over images (B, C, H, W) or (C, H, W)."""
    return _adaptive_largest("adaptive_max_pool2d", 2, input, output_size, return_indices)


def _adaptive_largest(name, n, input, output_size, return_indices):
    need_float(name, input, error=RuntimeError)
    _need_channels(name, n, input, n)
    length, sizes = input.array.shape[-n:], _sizes(name, n, input, output_size)
    parts = [_parts(*both) for both in zip(length, sizes, strict=True)]
    places = np.zeros((*input.array.shape[:-n], *sizes), np.int64)
    for at in np.ndindex(*sizes):
        box = [slice(start[i], end[i]) for i, (start, end) in zip(at, parts, strict=True)]
        part = input.array[(..., *box)]
        within = np.unravel_index(
            part.reshape(*part.shape[:-n], math.prod(part.shape[-n:])).argmax(-1), part.shape[-n:]
        )
        found: Any = 0
        for k, side, size in zip(within, box, length, strict=True):
            found = found * size + side.start + k
        places[(..., *at)] = found
    return _taken(n, input, places, return_indices)


def _parts(length: int, size: int) -> Any:
    """Where each of `size` nearly equal parts begins and ends."""
    t = np.arange(size)
    return t * length // size, -(-(t + 1) * length // size)


def _sizes(name: str, n: int, input: Tensor, output_size: Any) -> Ints:
    given = output_size if isinstance(output_size, (tuple, list)) else (output_size,)
    if len(given) == n:
        given = [have if want is None else want for want, have in zip(given, input.array.shape[-n:], strict=True)]
    return ints(name, "output_size", list(given), 0, n)


def _need_channels(name: str, n: int, input: Any, axes: int) -> None:
    need_tensor(name, input)
    if input.ndim not in (n + 1, n + 2) or 0 in input.array.shape[-axes:]:
        raise RuntimeError(
            f"{name}(): expected input (B, C, {AXES[n]}) or (C, {AXES[n]}), got shape {list(input.shape)}"
        )


def _window(name: str, n: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any) -> tuple[Ints, Ints, Ints]:
    _need_channels(name, n, input, n + 1)
    kernel = ints(name, "kernel_size", kernel_size, 1, n)
    strides = (
        kernel if stride is None or (len(np.shape(stride)) and not len(stride)) else ints(name, "stride", stride, 1, n)
    )
    paddings = ints(name, "padding", padding, 0, n)
    for k, p in zip(kernel, paddings, strict=True):
        if p > k // 2:
            raise RuntimeError(f"{name}(): padding should be at most half of the kernel size, got {p} for {k}")
    return kernel, strides, paddings


def _ends(length: Ints, span: Ints, stride: Ints, padding: Ints, steps: Ints) -> list[tuple[int, int]]:
    """(before, after): how much is added to each axis so that the last window fits."""
    after = [(t - 1) * m + s - n - p for n, s, m, p, t in zip(length, span, stride, padding, steps, strict=True)]
    return [(p, max(a, 0)) for p, a in zip(padding, after, strict=True)]


def _steps(name: str, length: Ints, span: Ints, stride: Ints, padding: Ints, ceil_mode: bool) -> Ints:
    """How many windows there are along each axis."""
    return tuple([_steps_of(name, *axis, ceil_mode) for axis in zip(length, span, stride, padding, strict=True)])


def _steps_of(name: str, length: int, span: int, stride: int, padding: int, ceil_mode: bool) -> int:
    room = length + 2 * padding - span
    steps = (-(-room // stride) if ceil_mode else room // stride) + 1
    if ceil_mode and (steps - 1) * stride >= length + padding:
        steps -= 1  # a window must start inside the input or its left padding
    if steps < 1:
        raise RuntimeError(
            f"{name}(): an input of length {length} is too short for windows of {span} (padding {padding})"
        )
    return steps
