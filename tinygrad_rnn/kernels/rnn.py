"""Elman's RNN over a whole sequence: equals `cells.rnn_transition` applied step by step.

With z_t = [x_t; h_{t-1}; 1] and W = [W_ih W_hh b], a step is h_t = tanh(W z_t), or relu, written into z_{t+1}.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .layout import Array, apart, batch_major, each_step, feature_major, from_outside, running, side_by_side
from .workspace import Lease, Workspace


class ForwardSpace(Workspace):
    """What forward writes, from the start state at z[0] on."""

    def __init__(self, steps: int, batch: int, features: int, hidden: int, dtype: np.dtype):
        self.z = z = np.empty((steps + 1, features + hidden + 1, batch), dtype)
        self.h = h = z[:, features:-1]  # h[t] is the state before step t
        z[:, -1] = 1
        self.views: list[tuple[Array, ...]] = each_step(steps, z[:-1], h[:-1], h[1:])


def rnn_forward(
    x: Array, states: tuple[Array, ...], weights: tuple[Any, ...], reverse: bool, for_backward: bool,
    sizes: list[int] | None = None, nonlinearity: str = "tanh",
) -> tuple[tuple[Array, ...], Lease | None]:  # fmt: skip
    """Run over x (T, B, I) from the state h0 (B, H).

    sizes   how many sequences, counted from the first, still run at each step; ended ones keep their state

    Returns (output (T, B, H), h_T (B, H)) and what `rnn_backward` needs, None unless `for_backward`.
    """
    (h0,) = states
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    steps, batch, features = x.shape
    hidden = h0.shape[1]
    bias = np.zeros(hidden, x.dtype) if bias_ih is None else bias_ih + bias_hh
    W = np.concatenate([weight_ih, weight_hh, bias[:, None]], 1)
    space = ForwardSpace.take(steps, batch, features, hidden, x.dtype)
    feature_major(x, space.z[:-1, :features], reverse)
    space.h[0] = h0.T
    zero, dot, tanh, bends = np.array(0, x.dtype), W.dot, np.tanh, nonlinearity == "tanh"
    for (z_t, h_before, h_t), n in zip(space.views, running(sizes, steps, batch), strict=True):
        dot(z_t, h_t)
        if bends:
            tanh(h_t, h_t)
        else:
            np.maximum(h_t, zero, out=h_t)
        if n < batch:
            h_t[:, n:] = h_before[:, n:]
    outputs = batch_major(space.h[1:], reverse), space.h[-1].T.copy()
    if for_backward:
        return outputs, Lease((space, W, bends, reverse, sizes))
    space.give()
    return outputs, None


class BackwardSpace(Workspace):
    """What backward writes: `da` starts as the gradients of h and becomes those of the pre-activations."""

    def __init__(self, steps: int, batch: int, features: int, hidden: int, dtype: np.dtype):
        self.da, self.slope = [np.empty((steps, hidden, batch), dtype) for _ in range(2)]
        self.da_columns: np.ndarray = np.empty(steps * hidden * batch, dtype)
        self.z_columns: np.ndarray = np.empty(steps * (features + hidden + 1) * batch, dtype)
        self.from_next: np.ndarray = np.empty((hidden, batch), dtype)
        self.views: list[tuple[Array, ...]] = each_step(steps, self.da, self.slope)


def rnn_backward(
    lease: Any, d_output: Array | None, d_h: Array | None, wants_dx: bool = True
) -> tuple[Array | None, ...]:
    """Gradients from d_output (T, B, H) and d_h (B, H), either of them None.

    Returns dx (T, B, I) or None if it is not wanted, dh0 (B, H), dW_ih, dW_hh, and the gradient of each bias.

        da_t = φ'(a_t) dh_t,    dh_{t-1} = (gradient of output t-1) + W_hhᵀ da_t
    """
    forward, W, bends, reverse, sizes = lease
    h, hidden = forward.h[1:], W.shape[0]
    steps, _, batch = h.shape
    features = W.shape[1] - hidden - 1
    space = BackwardSpace.take(steps, batch, features, hidden, W.dtype)
    if bends:
        np.multiply(h, h, space.slope)
        np.subtract(1, space.slope, space.slope)
    else:
        np.less_equal(h, 0, space.slope)
        np.subtract(1, space.slope, space.slope)  # 1 also where h is not a number
    from_outside(d_output, d_h, space.da, reverse)
    W_back, from_next = W[:, features:-1].T.copy(), space.from_next
    from_next[...] = 0
    dot, add, multiply = W_back.dot, np.add, np.multiply
    for (da_t, slope_t), n in zip(reversed(space.views), reversed(running(sizes, steps, batch)), strict=True):
        add(da_t, from_next, da_t)
        if n < batch:  # gradients of ended sequences pass through
            passing = da_t[:, n:].copy()
            da_t[:, n:] = 0
        multiply(da_t, slope_t, da_t)
        dot(da_t, from_next)
        if n < batch:
            from_next[:, n:] = passing
    da, dh0 = side_by_side(space.da, space.da_columns), from_next.T.copy()
    dW = np.dot(da, side_by_side(forward.z[:-1], space.z_columns).T)
    dx = None
    if wants_dx:
        dx = np.empty((steps, batch, features), W.dtype)
        apart(np.dot(W[:, :features].T, da), dx)
        dx = dx[::-1] if reverse else dx
    space.give()
    return dx, dh0, dW[:, :features].copy(), dW[:, features:-1].copy(), dW[:, -1].copy(), dW[:, -1].copy()
