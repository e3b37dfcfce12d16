"""One-dimensional convolution: three ops that are each other's derivatives.

They are the partial derivatives of one sum, linear in each of x, w and g:

    S = Σ g[b, o, t] · w[o, c, k] · x[b, c, t · stride + k · dilation]

Conv1d is ∂S/∂g, ConvInput ∂S/∂x and ConvWeight ∂S/∂w. x (B, C, L), w (O, C / groups, K), g (B, O, T). Padding is
another op. Each ends in one matrix product per sequence and group, with windows of x as a matrix (im2col).
"""

from __future__ import annotations

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


class Layout(NamedTuple):
    """How the window moves."""

    stride: int = 1
    dilation: int = 1
    groups: int = 1

    def span(self, kernel: int) -> int:
        """How far a window reaches."""
        return (kernel - 1) * self.dilation + 1

    def windows(self, x: np.ndarray, kernel: int) -> np.ndarray:
        """x (B, C, L) as (B, groups, C / groups · K, T): what each window sees, in columns."""
        batch, channels, _ = x.shape
        windows = sliding_window_view(x, self.span(kernel), axis=2)[:, :, :: self.stride, :: self.dilation]
        windows = windows.transpose(0, 1, 3, 2)  # (B, C, K, T)
        return windows.reshape(batch, self.groups, channels // self.groups * kernel, windows.shape[3])

    def grouped(self, w: np.ndarray) -> np.ndarray:
        """w (O, C / groups, K) as (groups, O / groups, C / groups · K)."""
        return w.reshape(self.groups, w.shape[0] // self.groups, w.shape[1] * w.shape[2])


class Conv1d(Function):
    """y[b, o, t] = Σ_{c, k} w[o, c, k] x[b, c, t · stride + k · dilation]

    dL/dx = ConvInput(w, dL/dy),   dL/dw = ConvWeight(x, dL/dy)
    """

    widens = "always"
    saves: Saves = {"x": "w", "w": "x"}

    def forward(ctx, x: Array, w: Array, layout: Any) -> Array:
        ctx.layout, ctx.length, ctx.kernel = layout, x.shape[2], w.shape[2]
        y = np.matmul(layout.grouped(w), layout.windows(x, w.shape[2]))
        return y.reshape(x.shape[0], w.shape[0], y.shape[-1])

    def backward(ctx, g: Value) -> Value:
        x, w = ctx.saved_tensors
        to_x, to_w = ctx.edges
        return (
            call(ConvInput, w, g, layout=ctx.layout, length=ctx.length) if to_x else None,
            call(ConvWeight, x, g, layout=ctx.layout, kernel=ctx.kernel) if to_w else None,
        )


class ConvInput(Function):
    """y[b, c, l] = Σ g[b, o, t] w[o, c, k] over t · stride + k · dilation = l: each g spread over its window

    dL/dw = ConvWeight(dL/dy, g),   dL/dg = Conv1d(dL/dy, w)
    """

    widens = "always"
    saves: Saves = {"w": "g", "g": "w"}

    def forward(ctx, w: Array, g: Array, layout: Any, length: Array) -> Array:
        ctx.layout, ctx.kernel = layout, w.shape[2]
        batch, outputs, steps = g.shape
        apart = g.reshape(batch, layout.groups, outputs // layout.groups, steps)
        spread = np.matmul(layout.grouped(w).mT, apart)
        spread = spread.reshape(batch, layout.groups * w.shape[1], w.shape[2], steps)  # (B, C, K, T)
        y = np.zeros((batch, spread.shape[1], length), g.dtype)
        for k in range(w.shape[2]):
            first = k * layout.dilation
            y[:, :, first : first + (steps - 1) * layout.stride + 1 : layout.stride] += spread[:, :, k]
        return y

    def backward(ctx, h: Value) -> Value:
        w, g = ctx.saved_tensors
        to_w, to_g = ctx.edges
        return (
            call(ConvWeight, h, g, layout=ctx.layout, kernel=ctx.kernel) if to_w else None,
            call(Conv1d, h, w, layout=ctx.layout) if to_g else None,
        )


class ConvWeight(Function):
    """y[o, c, k] = Σ_{b, t} g[b, o, t] x[b, c, t · stride + k · dilation]

    dL/dx = ConvInput(dL/dy, g),   dL/dg = Conv1d(x, dL/dy)
    """

    widens = "always"
    saves: Saves = {"x": "g", "g": "x"}

    def forward(ctx, x: Array, g: Array, layout: Any, kernel: Any) -> Array:
        ctx.layout, ctx.length = layout, x.shape[2]
        batch, outputs, steps = g.shape
        apart = g.reshape(batch, layout.groups, outputs // layout.groups, steps)
        per_sequence = np.matmul(apart, layout.windows(x, kernel)[..., :steps].mT)
        return per_sequence.sum(0).reshape(outputs, x.shape[1] // layout.groups, kernel)

    def backward(ctx, h: Value) -> Value:
        x, g = ctx.saved_tensors
        to_x, to_g = ctx.edges
        return (
            call(ConvInput, h, g, layout=ctx.layout, length=ctx.length) if to_x else None,
            call(Conv1d, x, h, layout=ctx.layout) if to_g else None,
        )


def one_int(name: str, argument: str, value: Any, least: int) -> int:
    """An int, also given as a tuple of one; a RuntimeError below `least`."""
    if isinstance(value, (tuple, list)) and len(value) == 1:
        (value,) = value
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}(): {argument} must be an int, got {value!r}")
    if value < least:
        raise RuntimeError(f"{name}(): {argument} must be at least {least}, got {value}")
    return value


@widening
def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int | str = 0,
    dilation: int = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """y[b, o, t] = bias[o] + Σ_{c, k} weight[o, c, k] · input[b, c, t · stride + k · dilation - padding]

    input     (B, C, L) or (C, L)
    weight    (O, C / groups, K); each group of outputs sees its own group of channels
    padding   zeros at both ends: a number, "valid" (none), or "same", as many as keep the length

    Returns (B, O, T) with T = ⌊(L + 2 padding - dilation (K - 1) - 1) / stride⌋ + 1, without B if input had none.
    """
    need_numbers("conv1d", input)
    need_tensor("conv1d", weight, "weight")
    stride, dilation = one_int("conv1d", "stride", stride, 1), one_int("conv1d", "dilation", dilation, 1)
    if input.ndim not in (2, 3):
        raise RuntimeError(f"conv1d(): expected input (B, C, L) or (C, L), got shape {list(input.shape)}")
    _check_channels(input, weight, bias, groups)
    if input.array.shape[-1] == 0 and input.array.shape[0] != 0:
        raise RuntimeError(f"conv1d(): only the batch may be empty, got shape {list(input.shape)}")
    layout = Layout(stride, dilation, groups)
    x = input if input.ndim == 3 else input.unsqueeze(0)
    x = _padded(x, padding, layout, weight.array.shape[2])
    if x.array.shape[2] < layout.span(weight.array.shape[2]):
        raise RuntimeError(
            f"conv1d(): the padded input has length {x.shape[2]}, but a kernel of {weight.shape[2]} with dilation "
            f"{dilation} needs {layout.span(weight.array.shape[2])}"
        )
    y = record_op(Conv1d, x, weight, layout=layout)
    if bias is not None:
        y = y + bias.unsqueeze(-1)
    return y if input.ndim == 3 else y.squeeze(0)


def _padded(x: Tensor, padding: int | str, layout: Layout, kernel: int) -> Tensor:
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise RuntimeError(f"conv1d(): padding must be a number, 'same' or 'valid', got {padding!r}")
        if padding == "valid":
            return x
        if layout.stride != 1:
            raise RuntimeError(f"conv1d(): padding='same' needs stride 1, got stride {layout.stride}")
        total = layout.span(kernel) - 1
        return pad(x, (total // 2, total - total // 2)) if total else x
    width = one_int("conv1d", "padding", padding, 0)
    return pad(x, (width, width)) if width else x


def _check_channels(input: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> None:
    w, channels = weight.array.shape, input.array.shape[-2]
    if len(w) != 3 or 0 in w:
        raise RuntimeError(f"conv1d(): weight must be (O, C / groups, K), none of them 0, got shape {list(w)}")
    for argument, p in (("weight", weight), ("bias", bias)):
        if p is not None and p.dtype != input.dtype:
            raise RuntimeError(f"conv1d(): input is {input.dtype} and {argument} is {p.dtype}; convert with .to(dtype)")
    if groups <= 0 or w[0] % groups or channels != w[1] * groups:
        raise RuntimeError(
            f"conv1d(): with groups={groups} and weight of shape {list(w)}, the input needs {w[1] * groups} channels, "
            f"it has {channels} (shape {list(input.shape)}), and the {w[0]} outputs must divide into the groups"
        )
    if bias is not None and bias.array.shape != w[:1]:
        raise RuntimeError(f"conv1d(): bias must have shape [{w[0]}], got {list(bias.shape)}")
