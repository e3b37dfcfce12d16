"""The LSTM over a whole sequence: equals `cells.lstm_step` applied step by step.

With z_t = [x_t; h_{t-1}; 1] and one matrix W = [W_ih W_hh b], a step is

    a = W z_t                                   four blocks of rows: o, f, i, g
    o, f, i = 1 / (1 + exp(a)),  g = tanh(a)    σ(a) = 1 / (1 + e⁻ᵃ), the minus folded into W
    c_t = f c_{t-1} + i g                       [f; i] times [c_{t-1}; g], one product
    h_t = o tanh(c_t)                           written straight into z_{t+1}

The gates stand in the order o, f, i, g so that the three sigmoids are one block, and the three that act on c too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .layout import batch_major, buffer, feature_major, running, side_by_side
from .pool import Workspace, give, take

BLOCK = 2**18  # numbers in the gates of a block of steps: they stay in the cache
ORDER = (3, 1, 0, 2)  # PyTorch's rows are i, f, g, o; ours o, f, i, g


def pack(weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any) -> np.ndarray:
    """W = [W_ih W_hh b] (4H, I + H + 1), gates in our order, the three sigmoid gates negated."""
    hidden = weight_hh.shape[1]
    bias = np.zeros(4 * hidden, weight_hh.dtype) if bias_ih is None else bias_ih + bias_hh
    packed = np.concatenate([weight_ih, weight_hh, bias[:, None]], 1)
    packed = packed.reshape(4, hidden, -1)[list(ORDER)]
    np.negative(packed[:3], packed[:3])
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
    keeps = keep or sizes is not None
    sigmoids = buffer(steps, 3 * hidden, batch, x.dtype, keeps)
    cg = buffer(steps + 1, 2 * hidden, batch, x.dtype, keeps)  # [c_{t-1}; g_t]
    tanh_c = buffer(steps, hidden, batch, x.dtype, keeps)
    cg[0, :hidden] = c0.T
    with np.errstate(over="ignore"):  # exp(a) = inf is a closed gate: 1 / inf = 0
        _run(W, z, h, sigmoids, cg, tanh_c, running(sizes, steps, batch))
    outputs = batch_major(h[1:], reverse), h[-1].T.copy(), cg[-1, :hidden].T.copy()
    if not keep:
        give(z)
        return outputs, None
    workspace = Workspace((W, z, sigmoids, cg, tanh_c, reverse, sizes))
    workspace.buffers = z, sigmoids, cg, tanh_c
    return outputs, workspace


def _run(W: Any, z: Any, h: Any, sigmoids: Any, cg: Any, tanh_c: Any, sizes: list[int]) -> None:
    """The steps from first to last."""
    steps, hidden, batch = tanh_c.shape
    one = np.array(1, z.dtype)  # NumPy takes an array faster than a Python number
    a = np.empty((4 * hidden, batch), z.dtype)  # pre-activations, always in the cache
    a_sigmoids, a_g = a[: 3 * hidden], a[3 * hidden :]
    products = np.empty((2 * hidden, batch), z.dtype)
    kept, stored = products[:hidden], products[hidden:]  # f c_{t-1} and i g
    dot, exp, tanh, multiply, add, divide = np.dot, np.exp, np.tanh, np.multiply, np.add, np.divide
    for z_t, s, o_t, fi, cg_t, g_t, c_t, tc, h_t, n in zip(
        z[:-1], sigmoids, sigmoids[:, :hidden], sigmoids[:, hidden:], cg[:-1], cg[:-1, hidden:], cg[1:, :hidden],
        tanh_c, h[1:], sizes, strict=True,
    ):  # fmt: skip
        dot(W, z_t, a)
        exp(a_sigmoids, s)
        add(s, one, s)
        divide(one, s, s)
        tanh(a_g, g_t)
        multiply(fi, cg_t, products)
        add(kept, stored, c_t)
        tanh(c_t, tc)
        multiply(o_t, tc, h_t)
        if n < batch:
            c_t[:, n:] = cg_t[:hidden, n:]
            h_t[:, n:] = z_t[-1 - hidden : -1, n:]


def backward(workspace: Any, d_output: Any, d_h: Any, d_c: Any, wants_dx: bool = True) -> tuple[Any, ...]:
    """Gradients from d_output (T, B, H), d_h and d_c (B, H), any of them None.

    Returns dx (T, B, I) or None if it is not wanted, dh0, dc0 (B, H), dW_ih, dW_hh, and db, which is the gradient of either bias.

    The steps are taken in blocks, last first: what does not depend on the gradient is computed for a block at
    once, then the steps run, then the block's share of dW and dx follows while its numbers are still in the cache.
    """
    W, z, sigmoids, cg, tanh_c, reverse, sizes = workspace
    steps, hidden, batch = tanh_c.shape
    features = z.shape[1] - hidden - 1
    W = W.copy()
    np.negative(W[: 3 * hidden], W[: 3 * hidden])  # the folded minus
    W_x, W_h = np.ascontiguousarray(W[:, :features].T), np.ascontiguousarray(W[:, features:-1].T)
    dh_all = _all_dh(d_output, d_h, tanh_c, reverse)
    dh = np.zeros((hidden, batch), z.dtype)
    dc = np.zeros((hidden, batch), z.dtype) if d_c is None else np.ascontiguousarray(d_c.T)
    dx = np.empty((steps, batch, features), z.dtype) if wants_dx else None
    dW = np.zeros_like(W)
    counts = running(sizes, steps, batch)
    length = max(1, min(steps, BLOCK // (4 * hidden * batch)))
    local, slope = take((length, 4 * hidden, batch), z.dtype), take((length, hidden, batch), z.dtype)
    for end in range(steps, 0, -length):
        block = slice(max(0, end - length), end)
        n = block.stop - block.start
        da = local[:n]
        _local_derivatives(sigmoids[block], cg[block], tanh_c[block], da, slope[:n])
        _run_back(W_h, sigmoids[block, hidden : 2 * hidden], da, slope[:n], dh_all[block], dh, dc, counts[block])
        columns = side_by_side(da)
        zs = side_by_side(z[block])
        dW += np.dot(columns, zs.T)
        if dx is not None:
            dx[block] = np.dot(W_x, columns).reshape(features, n, batch).transpose(1, 2, 0)
        give(columns, zs)
    give(local, slope, dh_all)
    dW = dW.reshape(4, hidden, -1)[[ORDER.index(k) for k in range(4)]].reshape(4 * hidden, -1)  # back to i, f, g, o
    dx = dx[::-1] if dx is not None and reverse else dx
    return dx, dh.T.copy(), dc.T.copy(), dW[:, :features], dW[:, features:-1], dW[:, -1]


def _all_dh(d_output: Any, d_h: Any, tanh_c: Any, reverse: bool) -> Any:
    """What each h_t receives from outside the layer, (T, H, B)."""
    if d_output is None:
        dh_all = take(tanh_c.shape, tanh_c.dtype)
        dh_all[...] = 0
    else:
        dh_all = feature_major(d_output, reverse)
    if d_h is not None:
        dh_all[-1] += d_h.T
    return dh_all


def _local_derivatives(sigmoids: Any, cg: Any, tanh_c: Any, local: Any, slope: Any) -> None:
    """What does not depend on the gradient, for a block of steps: ∂h/∂a_o, ∂c/∂a_f, ∂c/∂a_i, ∂c/∂a_g into `local`,
    ∂h/∂c into `slope`."""
    hidden = tanh_c.shape[1]
    o, i, g = sigmoids[:, :hidden], sigmoids[:, 2 * hidden :], cg[:, hidden:]
    to_o, to_fi, to_g = local[:, :hidden], local[:, hidden : 3 * hidden], local[:, 3 * hidden :]
    slopes = local[:, : 3 * hidden]
    np.multiply(sigmoids, sigmoids, slopes)
    np.subtract(sigmoids, slopes, slopes)  # σ' = σ - σ²
    to_o *= tanh_c
    to_fi *= cg
    np.multiply(g, g, to_g)
    to_g *= i
    np.subtract(i, to_g, to_g)  # i (1 - g²)
    np.multiply(tanh_c, tanh_c, slope)
    slope *= o
    np.subtract(o, slope, slope)  # o (1 - tanh² c)


def _run_back(W_h: Any, f: Any, local: Any, slope: Any, dh_all: Any, dh: Any, dc: Any, sizes: list[int]) -> None:
    """A block of steps from last to first; `local` becomes da, `dh` and `dc` the gradients of the state before.

    dh_t = (gradient of output t) + W_hᵀ da_{t+1}
    dc_t = f_{t+1} dc_{t+1} + dh_t ∂h/∂c
    da_o = dh_t ∂h/∂a_o,    da_f, da_i, da_g = dc_t ∂c/∂a
    """
    steps, hidden, batch = dh_all.shape
    scratch = np.empty_like(dc)
    by_c = local[:, hidden:].reshape(steps, 3, hidden, batch)
    dot, multiply, add = np.dot, np.multiply, np.add
    for from_output, slope_t, o_part, c_part, da, f_t, n in zip(
        dh_all[::-1], slope[::-1], local[::-1, :hidden], by_c[::-1], local[::-1], f[::-1], sizes[::-1], strict=True
    ):
        add(dh, from_output, dh)
        if n < batch:  # gradients of ended sequences pass through
            passing = dh[:, n:].copy(), dc[:, n:].copy()
        multiply(dh, slope_t, scratch)
        add(dc, scratch, dc)
        multiply(o_part, dh, o_part)
        multiply(c_part, dc, c_part)
        if n < batch:
            da[:, n:] = 0
        dot(W_h, da, dh)
        multiply(dc, f_t, dc)
        if n < batch:
            dh[:, n:], dc[:, n:] = passing
