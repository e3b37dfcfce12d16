"""Convolution over one axis or several: three ops that are each other's derivatives.

They are the partial derivatives of one sum, linear in each of x, w and g:

    S = Σ g[b, o, t] · w[o, c, k] · x[b, c, t · stride + k · dilation]

Convolution is ∂S/∂g, ConvInput ∂S/∂x and ConvWeight ∂S/∂w. x (B, C, L), w (O, C / groups, K), g (B, O, T); over images
L, K and T stand for two axes each, and t and k for pairs. Padding is another op. Each ends in one matrix product per
sample and group, with windows of x as a matrix (im2col). A transposed convolution is ConvInput itself.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..recording import record_op
from .checks import need_numbers, need_tensor
from .function import Array, Function, Saves, Value, call
from .padding import pad
from .widening import widening

if TYPE_CHECKING:
    from .._tensor import Tensor

Ints = tuple[int, ...]


class Layout(NamedTuple):
    """How the window moves: a step and a distance for each axis."""

    stride: Ints = (1,)
    dilation: Ints = (1,)
    groups: int = 1

    def span(self, kernel: Ints) -> Ints:
        """How far a window reaches."""
        return tuple([(k - 1) * d + 1 for k, d in zip(kernel, self.dilation, strict=True)])

    def windows(self, x: np.ndarray, kernel: Ints, steps: Ints | None = None) -> np.ndarray:
        """x (B, C, L) as (B, groups, C / groups · K, T): what each window sees, in columns; at most `steps` of them."""
        n = len(kernel)
        windows = sliding_window_view(x, self.span(kernel), axis=tuple(range(2, 2 + n)))
        moved = [slice(0, None if steps is None else (steps[d] - 1) * s + 1, s) for d, s in enumerate(self.stride)]
        windows = windows[(..., *moved, *[slice(None, None, d) for d in self.dilation])]
        windows = windows.transpose(0, 1, *range(2 + n, 2 + 2 * n), *range(2, 2 + n))  # (B, C, K, T)
        rows = x.shape[1] // self.groups * math.prod(kernel)
        return windows.reshape(x.shape[0], self.groups, rows, math.prod(windows.shape[2 + n :]))

    def steps(self, length: Ints, kernel: Ints) -> Ints:
        """How many windows there are along each axis."""
        return tuple([(n - s) // m + 1 for n, s, m in zip(length, self.span(kernel), self.stride, strict=True)])

    def grouped(self, w: np.ndarray) -> np.ndarray:
        """w (O, C / groups, K) as (groups, O / groups, C / groups · K)."""
        return w.reshape(self.groups, w.shape[0] // self.groups, math.prod(w.shape[1:]))

    def apart(self, g: np.ndarray) -> np.ndarray:
        """g (B, O, T) as (B, groups, O / groups, T)."""
        return g.reshape(g.shape[0], self.groups, g.shape[1] // self.groups, math.prod(g.shape[2:]))


class Convolution(Function):
    """y[b, o, t] = Σ_{c, k} w[o, c, k] x[b, c, t · stride + k · dilation]

    dL/dx = ConvInput(w, dL/dy),   dL/dw = ConvWeight(x, dL/dy)
    """

    widens = "always"
    saves: Saves = {"x": "w", "w": "x"}
    layout: Any
    length: Any
    kernel: Any

    def forward(ctx, x: Array, w: Array, layout: Any) -> Array:
        ctx.layout, ctx.length, ctx.kernel = layout, x.shape[2:], w.shape[2:]
        y = np.matmul(layout.grouped(w), layout.windows(x, ctx.kernel))
        return y.reshape(x.shape[0], w.shape[0], *layout.steps(ctx.length, ctx.kernel))

    def backward(ctx, g: Value) -> Value:
        x, w = ctx.saved_tensors
        to_x, to_w = ctx.edges
        return (
            call(ConvInput, w, g, layout=ctx.layout, length=ctx.length) if to_x else None,
            call(ConvWeight, x, g, layout=ctx.layout, kernel=ctx.kernel) if to_w else None,
        )


class ConvInput(Function):
    """y[b, c, l] = Σ g[b, o, t] w[o, c, k] over t · stride + k · dilation = l: each g spread over its window

    dL/dw = ConvWeight(dL/dy, g),   dL/dg = Convolution(dL/dy, w)
    """

    widens = "always"
    saves: Saves = {"w": "g", "g": "w"}
    layout: Any
    kernel: Any
    steps: Any

    def forward(ctx, w: Array, g: Array, layout: Any, length: Array) -> Array:
        ctx.layout, ctx.kernel, ctx.steps = layout, w.shape[2:], g.shape[2:]
        spread = np.matmul(layout.grouped(w).mT, layout.apart(g))
        spread = spread.reshape(g.shape[0], layout.groups * w.shape[1], *ctx.kernel, *g.shape[2:])  # (B, C, K, T)
        y = np.zeros((*spread.shape[:2], *length), g.dtype)
        for k in np.ndindex(*ctx.kernel):
            seen = [
                slice(i * d, i * d + (t - 1) * s + 1, s)
                for i, t, s, d in zip(k, g.shape[2:], layout.stride, layout.dilation, strict=True)
            ]
            y[(..., *seen)] += spread[(slice(None), slice(None), *k)]
        return y

    def backward(ctx, h: Value) -> Value:
        w, g = ctx.saved_tensors
        to_w, to_g = ctx.edges
        return (
            call(ConvWeight, h, g, layout=ctx.layout, kernel=ctx.kernel) if to_w else None,
            _first(ctx.steps, call(Convolution, h, w, layout=ctx.layout)) if to_g else None,
        )


class ConvWeight(Function):
    """y[o, c, k] = Σ_{b, t} g[b, o, t] x[b, c, t · stride + k · dilation]

    dL/dx = ConvInput(dL/dy, g),   dL/dg = Convolution(x, dL/dy)
    """

    widens = "always"
    saves: Saves = {"x": "g", "g": "x"}
    layout: Any
    length: Any
    steps: Any

    def forward(ctx, x: Array, g: Array, layout: Any, kernel: Any) -> Array:
        ctx.layout, ctx.length, ctx.steps = layout, x.shape[2:], g.shape[2:]
        per_sample = np.matmul(layout.apart(g), layout.windows(x, kernel, g.shape[2:]).mT)
        return per_sample.sum(0).reshape(g.shape[1], x.shape[1] // layout.groups, *kernel)

    def backward(ctx, h: Value) -> Value:
        x, g = ctx.saved_tensors
        to_x, to_g = ctx.edges
        return (
            call(ConvInput, h, g, layout=ctx.layout, length=ctx.length) if to_x else None,
            _first(ctx.steps, call(Convolution, x, h, layout=ctx.layout)) if to_g else None,
        )


def _first(steps: Ints, y: Value) -> Value:
    """y without the windows that g had no steps for: an output padding leaves room for them."""
    return y if y.shape[2:] == steps else y[(..., *[slice(0, t) for t in steps])]


def one_int(name: str, argument: str, value: Any, least: int) -> int:
    """An int, also given as a tuple of one; a RuntimeError below `least`."""
    return ints(name, argument, value, least, 1)[0]


def ints(name: str, argument: str, value: Any, least: int, n: int) -> Ints:
    """An int for each of n axes, given as one or as n of them; a RuntimeError below `least`."""
    several = isinstance(value, (tuple, list)) and len(value) in (1, n)
    values: Any = tuple(value) * (n // len(value)) if several else (value,) * n
    if any(isinstance(v, bool) or not isinstance(v, (int, np.integer)) for v in values):
        wanted = "an int" if n == 1 else f"an int or {n} of them"
        raise TypeError(f"{name}(): {argument} must be {wanted}, got {value!r}")
    if min(values) < least:
        raise RuntimeError(f"{name}(): {argument} must be at least {least}, got {value}")
    return tuple(map(int, values))


AXES = {1: "L", 2: "H, W", 3: "D, H, W"}


@widening
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """y[b, o, t] = bias[o] + Σ_{c, k} weight[o, c, k] · input[b, c, t · stride + k · dilation - padding]

    input     (B, C, L) or (C, L)
    weight    (O, C / groups, K); each group of outputs sees its own group of channels
    padding   zeros at both ends: a number, "valid" (none), or "same", as many as keep the length

    Returns (B, O, T) with T = ⌊(L + 2 padding - dilation (K - 1) - 1) / stride⌋ + 1, without B if input had none.
    """
    return _convolved("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@widening
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """`conv1d` over images: input (B, C, H, W) or (C, H, W), weight (O, C / groups, K, K'); options may be pairs."""
    return _convolved("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def _convolved(name, n, input, weight, bias, stride, padding, dilation, groups):
    layout = Layout(ints(name, "stride", stride, 1, n), ints(name, "dilation", dilation, 1, n), groups)
    x = _batch(name, n, input, weight)
    _check_channels(name, n, input, weight, bias, groups)
    kernel = weight.array.shape[2:]
    x = _padded(name, x, padding, layout, kernel)
    for length, k, d, span in zip(x.array.shape[2:], kernel, layout.dilation, layout.span(kernel), strict=True):
        if length < span:
            raise RuntimeError(
                f"{name}(): the padded input has length {length}, but a kernel of {k} with dilation {d} needs {span}"
            )
    return _finished(n, input, record_op(Convolution, x, weight, layout=layout), bias)


@widening
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """What `conv1d` with this weight does to gradients: each input spread over a window of outputs.

    input (B, O, T) or (O, T), weight (O, C / groups, K); returns (B, C, L) with
    L = (T - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1.
    """
    return _spread("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@widening
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """`conv_transpose1d` over images: input (B, O, H, W) or (O, H, W), weight (O, C / groups, K, K')."""
    return _spread("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _spread(name, n, input, weight, bias, stride, padding, more, groups, dilation):
    layout = Layout(ints(name, "stride", stride, 1, n), ints(name, "dilation", dilation, 1, n), groups)
    padding, more = ints(name, "padding", padding, 0, n), ints(name, "output_padding", more, 0, n)
    g = _batch(name, n, input, weight)
    w, channels = weight.array.shape, g.array.shape[1]
    if len(w) != n + 2 or groups <= 0 or channels != w[0] or w[0] % groups:
        raise RuntimeError(
            f"{name}(): with groups={groups} and weight of shape {list(w)} (O, C / groups, K), the input needs {w[0]} "
            f"channels that divide into the groups, it has {channels} (shape {list(input.shape)})"
        )
    _check_bias(name, input, weight, bias, w[1] * groups)
    for extra, m, d in zip(more, layout.stride, layout.dilation, strict=True):
        if extra >= max(m, d):
            raise RuntimeError(
                f"{name}(): output_padding must be smaller than stride or dilation, got {extra} for {m} and {d}"
            )
    spans = layout.span(w[2:])
    full = [(t - 1) * m + s for t, m, s in zip(g.array.shape[2:], layout.stride, spans, strict=True)]
    ends = [f - p + e for f, p, e in zip(full, padding, more, strict=True)]
    if any(end <= p for end, p in zip(ends, padding, strict=True)):
        raise RuntimeError(f"{name}(): padding {list(padding)} leaves nothing of an output of {full}")
    y = record_op(ConvInput, weight, g, layout=layout, length=tuple(map(max, full, ends)))
    if any(padding) or tuple(ends) != y.array.shape[2:]:
        y = y[(..., *[slice(p, end) for p, end in zip(padding, ends, strict=True)])]
    return _finished(n, input, y, bias)


def _batch(name: str, n: int, input: Tensor, weight: Tensor) -> Tensor:
    """The input with an axis for the batch."""
    need_numbers(name, input)
    need_tensor(name, weight, "weight")
    if input.ndim not in (n + 1, n + 2):
        raise RuntimeError(
            f"{name}(): expected input (B, C, {AXES[n]}) or (C, {AXES[n]}), got shape {list(input.shape)}"
        )
    if 0 in input.array.shape[-n:] and input.array.shape[0] != 0:
        raise RuntimeError(f"{name}(): only the batch may be empty, got shape {list(input.shape)}")
    return input if input.ndim == n + 2 else input.unsqueeze(0)


def _finished(n: int, input: Tensor, y: Tensor, bias: Tensor | None) -> Tensor:
    if bias is not None:
        y = y + bias.reshape(-1, *[1] * n)
    return y if input.ndim == n + 2 else y.squeeze(0)


def _padded(name: str, x: Tensor, padding: Any, layout: Layout, kernel: Ints) -> Tensor:
    if padding == "same" and set(layout.stride) != {1}:
        raise RuntimeError(f"{name}(): padding='same' needs stride 1, got stride {layout.stride[0]}")
    widths = pad_widths(name, padding, layout.span(kernel), 0)
    return pad(x, widths) if any(widths) else x


def pad_widths(name: str, padding: Any, spans: Ints, least: int = 0) -> list[int]:
    """(before, after) from the last axis backwards, as `pad` takes them, for windows that reach so far."""
    if not isinstance(padding, str):
        return [width for width in ints(name, "padding", padding, least, len(spans))[::-1] for _ in range(2)]
    if padding not in ("same", "valid"):
        raise RuntimeError(f"{name}(): padding must be a number, 'same' or 'valid', got {padding!r}")
    total = [0 if padding == "valid" else span - 1 for span in reversed(spans)]
    return [width for n in total for width in (n // 2, n - n // 2)]


def _check_channels(name: str, n: int, input: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> None:
    w, channels = weight.array.shape, input.array.shape[-n - 1]
    if len(w) != n + 2 or 0 in w:
        raise RuntimeError(f"{name}(): weight must be (O, C / groups, {'K, ' * n}".rstrip(", ") + f"), none of them 0, got shape {list(w)}")  # fmt: skip
    if groups <= 0 or w[0] % groups or channels != w[1] * groups:
        raise RuntimeError(
            f"{name}(): with groups={groups} and weight of shape {list(w)}, the input needs {w[1] * groups} channels, "
            f"it has {channels} (shape {list(input.shape)}), and the {w[0]} outputs must divide into the groups"
        )
    _check_bias(name, input, weight, bias, w[0])


def _check_bias(name: str, input: Tensor, weight: Tensor, bias: Tensor | None, outputs: int) -> None:
    for argument, p in (("weight", weight), ("bias", bias)):
        if p is not None and p.dtype != input.dtype:
            raise RuntimeError(f"{name}(): input is {input.dtype} and {argument} is {p.dtype}; convert with .to(dtype)")
    if bias is not None and bias.array.shape != (outputs,):
        raise RuntimeError(f"{name}(): bias must have shape [{outputs}], got {list(bias.shape)}")
