"""The LSTM over a whole sequence: equals `cells.lstm_step` applied step by step.

With z_t = [x_t; h_{t-1}; 1] and one matrix W = [W_ih W_hh b], a step is

    a = W z_t                                   four blocks of rows: o, i, f, g
    o, i, f = ½ tanh(a) + ½,  g = tanh(a)       σ(a) = ½ tanh(½ a) + ½, the inner ½ folded into W
    c_t = f c_{t-1} + i g
    h_t = o tanh(c_t)                           written straight into z_{t+1}

The gates stand in the order o, i, f, g so that the three sigmoids are one block and the three that act on c too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .layout import apart, batch_major, buffer, feature_major, half, running, side_by_side
from .pool import Workspace, give, take

ORDER = (3, 0, 1, 2)  # PyTorch's rows are i, f, g, o; ours o, i, f, g


def pack(weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any) -> np.ndarray:
    """W = [W_ih W_hh b] (4H, I + H + 1), gates in our order, the three sigmoid gates halved."""
    hidden = weight_hh.shape[1]
    bias = np.zeros(4 * hidden, weight_hh.dtype) if bias_ih is None else bias_ih + bias_hh
    packed = np.concatenate([weight_ih, weight_hh, bias[:, None]], 1)
    packed = packed.reshape(4, hidden, -1)[list(ORDER)]
    packed[:3] *= half(packed.dtype)
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
    gates = buffer(steps, 4 * hidden, batch, x.dtype, keeps)
    c = buffer(steps + 1, hidden, batch, x.dtype, keeps)
    tanh_c = buffer(steps, hidden, batch, x.dtype, keeps)
    c[0] = c0.T
    _run(W, z, h, gates, c, tanh_c, running(sizes, steps, batch))
    outputs = batch_major(h[1:], reverse), h[-1].T.copy(), c[-1].T.copy()
    if not keep:
        give(z)
        return outputs, None
    workspace = Workspace((W, z, gates, c, tanh_c, reverse, sizes))
    workspace.buffers = z, gates, c, tanh_c
    return outputs, workspace


def _run(W: Any, z: Any, h: Any, gates: Any, c: Any, tanh_c: Any, sizes: list[int]) -> None:
    """The steps from first to last."""
    hidden, batch = c.shape[1:]
    half_ = half(c.dtype)
    scratch = np.empty_like(c[0])
    sigmoids = gates[:, : 3 * hidden]
    o, i, f, g = (gates[:, k * hidden : (k + 1) * hidden] for k in range(4))
    dot, tanh, multiply, add = np.dot, np.tanh, np.multiply, np.add
    for z_t, a, s, o_t, i_t, f_t, g_t, c_before, c_t, tc, h_before, h_t, n in zip(
        z[:-1], gates, sigmoids, o, i, f, g, c[:-1], c[1:], tanh_c, h[:-1], h[1:], sizes, strict=True
    ):
        dot(W, z_t, a)
        tanh(a, a)
        multiply(s, half_, s)
        add(s, half_, s)
        multiply(f_t, c_before, c_t)
        multiply(i_t, g_t, scratch)
        add(c_t, scratch, c_t)
        tanh(c_t, tc)
        multiply(o_t, tc, h_t)
        if n < batch:
            c_t[:, n:] = c_before[:, n:]
            h_t[:, n:] = h_before[:, n:]


def backward(workspace: Any, d_output: Any, d_h: Any, d_c: Any) -> tuple[Any, ...]:
    """Gradients from d_output (T, B, H), d_h and d_c (B, H), any of them None.

    Returns dx (T, B, I), dh0, dc0 (B, H), dW_ih, dW_hh, and db, which is the gradient of either bias.
    """
    W, z, gates, c, tanh_c, reverse, sizes = workspace
    steps, _, batch = gates.shape
    hidden = c.shape[1]
    features = z.shape[1] - hidden - 1
    local, dh_to_dc = _local_derivatives(gates, c, tanh_c)
    dh_all = np.zeros_like(tanh_c) if d_output is None else feature_major(d_output, reverse)
    if d_h is not None:
        dh_all[-1] += d_h.T
    dc = np.zeros((hidden, batch), c.dtype) if d_c is None else np.ascontiguousarray(d_c.T)
    W = W.copy()
    W[: 3 * hidden] *= np.array(2, W.dtype)  # the folded ½ stands in `local` instead
    dh = _run_back(
        W[:, features:-1], gates[:, 2 * hidden : 3 * hidden], local, dh_to_dc, dh_all, dc, running(sizes, steps, batch)
    )
    da = side_by_side(local)  # `local` now holds the gradients of the pre-activations
    dx = np.dot(W[:, :features].T, da)
    zs = side_by_side(z[:-1])
    dW = np.dot(da, zs.T).reshape(4, hidden, -1)
    give(local, dh_to_dc, dh_all, da, zs)
    dW = dW[[ORDER.index(k) for k in range(4)]].reshape(4 * hidden, -1)  # back to i, f, g, o
    return apart(dx, steps, reverse), dh.T.copy(), dc.T.copy(), dW[:, :features], dW[:, features:-1], dW[:, -1]


def _local_derivatives(gates: Any, c: Any, tanh_c: Any) -> tuple[Any, Any]:
    """What does not depend on the gradient: ∂h/∂a_o, ∂c/∂a_i, ∂c/∂a_f, ∂c/∂a_g as (T, 4H, B), and ∂h/∂c."""
    hidden = c.shape[1]
    local = take(gates.shape, gates.dtype)
    o, i, f, g = (gates[:, k * hidden : (k + 1) * hidden] for k in range(4))
    sigmoids, slopes = gates[:, : 3 * hidden], local[:, : 3 * hidden]
    np.multiply(sigmoids, sigmoids, slopes)
    np.subtract(sigmoids, slopes, slopes)  # σ' = σ - σ²
    to_o, to_i, to_f, to_g = (local[:, k * hidden : (k + 1) * hidden] for k in range(4))
    to_o *= tanh_c
    to_i *= g
    to_f *= c[:-1]
    np.multiply(g, g, to_g)
    to_g *= i
    np.subtract(i, to_g, to_g)  # i (1 - g²)
    dh_to_dc = take(tanh_c.shape, tanh_c.dtype)
    np.multiply(tanh_c, tanh_c, dh_to_dc)
    dh_to_dc *= o
    np.subtract(o, dh_to_dc, dh_to_dc)  # o (1 - tanh² c)
    return local, dh_to_dc


def _run_back(W_h: Any, f: Any, local: Any, dh_to_dc: Any, dh_all: Any, dc: Any, sizes: list[int]) -> Any:
    """The steps from last to first; `local` becomes da, `dc` the gradient of c0; returns that of h0.

    dh_t = (gradient of output t) + W_hᵀ da_{t+1}
    dc_t = f_{t+1} dc_{t+1} + dh_t ∂h/∂c
    da_o = dh_t ∂h/∂a_o,    da_i, da_f, da_g = dc_t ∂c/∂a
    """
    steps, hidden, batch = dh_all.shape
    W_back = np.ascontiguousarray(W_h.T)
    from_next = np.zeros((hidden, batch), dc.dtype)
    scratch = np.empty_like(dc)
    by_c = local[:, hidden:].reshape(steps, 3, hidden, batch)
    dot, multiply, add = np.dot, np.multiply, np.add
    for dh, slope, o_part, c_part, da, f_t, n in zip(
        dh_all[::-1], dh_to_dc[::-1], local[::-1, :hidden], by_c[::-1], local[::-1], f[::-1], sizes[::-1], strict=True
    ):
        add(dh, from_next, dh)
        if n < batch:  # gradients of ended sequences pass through
            passing = dh[:, n:].copy(), dc[:, n:].copy()
        multiply(dh, slope, scratch)
        add(dc, scratch, dc)
        multiply(o_part, dh, o_part)
        multiply(c_part, dc, c_part)
        if n < batch:
            da[:, n:] = 0
        dot(W_back, da, from_next)
        multiply(dc, f_t, dc)
        if n < batch:
            from_next[:, n:], dc[:, n:] = passing
    return from_next
