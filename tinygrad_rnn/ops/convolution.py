"""One-dimensional convolution: three ops that are each other's derivatives.

They are the partial derivatives of one sum, linear in each of x, w and g:

    S = Σ g[b, o, t] · w[o, c, k] · x[b, c, t · stride + k · dilation]

Conv1d is ∂S/∂g, ConvInput ∂S/∂x and ConvWeight ∂S/∂w. x (B, C, L), w (O, C / groups, K), g (B, O, T). Padding is
another op. Each ends in one matrix product per sequence and group, with windows of x as a matrix (im2col).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .function import Function, call
from .shape import in_order


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
        seen = sliding_window_view(x, self.span(kernel), axis=2)[:, :, :: self.stride, :: self.dilation]
        seen = seen.transpose(0, 1, 3, 2)  # (B, C, K, T)
        return seen.reshape(batch, self.groups, channels // self.groups * kernel, seen.shape[3])

    def grouped(self, w: np.ndarray) -> np.ndarray:
        """w (O, C / groups, K) as (groups, O / groups, C / groups · K)."""
        return w.reshape(self.groups, w.shape[0] // self.groups, w.shape[1] * w.shape[2])


class Conv1d(Function):
    """y[b, o, t] = Σ_{c, k} w[o, c, k] x[b, c, t · stride + k · dilation]"""

    widens = True
    saves = {"x": "w", "w": "x"}

    def forward(ctx, x, w, layout):
        ctx.layout, ctx.length, ctx.kernel = layout, x.shape[2], w.shape[2]
        y = np.matmul(layout.grouped(w), layout.windows(x, w.shape[2]))
        return y.reshape(x.shape[0], w.shape[0], y.shape[-1])

    def backward(ctx, g):
        x, w = ctx.saved_tensors
        to_x, to_w = ctx.edges
        return (
            call(ConvInput, w, g, layout=ctx.layout, length=ctx.length) if to_x else None,
            call(ConvWeight, x, g, layout=ctx.layout, kernel=ctx.kernel) if to_w else None,
        )


class ConvInput(Function):
    """y[b, c, l] = Σ g[b, o, t] w[o, c, k] over t · stride + k · dilation = l: each g spread over its window"""

    widens = True
    saves = {"w": "g", "g": "w"}

    def forward(ctx, w, g, layout, length):
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

    def backward(ctx, h):
        w, g = ctx.saved_tensors
        to_w, to_g = ctx.edges
        return (
            call(ConvWeight, h, g, layout=ctx.layout, kernel=ctx.kernel) if to_w else None,
            call(Conv1d, h, w, layout=ctx.layout) if to_g else None,
        )


class ConvWeight(Function):
    """y[o, c, k] = Σ_{b, t} g[b, o, t] x[b, c, t · stride + k · dilation]"""

    widens = True
    saves = {"x": "g", "g": "x"}

    def forward(ctx, x, g, layout, kernel):
        ctx.layout, ctx.length = layout, x.shape[2]
        batch, outputs, steps = g.shape
        apart = g.reshape(batch, layout.groups, outputs // layout.groups, steps)
        per_sequence = np.matmul(apart, layout.windows(x, kernel)[..., :steps].mT)
        return per_sequence.sum(0).reshape(outputs, x.shape[1] // layout.groups, kernel)

    def backward(ctx, h):
        x, g = ctx.saved_tensors
        to_x, to_g = ctx.edges
        return (
            call(ConvInput, h, g, layout=ctx.layout, length=ctx.length) if to_x else None,
            call(Conv1d, x, h, layout=ctx.layout) if to_g else None,
        )


class Pad(Function):
    """y = x with `value` around it: widths (before, after) for each axis          dL/dx = the inside of dL/dy"""

    def forward(ctx, x, widths, value):
        ctx.inside = tuple(slice(before, before + n) for (before, _), n in zip(widths, x.shape, strict=True))
        return in_order(np.pad(x, widths, constant_values=value))

    def backward(ctx, g):
        return g[ctx.inside]
