"""Elman's RNN over a whole sequence: equals `cells.rnn_step` applied step by step.

With z_t = [x_t; h_{t-1}; 1] and W = [W_ih W_hh b], a step is h_t = tanh(W z_t), or relu, written into z_{t+1}.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .layout import apart, batch_major, from_outside, running, side_by_side
from .pool import Workspace, give, take


def forward(
    x: Any,
    h0: Any,
    weights: tuple[Any, ...],
    nonlinearity: str,
    reverse: bool,
    keep: bool,
    sizes: list[int] | None = None,
) -> tuple[Any, Any]:
    """Run over x (T, B, I) from h0 (B, H).

    sizes   how many sequences, counted from the first, still run at each step; ended ones keep their state

    Returns (output (T, B, H), h_T (B, H)) and what `backward` needs, None unless `keep`.
    """
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    steps, batch, features = x.shape
    hidden = h0.shape[1]
    bias = np.zeros(hidden, x.dtype) if bias_ih is None else bias_ih + bias_hh
    W = np.concatenate([weight_ih, weight_hh, bias[:, None]], 1)
    z = take((steps + 1, features + hidden + 1, batch), x.dtype)
    z[:-1, :features] = (x[::-1] if reverse else x).transpose(0, 2, 1)
    z[:, -1] = 1
    h = z[:, features:-1]  # h[t] is the state before step t
    h[0] = h0.T
    zero = np.array(0, x.dtype)
    for z_t, h_before, h_t, n in zip(z[:-1], h[:-1], h[1:], running(sizes, steps, batch), strict=True):
        np.dot(W, z_t, h_t)
        if nonlinearity == "tanh":
            np.tanh(h_t, h_t)
        else:
            np.maximum(h_t, zero, out=h_t)
        if n < batch:
            h_t[:, n:] = h_before[:, n:]
    outputs = batch_major(h[1:], reverse), h[-1].T.copy()
    if not keep:
        give(z)
        return outputs, None
    workspace = Workspace((W, z, nonlinearity, reverse, sizes))
    workspace.buffers = (z,)
    return outputs, workspace


def backward(workspace: Any, d_output: Any, d_h: Any, wants_dx: bool = True) -> tuple[Any, ...]:
    """Gradients from d_output (T, B, H) and d_h (B, H), either of them None.

    Returns dx (T, B, I) or None if it is not wanted, dh0 (B, H), dW_ih, dW_hh, and db, which is the gradient of either bias.

        da_t = φ'(a_t) dh_t,    dh_{t-1} = (gradient of output t-1) + W_hhᵀ da_t
    """
    W, z, nonlinearity, reverse, sizes = workspace
    hidden = W.shape[0]
    features = z.shape[1] - hidden - 1
    h = z[1:, features:-1]
    slope = take(h.shape, h.dtype)
    if nonlinearity == "tanh":
        np.multiply(h, h, slope)
        np.subtract(1, slope, slope)
    else:
        np.greater(h, 0, slope)
    da = from_outside(d_output, d_h, slope, reverse)  # starts as dh
    W_back = np.ascontiguousarray(W[:, features:-1].T)
    from_next = np.zeros_like(da[0])
    steps, _, batch = da.shape
    for da_t, slope_t, n in zip(da[::-1], slope[::-1], running(sizes, steps, batch)[::-1], strict=True):
        np.add(da_t, from_next, da_t)
        if n < batch:  # gradients of ended sequences pass through
            passing = da_t[:, n:].copy()
            da_t[:, n:] = 0
        np.multiply(da_t, slope_t, da_t)
        np.dot(W_back, da_t, from_next)
        if n < batch:
            from_next[:, n:] = passing
    columns, zs = side_by_side(da), side_by_side(z[:-1])
    dW = np.dot(columns, zs.T)
    dx = apart(np.dot(W[:, :features].T, columns), steps, reverse) if wants_dx else None
    give(slope, da, columns, zs)
    return dx, from_next.T.copy(), dW[:, :features], dW[:, features:-1], dW[:, -1]
