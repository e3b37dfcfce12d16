"""The twin of kernels/rnn.py, whose functions say what goes in and comes out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layout import Array
from ..workspace import TwinLease
from . import loops
from .around import (
    GEMM,
    FromX,
    Space,
    block_length,
    blocks,
    counts,
    from_outside,
    from_x,
    in_order,
    laid,
    plain,
    summed,
    summed_bias,
)  # fmt: skip


def forward(
    x: Array, states: tuple[Array, ...], weights: tuple[Any, ...], reverse: bool, for_backward: bool,
    sizes: list[int] | None = None, nonlinearity: str = "tanh",
) -> tuple[tuple[Array, ...], TwinLease | None]:  # fmt: skip
    (h0,), (w_ih, w_hh) = states, map(plain, weights[:2])
    T, B, H = *x.shape[:2], h0.shape[1]
    x, b, running = plain(x, reverse), summed_bias(weights[2], weights[3], w_hh)[0], counts(sizes, T, B)
    gemm, W, bends = GEMM[x.dtype], laid(w_hh, T), nonlinearity == "tanh"
    length = block_length(T, B, B * H)
    space = Space.take(x.dtype, ("a", (length, B, H)), ("h", (T + 1, B, H)), ("u", (B, H)))
    space.h[0] = h0
    for block in in_order(T, length):
        a = from_x(x[block], w_ih, space.a[: block.stop - block.start])
        loops.rnn_forward(gemm, a, b, *W, space.h[block.start : block.stop + 1], space.u, running[block], bends)
    h = space.h[1:]
    outputs = (h[::-1] if reverse else h).copy(), h[-1].copy()
    if for_backward:
        return outputs, TwinLease((space, x, w_ih, w_hh, reverse, running, bends))
    space.give()
    return outputs, None


def backward(lease: Any, d_output: Array | None, d_h: Array | None, wants_dx: bool = True) -> tuple[Array | None, ...]:
    forward, x, w_ih, w_hh, reverse, running, bends = lease
    T, B, H = len(x), *forward.h.shape[1:]
    length = block_length(T, B, B * H)
    space = Space.take(x.dtype, ("d", (length, B, 1, H)))
    outside = from_outside(d_output, d_h, (T, B, H), x.dtype, reverse)
    dh, dW_hh = np.zeros((B, H), x.dtype), np.zeros_like(w_hh)
    of_x = FromX(x, w_ih, wants_dx)
    for block in blocks(0, T, length):
        d, h = space.d[: block.stop - block.start], forward.h[block.start : block.stop + 1]
        loops.rnn_backward(GEMM[x.dtype], w_hh, h, outside[block], d, dh, running[block], bends)
        dW_hh += summed(of_x.add(block, d), h[:-1])
    space.give()
    return of_x.given(reverse), dh, of_x.dW, dW_hh, of_x.db, of_x.db.copy()
