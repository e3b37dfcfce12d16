"""The LSTM over a whole sequence: equals `cells.lstm_step` applied step by step.

With z_t = [x_t; h_{t-1}; 1] and one matrix W, which is [W_ih W_hh b] times -1, for the rows of g times -2, a step is

    a = W z_t                       four blocks of rows: o, f, i, g
    D = 1 + exp(a)                  the denominators of σ(z) = 1 / (1 + e⁻ᶻ)
    g = 2 / D_g - 1                 tanh(z) = 2 σ(2z) - 1: all four gates are sigmoids, from one exp
    P = [c_{t-1}; g] / D_fi         f c_{t-1} and i g: dividing by D saves computing f and i
    c_t = P_f + P_i
    h_t = tanh(c_t) / D_o           written straight into z_{t+1}

Backward needs U = 1 / D, that is o, f, i and s = σ(2z), in g = 2s - 1. As σ' = σ (1 - σ), the four derivatives have
one form, A (1 - U), so that whole blocks of steps are done in three operations:

    ∂h/∂z_o = h (1 - o),   ∂c/∂z_f = f c_{t-1} (1 - f),   ∂c/∂z_i = i g (1 - i),   ∂c/∂z_g = 4 · i s (1 - s)

The 4 is left out here and multiplied into the matrices instead (`SQUARES`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .layout import batch_major, block_length, blocks, buffer, from_outside, running, side_by_side
from .pool import Workspace, give, take

ORDER = [3, 1, 0, 2]  # PyTorch's rows are i, f, g, o; ours o, f, i, g
BACK = [2, 1, 3, 0]  # and the way back
SCALES = np.array([-1, -1, -1, -2], np.float32)[:, None, None]
SQUARES = SCALES * SCALES


def pack(weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any) -> np.ndarray:
    """W (4H, I + H + 1), gates in our order."""
    hidden = weight_hh.shape[1]
    bias = np.zeros(4 * hidden, weight_hh.dtype) if bias_ih is None else bias_ih + bias_hh
    packed = np.concatenate([weight_ih, weight_hh, bias[:, None]], 1).reshape(4, hidden, -1).take(ORDER, 0)
    packed *= SCALES
    return packed.reshape(4 * hidden, -1)


def forward(
    x: Any, h0: Any, c0: Any, weights: tuple[Any, ...], reverse: bool, keep: bool, sizes: list[int] | None = None
) -> tuple[Any, Any]:
    """Run over x (T, B, I) from h0, c0 (B, H).

    sizes   how many sequences, counted from the first, still run at each step; ended ones keep their state

    Returns (output (T, B, H), h_T (B, H), c_T (B, H)) and what `backward` needs, None unless `keep`.
    """
    steps, batch, features = x.shape
    hidden = h0.shape[1]
    W = pack(*weights)
    z = take((steps + 1, features + hidden + 1, batch), x.dtype)
    z[:-1, :features] = (x[::-1] if reverse else x).transpose(0, 2, 1)
    z[:, -1] = 1
    h = z[:, features:-1]  # h[t] is the state before step t
    h[0] = h0.T
    D = buffer(steps, 4 * hidden, batch, x.dtype, keep)
    P = buffer(steps, 2 * hidden, batch, x.dtype, keep)
    tanh_c = buffer(steps, hidden, batch, x.dtype, keep)
    cg = np.empty((2 * hidden, batch), x.dtype)  # [c; g] of the running step
    cg[:hidden] = c0.T
    with np.errstate(over="ignore"):  # exp(a) = inf is a closed gate: 1 / inf = 0
        _run(W, z, h, D, P, tanh_c, cg, running(sizes, steps, batch))
    outputs = batch_major(h[1:], reverse), h[-1].T.copy(), cg[:hidden].T.copy()
    if not keep:
        give(z)
        return outputs, None
    workspace = Workspace((W, z, D, P, tanh_c, reverse, sizes))
    workspace.buffers = z, D, P, tanh_c
    return outputs, workspace


def _run(W: Any, z: Any, h: Any, D: Any, P: Any, tanh_c: Any, cg: Any, sizes: list[int]) -> None:
    """The steps from first to last."""
    hidden, batch = tanh_c.shape[1:]
    one, two = np.array(1, z.dtype), np.array(2, z.dtype)  # NumPy takes an array faster than a Python number
    a = np.empty((4 * hidden, batch), z.dtype)  # always in the cache
    c, g = cg[:hidden], cg[hidden:]
    dot, exp, tanh, subtract, add, divide = np.dot, np.exp, np.tanh, np.subtract, np.add, np.divide
    for z_t, D_t, D_o, D_fi, D_g, P_t, kept, stored, tc, h_t, n in zip(
        z[:-1], D, D[:, :hidden], D[:, hidden : 3 * hidden], D[:, 3 * hidden :],
        P, P[:, :hidden], P[:, hidden:], tanh_c, h[1:], sizes, strict=True,
    ):  # fmt: skip
        if n < batch:
            ended = c[:, n:].copy()
        dot(W, z_t, a)
        exp(a, a)
        add(a, one, D_t)
        divide(two, D_g, g)
        subtract(g, one, g)
        divide(cg, D_fi, P_t)
        add(kept, stored, c)
        tanh(c, tc)
        divide(tc, D_o, h_t)
        if n < batch:
            c[:, n:] = ended
            h_t[:, n:] = z_t[-1 - hidden : -1, n:]


def backward(workspace: Any, d_output: Any, d_h: Any, d_c: Any, wants_dx: bool = True) -> tuple[Any, ...]:
    """Gradients from d_output (T, B, H), d_h and d_c (B, H), any of them None.

    Returns dx (T, B, I) or None if it is not wanted, dh0, dc0 (B, H), dW_ih, dW_hh, and db, which is the gradient of either bias.

    The steps are taken in blocks, last first: what does not depend on the gradient is computed for a block at
    once, then the steps run, then the block's share of dW and dx follows while its numbers are still in the cache.
    """
    W, z, D, P, tanh_c, reverse, sizes = workspace
    steps, hidden, batch = tanh_c.shape
    features = z.shape[1] - hidden - 1
    W = (W.reshape(4, hidden, -1) * SCALES).reshape(W.shape)  # [W_ih W_hh b], the rows of g times 4
    W_x, W_h = W[:, :features].T, np.ascontiguousarray(W[:, features:-1].T)
    dh_all = from_outside(d_output, d_h, tanh_c, reverse)
    d = np.zeros((4 * hidden, batch), z.dtype)  # [dh; dc; dc; dc], what the four gates are multiplied by
    if d_c is not None:
        d[hidden : 2 * hidden] = d_c.T
    dx = np.empty((steps, batch, features), z.dtype) if wants_dx else None
    dW: Any = 0
    counts = running(sizes, steps, batch)
    length = block_length(steps, 4 * hidden * batch)
    U, local, rest = [take((length, 4 * hidden, batch), z.dtype) for _ in range(3)]
    slope = take((length, hidden, batch), z.dtype)
    for block in blocks(steps, length):
        n = block.stop - block.start
        np.divide(1, D[block], U[:n])
        h = z[block.start + 1 : block.stop + 1, features:-1]
        _local_derivatives(U[:n], P[block], h, tanh_c[block], local[:n], slope[:n], rest[:n])
        _run_back(W_h, U[:n, hidden : 2 * hidden], local[:n], slope[:n], dh_all[block], d, counts[block])
        columns, zs = side_by_side(local[:n]), side_by_side(z[block])
        dW = dW + np.dot(columns, zs.T)
        if dx is not None:
            dx[block] = np.dot(W_x, columns).reshape(features, n, batch).transpose(1, 2, 0)
        give(columns, zs)
    give(U, local, rest, slope, dh_all)
    dW = (dW.reshape(4, hidden, -1) * SQUARES).take(BACK, 0).reshape(4 * hidden, -1)
    dx = dx[::-1] if dx is not None and reverse else dx
    dh0, dc0 = d[:hidden].T.copy(), d[hidden : 2 * hidden].T.copy()
    return dx, dh0, dc0, dW[:, :features], dW[:, features:-1], dW[:, -1]


def _local_derivatives(U: Any, P: Any, h: Any, tanh_c: Any, local: Any, slope: Any, rest: Any) -> None:
    """What does not depend on the gradient, for a block of steps: `local` = A (1 - U), the derivatives of h by z_o and
    of c by z_f, z_i, z_g; `slope` = ∂h/∂c = o (1 - tanh² c) = o - h tanh c."""
    hidden = h.shape[1]
    o, i, s = U[:, :hidden], U[:, 2 * hidden : 3 * hidden], U[:, 3 * hidden :]
    to_g = local[:, 3 * hidden :]
    np.subtract(1, U, rest)
    np.multiply(h, rest[:, :hidden], local[:, :hidden])
    np.multiply(P, rest[:, hidden : 3 * hidden], local[:, hidden : 3 * hidden])
    np.multiply(i, s, to_g)
    np.multiply(to_g, rest[:, 3 * hidden :], to_g)
    np.multiply(h, tanh_c, slope)
    np.subtract(o, slope, slope)


def _run_back(W_h: Any, f: Any, local: Any, slope: Any, dh_all: Any, d: Any, sizes: list[int]) -> None:
    """A block of steps from last to first; `local` becomes dz, `d` = [dh; dc; dc; dc] the gradients of the state before.

    dh_t = (gradient of output t) + W_hᵀ dz_{t+1}
    dc_t = f_{t+1} dc_{t+1} + dh_t ∂h/∂c
    dz = [dh_t; dc_t; dc_t; dc_t] · local
    """
    hidden, batch = dh_all.shape[1:]
    dh, dc, copies = d[:hidden], d[hidden : 2 * hidden], d[2 * hidden :].reshape(2, hidden, batch)
    through_h = np.empty_like(dc)
    dot, multiply, add, copyto = np.dot, np.multiply, np.add, np.copyto
    for from_output, slope_t, dz, f_t, n in zip(
        dh_all[::-1], slope[::-1], local[::-1], f[::-1], sizes[::-1], strict=True
    ):
        add(dh, from_output, dh)
        if n < batch:  # gradients of ended sequences pass through
            passing = dh[:, n:].copy(), dc[:, n:].copy()
        multiply(dh, slope_t, through_h)
        add(dc, through_h, dc)
        copyto(copies, dc)
        multiply(dz, d, dz)
        if n < batch:
            dz[:, n:] = 0
        dot(W_h, dz, dh)
        multiply(dc, f_t, dc)
        if n < batch:
            dh[:, n:], dc[:, n:] = passing
