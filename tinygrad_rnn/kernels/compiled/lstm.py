"""The twin of kernels/lstm.py, whose functions say what goes in and comes out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layout import Array
from ..lstm import are_few, few_steps
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
    sizes: list[int] | None = None,
) -> tuple[tuple[Array, ...], TwinLease | None]:  # fmt: skip
    if not for_backward and are_few(x, sizes):  # two products and ten small calls, of which a loop would save little
        return few_steps(x, states, weights, reverse), None
    (h0, c0), (w_ih, w_hh) = states, map(plain, weights[:2])
    T, B, H = *x.shape[:2], h0.shape[1]
    x, b, running = plain(x, reverse), summed_bias(weights[2], weights[3], w_hh), counts(sizes, T, B)
    length = block_length(T, B, 4 * B * H)
    gemm, W = GEMM[x.dtype], laid(w_hh, T)
    kept = T if for_backward else 1  # c has one more, as it is read and written
    shapes = ("h", (T + 1, B, H)), ("c", (kept + 1, B, H)), ("tanh_c", (kept, B, H)), ("u", (B, 4, H))
    space = Space.take(x.dtype, ("a", (T if for_backward else length, B, 4, H)), *shapes)
    space.h[0], space.c[0] = h0, c0
    for block in in_order(T, length):
        n = block.stop - block.start
        kept = slice(block.start, block.stop) if for_backward else slice(0, 1)
        a = from_x(x[block], w_ih, space.a[block if for_backward else slice(0, n)])
        h, c = space.h[block.start : block.stop + 1], space.c[kept.start : kept.stop + 1]
        loops.lstm_forward(gemm, a, b, *W, h, c, space.tanh_c[kept], space.u, running[block])
        if not for_backward:
            c[0] = c[n % 2]
    h, end = space.h[1:], space.c[-1 if for_backward else 0].copy()
    outputs = (h[::-1] if reverse else h).copy(), h[-1].copy(), end
    if for_backward:
        return outputs, TwinLease((space, x, w_ih, w_hh, reverse, running))
    space.give()
    return outputs, None


def backward(
    lease: Any, d_output: Array | None, d_h: Array | None, d_c: Array | None, wants_dx: bool = True
) -> tuple[Array | None, ...]:
    forward, x, w_ih, w_hh, reverse, running = lease
    T, B, H = forward.tanh_c.shape
    length = block_length(T, B, 4 * B * H)
    space = Space.take(x.dtype, ("d", (length, B, 4, H)))
    outside, dW_hh = from_outside(d_output, d_h, (T, B, H), x.dtype, reverse), np.zeros_like(w_hh)
    dh, dc = np.zeros((B, H), x.dtype), np.zeros((B, H), x.dtype)
    if d_c is not None:
        dc += d_c
    of_x = FromX(x, w_ih, wants_dx)
    for block in blocks(0, T, length):
        a, c, tanh_c, d = forward.a[block], forward.c[block], forward.tanh_c[block], space.d[: block.stop - block.start]
        loops.lstm_backward(GEMM[x.dtype], a, w_hh, c, tanh_c, outside[block], d, dh, dc, running[block])
        dW_hh += summed(of_x.add(block, d), forward.h[block])
    space.give()
    return of_x.given(reverse), dh, dc, of_x.dW, dW_hh, of_x.db, of_x.db.copy()
