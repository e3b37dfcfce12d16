"""The twin of kernels/gru.py, whose functions say what goes in and comes out.

update="write" is the loop for "keep" with W_z and b_z negated, since 1 - σ(a) = σ(-a), and their gradients negated back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layout import Array
from ..workspace import TwinLease
from . import loops
from .around import (
    GEMM,
    MANY,
    FromX,
    Space,
    block_length,
    blocks,
    column_sums,
    counts,
    from_outside,
    from_x,
    in_order,
    laid,
    plain,
    summed,
)  # fmt: skip


def forward(
    x: Array, states: tuple[Array, ...], weights: tuple[Any, ...], reverse: bool, for_backward: bool,
    sizes: list[int] | None = None, reset: str = "after", update: str = "keep",
) -> tuple[tuple[Array, ...], TwinLease | None]:  # fmt: skip
    (h0,), before = states, reset == "before"
    T, B, H = *x.shape[:2], h0.shape[1]
    w_ih, w_hh, b, b_n = _pack(*weights, before=before, write=update == "write")
    x, running = plain(x, reverse), counts(sizes, T, B)
    length, gemm = block_length(T, B, 3 * B * H), GEMM[x.dtype]
    parts = (w_hh[: 2 * H], w_hh[2 * H :]) if before else (w_hh,)
    Ws, turned = [laid(W, T)[0] for W in parts], T < MANY
    kept = T if for_backward else 1
    shapes = ("h", (T + 1, B, H)), ("inner", (kept, B, H)), ("u", (B, 2 if before else 3, H)), ("v", (B, H))
    space = Space.take(x.dtype, ("a", (T if for_backward else length, B, 3, H)), *shapes)
    space.h[0] = h0
    for block in in_order(T, length):
        a = from_x(x[block], w_ih, space.a[block if for_backward else slice(0, block.stop - block.start)])
        h, inner = space.h[block.start : block.stop + 1], space.inner[block if for_backward else slice(0, 1)]
        if before:
            loops.gru_before_forward(gemm, a, b, *Ws, turned, h, inner, space.u, space.v, running[block])
        else:
            loops.gru_forward(gemm, a, b, b_n, *Ws, turned, h, inner, space.u, running[block])
    h = space.h[1:]
    outputs = (h[::-1] if reverse else h).copy(), h[-1].copy()
    if for_backward:
        return outputs, TwinLease((space, x, w_ih, w_hh, before, update == "write", reverse, running))
    space.give()
    return outputs, None


def _pack(w_ih: Any, w_hh: Any, bias_ih: Any, bias_hh: Any, before: bool, write: bool) -> tuple[Array, ...]:
    """W_ih, W_hh, the bias by gate (3, H) and b_hn, which stands alone where the reset gate comes after it."""
    H = w_hh.shape[1]
    b, b_n = np.zeros((3, H), w_hh.dtype), np.zeros(H, w_hh.dtype)
    if bias_ih is not None:
        of_h = bias_hh.reshape(3, H)
        b += bias_ih.reshape(3, H)
        b[:2] += of_h[:2]
        (b[2] if before else b_n)[...] += of_h[2]
    if write:
        w_ih, w_hh = w_ih.copy(), w_hh.copy()
        _negate_z(w_ih, w_hh, b.reshape(-1))
    return plain(w_ih), plain(w_hh), b, b_n


def _negate_z(*arrays: Array) -> None:
    for a in arrays:
        H = len(a) // 3
        a[H : 2 * H] *= -1


def backward(lease: Any, d_output: Array | None, d_h: Array | None, wants_dx: bool = True) -> tuple[Array | None, ...]:
    forward, x, w_ih, w_hh, before, write, reverse, running = lease
    T, B, H = forward.inner.shape
    length, gemm = block_length(T, B, 3 * B * H), GEMM[x.dtype]
    shapes = ("d_h", (length, B, 3, H)), ("kept", (B, H)), ("d_rz", (B, 2, H)), ("d_n", (B, H))
    space = Space.take(x.dtype, ("d", (length, B, 3, H)), *shapes)
    space.kept[...] = 0
    outside, dh = from_outside(d_output, d_h, (T, B, H), x.dtype, reverse), np.zeros((B, H), x.dtype)
    dW_hh, db_hh = np.zeros_like(w_hh), np.zeros(3 * H, x.dtype)
    of_x = FromX(x, w_ih, wants_dx)
    for block in blocks(0, T, length):
        n = block.stop - block.start
        a, h, inner, d = forward.a[block], forward.h[block], forward.inner[block], space.d[:n]
        if before:
            W_rz, W_n = w_hh[: 2 * H], w_hh[2 * H :]
            scratch = space.d_rz, space.d_n, dh, space.kept
            loops.gru_before_backward(gemm, a, W_rz, W_n, h, inner, outside[block], d, *scratch, running[block])
            rows = of_x.add(block, d)
            dW_hh[: 2 * H] += summed(rows[:, : 2 * H], h)
            dW_hh[2 * H :] += summed(rows[:, 2 * H :], inner)
            db_hh = of_x.db.copy()
        else:
            loops.gru_backward(
                gemm, a, w_hh, h, inner, outside[block], d, space.d_h[:n], dh, space.kept, running[block]
            )
            of_x.add(block, d)
            rows = space.d_h[:n].reshape(-1, 3 * H)
            dW_hh += summed(rows, h)
            db_hh += column_sums(rows)
    dh += space.kept
    space.give()
    if write:
        _negate_z(of_x.dW, of_x.db, dW_hh, db_hh)
    return of_x.given(reverse), dh, of_x.dW, dW_hh, of_x.db, db_hh
